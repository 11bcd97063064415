"""The rows of one slot: as they were before a step, and putting them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, entry_of, record_all
from photostore.errors import Changed, FileMissing
from photostore.models import PendingRemoval, StoredFile
from photostore.owners import files_of
from photostore.register import publish, publish_former
from students.models import Student, StudentPhoto
from students.photos import COLUMNS, Change, subject_of
from students.recovery.change.case import Case
from students.recovery.change.sources import actor_of, legacy_file
from students.recovery.change.standing import Standing
from students.slots import PROFILE
from students.versions import Version, exports_of, names_present_number, owner_of, version_as_stored


def before(case: Case) -> dict[str, Any]:
    """The rows that the step may change, as JSON.

    `columns` of the student; `current`, the sha256 of the slot's current version; `replaced_at` of the given
    versions that are here already; `files`, those of their keys that the register knows; `live` and
    `exports`, the key and the names of the current one; `file_sha256`, of the file that a legacy row names.
    """
    student, standing, slot = case.student, case.standing, case.slot
    at, others = student.photo_updated_at, standing.shown_in_other_slots(slot)
    known = standing.in_slot(slot)
    originals = [one for one in standing.files if one.kind == StoredFile.Kind.ORIGINAL]
    exports = [one for one in _exports(standing) if not _repeats(one, standing, others)]
    keys = [one.file_set.original.key for one in case.every]
    return {
        "columns": {
            "profile_photo": str(student.profile_photo.name or ""),
            "photo_sha256": student.photo_sha256,
            "photo_updated_at": at and at.isoformat(),
        },
        "current": standing.current_sha256(slot),
        "replaced_at": {
            one.photo.sha256: (row := known[one.photo.sha256]).replaced_at and row.replaced_at.isoformat()
            for one in case.every
            if one.photo.sha256 in known
        },
        "files": [one.key for one in originals if one.key in keys],
        "live": [one.key for one in originals if one.live and one.key not in others],
        "exports": [[one.storage_alias, one.key] for one in exports],
        "file_sha256": legacy_file(case) if slot == PROFILE else "",
    }


def _exports(standing: Standing) -> list[StoredFile]:
    return [one for one in standing.files if one.kind == StoredFile.Kind.EXPORT]


def _repeats(export: StoredFile, standing: Standing, keys: set[str]) -> bool:
    """Whether it is the export of one of these originals."""
    return any(one.pk == export.parent_id and one.key in keys for one in standing.files)


def is_as_before(case: Case) -> bool:
    """Whether the rows were never changed by the step, or are put back already."""
    if "made" not in case.details:
        return True
    was, rows = case.details["before"], case.standing.in_slot(case.slot)
    if case.standing.current_sha256(case.slot) != was["current"]:
        return False
    if case.slot == PROFILE and case.student.photo_sha256 != was["columns"]["photo_sha256"]:
        return False
    return rows.keys().isdisjoint(case.details["made"])


def add_former(changes: Sequence[Change], actor: Actor) -> None:
    """Versions that are not current, in the caller's transaction; also where their rows are here already."""
    if not changes:
        return
    entries = []
    for student, version, action in changes:
        version.photo.student = student
        subject = subject_of(student, version.photo.slot)
        entries.append(entry_of(actor, action, subject=subject, new_sha256=version.photo.sha256))
    record_all(entries)
    photos = [version.photo for _student, version, _action in changes]
    rows = StudentPhoto.objects.filter(
        student__in={one.student_id for one in photos}, sha256__in=[one.sha256 for one in photos]
    )
    known = set(rows.values_list("student_id", "slot", "sha256"))
    new = [one for one in photos if (one.student_id, one.slot, one.sha256) not in known]
    for photo in new:
        photo.replaced_at = photo.replaced_at or timezone.now()
    StudentPhoto.objects.bulk_create(new)
    publish_former([(owner_of(student), version.file_set) for student, version, _action in changes])


def version_before(case: Case) -> Version | None:
    """The version that becomes current again, with its bytes; or none. Raises `Changed`."""
    sha256 = case.details["before"]["current"]
    if not sha256 or not case.live:
        return None
    photo = case.standing.in_slot(case.slot).get(sha256)
    if photo is None:
        raise Changed(_("The previous photo is gone."))
    try:
        version = version_as_stored(case.student, photo)
    except FileMissing as error:
        raise Changed(_("The previous photo is gone.")) from error
    if case.slot == PROFILE and not names_present_number(case.student, version):
        raise Changed(_("The student's number was changed since."))
    return version


