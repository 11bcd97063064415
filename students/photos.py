"""Use cases: a photo of a student, for the profile or a half-day, comes in, goes away, and comes back.

Every change follows the order of `photostore.register`: bytes, rows, copies; all under the student's
lock, with no transaction open while bytes travel.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, entry_of, record, record_all
from photostore.errors import Conflict, FileMissing, NotFound
from photostore.models import StoredFile
from photostore.operations.make_way import make_way
from photostore.register import publish_all
from photostore.register.after_commit import drain_leftovers, finish_commit
from photostore.register.persistence import stored
from students.models import SHA256_COLUMNS, Student, StudentPhoto
from students.right_person import AnotherPerson, Finding, Looks, findings, looks_of
from students.slots import PROFILE
from students.todays import versions_of
from students.tombstones import remove_tombstones
from students.versions import (
    EXTENSIONS,
    IncomingPhoto,
    Version,
    exports_of,
    new_version,
    owner_of,
    retagged_version,
    save_versions,
    stored_bytes,
)

COLUMNS = ("profile_photo", "photo_sha256", "photo_updated_at", "updated_at")


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """The student and the photo of the slot afterwards, and whether anything changed.

    `warnings`: what else the picture may be, without having stopped it.
    """

    student: Student
    photo: StudentPhoto
    changed: bool
    warnings: list[Finding] = field(default_factory=list)


def upload_photo(
    *,
    student: Student,
    incoming: IncomingPhoto,
    actor: Actor,
    slot: str = PROFILE,
    replace: bool = True,
    confirmed: Collection[str] = (),
) -> PhotoChange:
    """Make `incoming` the student's photo; the one before stays in the history.

    The file that is already the current photo changes nothing. Raises `NotFound` for a student who is gone
    by now, `Conflict` where there is a photo already and `replace` is false, `AnotherPerson` for a picture
    of another person unless its findings are `confirmed`, `StorageUnavailable` (nothing changed),
    `ExportsPending` (changed, but send it again).
    """
    owner = owner_of(student)
    clear_names(student, actor, incoming.clean.picture.extension, slot)
    with owner.locked():
        student = _fresh(student)
        current = current_photo(student, slot)
        if current and not replace:
            raise _exists_already()
        if current and is_same_photo(current, incoming):
            finish_commit(owner)
            return PhotoChange(student, current, changed=False)
        version = new_version(student, incoming, actor, slot=slot)
        looks = looks_of(version.photo, named=incoming.named)
        warnings = refuse_anothers(student, looks, confirmed=confirmed, actor=actor)
        with stored(version.file_set):
            student = _fresh(student, lock=True)
            go_live(student, version, actor, f"{_kind(slot)}.upload")
        finish_commit(owner, original=version.file_set.original)
    drain_leftovers()
    return PhotoChange(student, version.photo, changed=True, warnings=warnings)


def restore_version(
    *, student: Student, sha256: str, actor: Actor, confirmed: Collection[str] = ()
) -> PhotoChange:
    """Make an earlier version the student's photo again.

    Where the student's number has changed since, a new version with the present identity goes live.
    Raises `NotFound` for a version that this student never had, `AnotherPerson` as an upload does,
    `FileMissing` when its bytes are gone or damaged.
    """
    owner = owner_of(student)
    clear_names(student, actor, EXTENSIONS[_version_of(student, sha256).content_type])
    with owner.locked():
        student = _fresh(student)
        photo = _version_of(student, sha256)
        if photo.replaced_at is None:
            finish_commit(owner)
            return PhotoChange(student, photo, changed=False)
        warnings = refuse_anothers(student, looks_of(photo), confirmed=confirmed, actor=actor)
        version = retagged_version(student, photo, actor)
        with stored(version.file_set):
            student = _fresh(student, lock=True)
            go_live(student, version, actor, "photo.restore")
        finish_commit(owner, original=version.file_set.original)
    return PhotoChange(student, version.photo, changed=True, warnings=warnings)


def remove_photo(*, student: Student, actor: Actor, slot: str = PROFILE) -> Student:
    """Leave the slot without a photo; the version stays in the history. Raises `NotFound`."""
    owner = owner_of(student)
    clear_names(student, actor, "", slot)
    with owner.locked():
        with transaction.atomic(durable=True):
            student = _fresh(student, lock=True)
            sha256 = _current_sha256(student, slot)
            if not sha256 and not (slot == PROFILE and student.profile_photo):
                raise NotFound(_("This student has no photo."), code="no_photo")
            action = "photo.remove" if slot == PROFILE else "attendance.delete"
            record(actor, action, subject=subject_of(student, slot), old_sha256=sha256)
            take_down(student, slot)
        finish_commit(owner)
    return student


def clear_names(student: Student, actor: Actor, extension: str, slot: str = PROFILE) -> None:
    """Before the student's lock is taken: adopt what only their row names, and free the photo's exports.

    No `extension`: there will be no photo. Raises `NameTaken`, `StorageUnavailable`.
    """
    exports = exports_of(student, slot, extension) if extension else []
    legacy = [str(student.profile_photo)] if slot == PROFILE and student.profile_photo else []
    make_way(exports, owner_of(student), actor, legacy=legacy)


def clear_names_of_todays(student: Student, actor: Actor) -> None:
    """The same before today's photo gets another number inside."""
    today = current_photo(student)
    if today:
        clear_names(student, actor, EXTENSIONS[today.content_type])


