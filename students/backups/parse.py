"""From a backup's JSON to students. What is not as it should be is refused, never mended."""

from __future__ import annotations

from students.backups.contents import (
    BackedUpAttendance,
    BackedUpPhoto,
    BackedUpStudent,
    Erased,
    InvalidBackup,
)
from students.backups.values import Values
from students.models import AttendancePhoto, Student, StudentPhoto
from students.versions import EXTENSIONS

# The sequence of ids is moved beyond the ids of students who are made again. A file that claims the last one
# there is would leave no id for anybody; a million students a second take thirty years to get this far.
LARGEST_ID = 10**15
ORIGINS = set(StudentPhoto.Origin.values)


def student_in(found: object) -> BackedUpStudent:
    """One student of a backup of ours. Raises `InvalidBackup`."""
    values = Values(found, "a student")
    student_id = values.uuid("student_id")
    values.what = f"student {student_id}"
    folder = f"photos/students/{student_id}/history/"
    photos = tuple(_photo(item, folder) for item in values.items("photos"))
    student = BackedUpStudent(
        student_id=student_id,
        id=_id(values),
        name=_name(values),
        student_number=values.optional_text("student_number", longest=64) or None,
        first_name=values.text("first_name", longest=100),
        last_name=values.text("last_name", longest=100),
        grade=values.text("grade", longest=32),
        class_name=values.text("class_name", longest=64),
        status=values.one_of("status", set(Student.Status.values)),
        left_on=values.optional_day("left_on"),
        former_numbers=tuple(_number(item) for item in values.items("former_numbers")),
        profile_photo=values.optional_text("profile_photo", longest=1024) or "",
        photo_updated_at=values.optional_moment("photo_updated_at"),
        photo_removed_at=values.optional_moment("photo_removed_at"),
        created_at=values.moment("created_at"),
        updated_at=values.moment("updated_at"),
        photos=photos,
        attendance=tuple(_attendance(item, folder) for item in values.items("attendance")),
        had_photo=any(photo.replaced_at is None for photo in photos),
    )
    _refuse_contradictions(student)
    return student


def old_student_in(found: object) -> BackedUpStudent:
    """One student of an old backup: `student_id`, `name`, `photo`, and perhaps `id`.

    The address in `photo` says only that there was one: where it lies follows from the `student_id`.
    """
    values = Values(found, "a student")
    student_id = values.uuid("student_id")
    values.what = f"student {student_id}"
    photo = values.optional_text("photo", longest=1024)
    return BackedUpStudent(
        student_id=student_id,
        id=_id(values) if isinstance(values.found.get("id"), int) else None,
        name=_name(values),
        student_number=values.optional_text("student_number", longest=64) or None,
        had_photo=bool(photo),
    )


def erased_in(found: object) -> Erased:
    """One tombstone. Raises `InvalidBackup`."""
    values = Values(found, "an erasure")
    return Erased(
        values.uuid("student_id"), values.sha256("sha256", optional=True), values.moment("erased_at")
    )


def _id(values: Values) -> int:
    return values.number("id", smallest=1, largest=LARGEST_ID)


def _name(values: Values) -> str:
    name = values.text("name", longest=200)
    if not name:
        raise values.wrong("name")
    return name


def _number(found: object) -> str:
    return Values({"number": found}, "a former number").text("number", longest=64)


def _photo(found: object, folder: str) -> BackedUpPhoto:
    values = Values(found, f"a photo in {folder}")
    return BackedUpPhoto(
        key=_version_key(values, folder),
        sha256=values.sha256("sha256"),
        untagged_sha256=values.sha256("untagged_sha256"),
        source_sha256=values.sha256("source_sha256"),
        pixel_sha256=values.sha256("pixel_sha256"),
        dhash=values.number("dhash", smallest=-(2**63)),
        byte_size=values.number("byte_size", smallest=1),
        content_type=values.one_of("content_type", set(EXTENSIONS)),
        width=values.number("width", smallest=1, largest=2**31 - 1),
        height=values.number("height", smallest=1, largest=2**31 - 1),
        taken_on=values.optional_day("taken_on"),
        origin=values.one_of("origin", ORIGINS),
        original_filename=values.text("original_filename", longest=255),
        credit=values.text("credit", longest=200),
        uploaded_by_id=values.text("uploaded_by_id", longest=64),
        uploaded_by=values.text("uploaded_by", longest=200),
        uploaded_at=values.moment("uploaded_at"),
        replaced_at=values.optional_moment("replaced_at"),
    )


def _attendance(found: object, folder: str) -> BackedUpAttendance:
    values = Values(found, f"an attendance photo in {folder}")
    return BackedUpAttendance(
        date=values.day("date"),
        session=values.one_of("session", set(AttendancePhoto.Session.values)),
        key=_version_key(values, folder),
        sha256=values.sha256("sha256"),
        untagged_sha256=values.sha256("untagged_sha256"),
        source_sha256=values.sha256("source_sha256"),
        byte_size=values.number("byte_size", smallest=1),
        content_type=values.one_of("content_type", set(EXTENSIONS)),
        width=values.number("width", smallest=1, largest=2**31 - 1),
        height=values.number("height", smallest=1, largest=2**31 - 1),
        original_filename=values.text("original_filename", longest=255),
        uploaded_by_id=values.text("uploaded_by_id", longest=64),
        uploaded_by=values.text("uploaded_by", longest=200),
        uploaded_at=values.moment("uploaded_at"),
    )


def _version_key(values: Values, folder: str) -> str:
    """The key follows from sha256 and type; one that says otherwise is somebody's attempt."""
    sha256, content_type = values.sha256("sha256"), values.one_of("content_type", set(EXTENSIONS))
    key = values.text("key", longest=1024)
    if key != f"{folder}{sha256}.{EXTENSIONS[content_type]}":
        raise values.wrong("key")
    return key


def _refuse_contradictions(student: BackedUpStudent) -> None:
    """What the database's own constraints would refuse, refused before anything is changed."""
    versions = [photo.sha256 for photo in student.photos]
    sessions = [(photo.date, photo.session) for photo in student.attendance]
    today = sum(photo.replaced_at is None for photo in student.photos)
    if len(set(versions)) < len(versions) or len(set(sessions)) < len(sessions) or today > 1:
        raise InvalidBackup(f"The backup is damaged: student {student.student_id} has the same photo twice.")