def put_back(cases: Sequence[Case], locked: dict[int, Standing]) -> None:
    """Rows as before, in the caller's transaction, with the students as they are under its locks."""
    record_all(map(_entry, cases))
    made = [
        row.pk
        for case in cases
        for sha256, row in locked[case.student.pk].in_slot(case.slot).items()
        if sha256 in case.details["made"]
    ]
    StudentPhoto.objects.filter(pk__in=made).delete()
    for case in cases:
        _put_dates_back(case, locked[case.student.pk])
    live = [case for case in cases if case.live]
    _put_register_back([case for case in live if case.old is None], locked)
    for case in live:
        if case.old is not None:
            exports = [(alias, key) for alias, key in case.details["before"]["exports"]]
            file_set = replace(case.old.file_set, exports=exports or case.old.file_set.exports)
            others = locked[case.student.pk].shown_in_other_slots(case.slot)
            publish(case.owner, file_set, besides=others)
    _put_columns_back([case for case in cases if case.is_todays], locked)
    _forget_files(cases, locked)


def _entry(case: Case) -> Any:
    kind = "photo" if case.slot == PROFILE else "attendance"
    return entry_of(
        actor_of(case.step),
        f"{kind}.undo",
        subject=subject_of(case.student, case.slot),
        old_sha256=case.details["new_sha256"],
        new_sha256=case.details["before"]["current"],
    )


def _put_dates_back(case: Case, standing: Standing) -> None:
    """Of the rows that stay: which of them is current, and since when the others are not."""
    was = case.details["before"]
    rows = standing.in_slot(case.slot)
    dates = {sha256: at and parse_datetime(at) for sha256, at in was["replaced_at"].items()}
    if case.live:
        current = standing.current_sha256(case.slot)
        if current and current != was["current"]:
            dates.setdefault(current, timezone.now())
        if was["current"]:
            dates[was["current"]] = None
    staying = {sha256: at for sha256, at in dates.items() if sha256 not in case.details["made"]}
    for sha256, at in sorted(staying.items(), key=lambda one: one[1] is None):  # never two current ones
        if sha256 in rows and rows[sha256].replaced_at != at:
            StudentPhoto.objects.filter(pk=rows[sha256].pk).update(replaced_at=at)


def _put_register_back(cases: Sequence[Case], locked: dict[int, Standing]) -> None:
    """The names that the register knew where there was no version before."""
    given_up, former, live = [], [], []
    for case in cases:
        standing, was = locked[case.student.pk], case.details["before"]
        others = standing.shown_in_other_slots(case.slot)
        given_up += [one.pk for one in _exports(standing) if not _is_kept(one, case, standing)]
        for one in standing.files:
            if one.kind == StoredFile.Kind.ORIGINAL and one.key not in others:
                if one.live and one.key not in was["live"]:
                    former.append(one.pk)
                elif not one.live and one.key in was["live"]:
                    live.append(one.pk)
    StoredFile.objects.filter(pk__in=given_up).delete()
    for pks, is_live in ((former, False), (live, True)):
        if pks:
            StoredFile.objects.filter(pk__in=pks).update(live=is_live)


def _is_kept(export: StoredFile, case: Case, standing: Standing) -> bool:
    """A name from before, or of another slot; the same bytes may be the photo of two half-days."""
    if [export.storage_alias, export.key] in case.details["before"]["exports"]:
        return True
    own = [key for _alias, key in exports_of(case.student, case.slot, "")] if case.slot != PROFILE else []
    return export.key not in own and _repeats(export, standing, standing.shown_in_other_slots(case.slot))


def _put_columns_back(cases: Sequence[Case], locked: dict[int, Standing]) -> None:
    students = [locked[case.student.pk].student for case in cases]
    for student, case in zip(students, cases, strict=True):
        was = case.details["before"]["columns"]
        at = was["photo_updated_at"]
        student.profile_photo, student.photo_sha256 = was["profile_photo"], was["photo_sha256"]
        student.photo_updated_at = at and parse_datetime(at)
        student.updated_at = timezone.now()
    Student.objects.bulk_update(students, COLUMNS)


def _forget_files(cases: Sequence[Case], locked: dict[int, Standing]) -> None:
    """For good where what they were made from is there; what was staged expires, so that goes to quarantine.

    What lay there before, stays.
    """
    gone, from_sources, kept = [], [], Q(pk=None)
    for case in cases:
        standing, details = locked[case.student.pk], case.details
        used = {str(photo.file) for photo in standing.photos if photo.slot != case.slot}
        going = set(details["keys"]) - set(details["before"]["files"]) - used
        pks = [one.pk for one in standing.files if one.storage_alias == "default" and one.key in going]
        gone += pks
        from_sources += pks if details["how"] != "staged" else []
        for alias, key in details["there"]:
            kept |= Q(storage_alias=alias, key=key)
    StoredFile.objects.filter(pk__in=from_sources).update(keep_aside=False)
    StoredFile.objects.filter(pk__in=gone).delete()
    if any(case.details["there"] for case in cases):
        PendingRemoval.objects.filter(kept, files_of([case.owner for case in cases])).delete()