def refuse_anothers(
    student: Student, looks: Looks, *, confirmed: Collection[str], actor: Actor
) -> list[Finding]:
    """The findings that only warn. Raises `AnotherPerson` for what stops and was not confirmed.

    What was confirmed leaves an audit row.
    """
    found = findings(student, looks)
    stopping = [one for one in found if one.stops]
    if refused := [one for one in stopping if one.code not in confirmed]:
        raise AnotherPerson(refused)
    for one in stopping:
        record(actor, "photo.confirm", subject=subject_of(student), code=one.code)
    return [one for one in found if not one.stops]


def go_live(student: Student, version: Version, actor: Actor, action: str) -> None:
    """The rows that make `version` the current photo of its slot, in the caller's transaction.

    `student` is locked.
    """
    all_go_live([(student, version, action)], actor)


Change = tuple[Student, Version, str]
"""The version that a student gets, and how the audit calls it."""


def all_go_live(changes: Sequence[Change], actor: Actor) -> None:
    """The same for many students, one version each."""
    shown = _shown([student for student, _version, _action in changes])
    old = {
        student.pk: student.photo_sha256
        if version.photo.slot == PROFILE
        else next((one.sha256 for one in shown[student.pk] if one.slot == version.photo.slot), "")
        for student, version, _action in changes
    }
    record_all(
        entry_of(
            actor,
            action,
            subject=subject_of(student, version.photo.slot),
            old_sha256=old[student.pk],
            new_sha256=version.photo.sha256,
        )
        for student, version, action in changes
    )
    photos = [version.photo for _student, version, action in changes if action.endswith(".upload")]
    if photos:
        remove_tombstones(getattr(photo, column) for photo in photos for column in SHA256_COLUMNS)
    slots = {student.pk: version.photo.slot for student, version, _action in changes}
    replaced = [one.pk for pk, several in shown.items() for one in several if one.slot == slots[pk]]
    if replaced:
        StudentPhoto.objects.filter(pk__in=replaced).update(replaced_at=timezone.now())
    for student, version, _action in changes:
        version.photo.student, version.photo.replaced_at = student, None
    save_versions([version.photo for _student, version, _action in changes])
    besides = [str(one.file) for pk, several in shown.items() for one in several if one.slot != slots[pk]]
    publish_all([(owner_of(one), version.file_set) for one, version, _ in changes], besides=besides)
    _set_columns([(one, version) for one, version, _ in changes if version.photo.slot == PROFILE])


