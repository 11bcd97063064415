"""A student as JSON. Plain dictionaries from plain columns: a page of a hundred is made in a millisecond."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from photostore import keys
from photostore.delivery.links import LinkMaker
from photostore.web.answers import moment
from students.models import Student, StudentPhoto, StudentQuerySet
from students.slots import half_day
from students.todays import mark_of, standing_of, with_standing
from students.versions import EXTENSIONS

COLUMNS = (
    *("id", "student_id", "student_number", "name", "first_name", "last_name", "grade", "class_name"),
    *("status", "left_on", "profile_photo", "photo_sha256", "photo_updated_at", "created_at", "updated_at"),
)

OF_A_PHOTO = ("profile_photo", "profile_photo_url", "photo", "thumbnails", "links_expire_at")


def represented(students: StudentQuerySet) -> Any:
    """The rows that `represent` takes: `COLUMNS`, `standing` and `version_key`, in one query.

    The version's own key, because a documented name need not have its ending: `profile.jpg` may hold a PNG.
    """
    return with_standing(students).values(*COLUMNS, "standing", "version_key")


def represent(row: Mapping[str, Any], links: LinkMaker) -> dict[str, Any]:
    """The contract's object for one of the rows of `represented`."""
    return {
        "id": row["id"],
        "student_id": str(row["student_id"]),
        "student_number": row["student_number"],
        "name": row["name"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "grade": row["grade"],
        "class_name": row["class_name"],
        "status": row["status"],
        "left_on": row["left_on"] and row["left_on"].isoformat(),
        **_photo_links(row, links),
        "photo_updated_at": moment(row["photo_updated_at"]),
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["updated_at"]),
    }


def represent_student(student: Student, links: LinkMaker) -> dict[str, Any]:
    """The same for one student in memory."""
    row = {column: getattr(student, column) for column in COLUMNS}
    row["profile_photo"] = student.profile_photo.name or ""
    return represent(row | _standing_columns(student), links)


def thumbnails_of(student: Student, links: LinkMaker) -> dict[str, str] | None:
    """Links to the thumbnails of today's photo, by size; None without one."""
    row = {"student_id": student.student_id, "profile_photo": student.profile_photo.name or ""}
    row |= {"photo_sha256": student.photo_sha256}
    thumbnails: dict[str, str] | None = _photo_links(row | _standing_columns(student), links)["thumbnails"]
    return thumbnails


def _standing_columns(student: Student) -> dict[str, Any]:
    if "standing" in student.__dict__:
        return {name: student.__dict__[name] for name in ("standing", "version_key")}
    row: dict[str, Any] = (
        with_standing(Student.objects.filter(pk=student.pk)).values("standing", "version_key").get()
    )
    return row


def represent_version(photo: StudentPhoto, links: LinkMaker) -> dict[str, Any]:
    return {
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "taken_on": photo.taken_on and photo.taken_on.isoformat(),
        "origin": photo.origin,
        "uploaded_at": moment(photo.uploaded_at),
        "replaced_at": moment(photo.replaced_at),
        "url": links.history(str(photo.file.name), sha256=photo.sha256),
    }


def represent_attendance(photo: StudentPhoto, student: Student, links: LinkMaker) -> dict[str, Any]:
    extension = EXTENSIONS[photo.content_type]
    version_key = keys.student_version(student.student_id, photo.sha256, extension)
    key = keys.student_attendance(student.student_id, photo.slot)
    date, session = half_day(photo.slot)
    return {
        "id": photo.pk,
        "date": date.isoformat(),
        "session": session,
        "sha256": photo.sha256,
        "width": photo.width,
        "height": photo.height,
        "uploaded_at": moment(photo.uploaded_at),
        "image": key,
        "image_url": links.live(key, sha256=photo.sha256, version_key=version_key),
        "photo": f"/api/photos/students/{student.student_id}/attendance/{photo.slot}.jpg",
        "thumbnails": _thumbnail_links(student.student_id, photo.sha256, links),
    }


def _photo_links(row: Mapping[str, Any], links: LinkMaker) -> dict[str, Any]:
    key, sha256, student_id = row["profile_photo"], row["photo_sha256"], row["student_id"]
    standing = standing_of(row)
    if standing == "none":
        return dict.fromkeys(OF_A_PHOTO)
    shown = {"profile_photo": key, "photo": f"/api/photos/students/{student_id}/profile.jpg"}
    shown["links_expire_at"] = moment(links.expires_at)
    if standing == "legacy":
        # A file that was never read has no thumbnails: it stands for them itself.
        link = links.legacy(key, mark=mark_of(student_id))
        return shown | {"profile_photo_url": link, "thumbnails": dict.fromkeys(keys.THUMBNAIL_SIZES, link)}
    # Without its row (to be linked again by `restore_student_photos`) the documented name has to do.
    version_key = row["version_key"] or keys.student_version(student_id, sha256, key.rpartition(".")[2])
    link = links.live(key, sha256=sha256, version_key=version_key)
    return shown | {"profile_photo_url": link, "thumbnails": _thumbnail_links(student_id, sha256, links)}


def _thumbnail_links(student_id: UUID, sha256: str, links: LinkMaker) -> dict[str, str]:
    return links.thumbnails(partial(keys.student_thumbnail, student_id, sha256), sha256=sha256)