def _shown(students: Sequence[Student]) -> dict[int, list[StudentPhoto]]:
    """The current photos of every slot, by student."""
    shown: dict[int, list[StudentPhoto]] = {student.pk: [] for student in students}
    for photo in StudentPhoto.objects.current().filter(student__in=list(shown)).order_by("pk"):
        shown[photo.student_id].append(photo)
    return shown


def take_down(student: Student, slot: str) -> None:
    """The rows that leave a slot without a photo, in the caller's transaction; `student` is locked."""
    _retire_current(student, slot)
    originals = StoredFile.objects.filter(kind=StoredFile.Kind.ORIGINAL, live=True, **owner_of(student).files)
    originals.exclude(key__in=shown_in_other_slots(student, slot)).update(live=False)
    give_up_exports(student, slot)
    if slot == PROFILE:
        _set(student, "", "")
        student.save(update_fields=COLUMNS)


def give_up_exports(student: Student, slot: str, *, besides: Collection[tuple[str, str]] = ()) -> None:
    """The register forgets the names that repeat this slot's photo, in the caller's transaction."""
    kept = Q(parent__key__in=shown_in_other_slots(student, slot))
    if slot != PROFILE:  # the same bytes may be the photo of another half-day, under another name
        kept &= ~Q(key__in=[key for _alias, key in exports_of(student, slot, "")])
    for alias, key in besides:
        kept |= Q(storage_alias=alias, key=key)
    exports = StoredFile.objects.filter(kind=StoredFile.Kind.EXPORT, **owner_of(student).files)
    exports.exclude(kept).delete()


def current_photo(student: Student, slot: str = PROFILE) -> StudentPhoto | None:
    return StudentPhoto.objects.current().filter(student=student, slot=slot).first()


def subject_of(student: Student, slot: str = PROFILE) -> str:
    """How audit rows name a student: without the name, which must be erasable."""
    subject = f"student {student.student_id}"
    return subject if slot == PROFILE else f"{subject} {slot}"


def is_same_photo(photo: StudentPhoto, incoming: IncomingPhoto) -> bool:
    """Whether the very same file was handed in, and its bytes are there as well."""
    if photo.source_sha256 != incoming.clean.source_sha256:
        return False
    # A photo whose bytes were lost or damaged is healed by handing it in again, not waved away as known.
    try:
        stored_bytes(photo)
    except FileMissing:
        return False
    return True


def _version_of(student: Student, sha256: str) -> StudentPhoto:
    found = versions_of(student).filter(sha256=sha256).first()
    if found is None:
        raise NotFound
    return found


def _kind(slot: str) -> str:
    return "photo" if slot == PROFILE else "attendance"


def _current_sha256(student: Student, slot: str) -> str:
    if slot == PROFILE:
        return student.photo_sha256
    current = current_photo(student, slot)
    return current.sha256 if current else ""


def _retire_current(student: Student, slot: str) -> None:
    current = StudentPhoto.objects.current().filter(student=student, slot=slot)
    current.update(replaced_at=timezone.now())


def shown_in_other_slots(student: Student, slot: str) -> list[str]:
    current = StudentPhoto.objects.current().filter(student=student).exclude(slot=slot)
    return list(current.values_list("file", flat=True))


def _set_columns(changes: Sequence[tuple[Student, Version]]) -> None:
    for student, version in changes:
        (_alias, key), *_others = version.file_set.exports
        _set(student, key, version.photo.sha256)
    Student.objects.bulk_update([student for student, _version in changes], COLUMNS)


def _set(student: Student, key: str, sha256: str) -> None:
    student.profile_photo, student.photo_sha256 = key, sha256
    student.photo_updated_at = student.updated_at = timezone.now()


def _fresh(student: Student, *, lock: bool = False) -> Student:
    students = Student.objects.select_for_update() if lock else Student.objects.all()
    found = students.filter(pk=student.pk).first()
    if found is None:
        raise NotFound
    return found


def _exists_already() -> Conflict:
    return Conflict(
        _("There is a photo for this date and session already. Send it with ?replace=true to replace it."),
        code="attendance_photo_exists",
    )
