"""Photos as a kind of import."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Conflict, NotFound, Sentence
from students.imports import lifecycle
from students.imports.kind import ImportKind
from students.imports.photos import committing, reading, staging
from students.imports.photos.archive import ARCHIVE_SENTENCES
from students.imports.photos.arriving import ARRIVING
from students.imports.photos.evidence import Found
from students.imports.photos.judging import Judged, settle
from students.imports.photos.pictures import Pictures
from students.imports.photos.states import MAY_BE_GIVEN, TICKED, State, may_be_accepted
from students.imports.tables import TABLE_SENTENCES
from students.matching import SENTENCES as MATCHING_SENTENCES
from students.matching import parse
from students.matching.folding import number_key
from students.models import Import, ImportRow, Student
from students.right_person import STOPS

ROW_SENTENCES: dict[str, Sentence] = {
    "identity": _("The tag inside the file names the student: %(whose)s."),
    "retake": _("A retake; it comes before the other picture of this student."),
    "large": _("The larger of two sizes."),
    "chosen": _("Chosen by %(by)s."),
    "nobody": _("Not a student, says %(by)s."),
    "shifted": _("From here on pictures and names seem to be shifted by one."),
    "twin_of_others": _("This import has the same picture for another student too."),
    "twin": _("This import has the same picture twice."),
    "rival": _("This import has another picture of this student."),
    "same_name": _("Two files, or two lines of the index, have this name."),
    "names_another": _("The tag inside the file names another student: %(name)s."),
    "is_anothers": _("The same picture is the photo of another student: %(name)s."),
    "was_anothers": _("The same picture was a photo of another student: %(name)s."),
    "number_of_another": _("The file name is the number of another student: %(name)s."),
    "has_left": _("This student has left the school."),
    "was_erased": _("This picture was erased on request. If it may be kept, upload it to the student."),
    "student_gone": _("The student no longer exists."),
    "taken_back": _("The import was undone while it was being committed."),
    "changed_since": _("Left as it was: %(sentence)s"),
}
# What a person must have read and confirmed by its code before a row with it is accepted.
CONFIRMED_FIRST = (*STOPS, "shifted", "evidence_disagrees", "has_left")

CHANGED_FIELDS = ("state", "student", "evidence", "findings", "accepted", "current_sha256", "data")


class PhotoImports(ImportKind):
    """See `ImportKind`."""

    sentences: Mapping[str, Sentence] = {
        **MATCHING_SENTENCES,
        **ROW_SENTENCES,
        **ARCHIVE_SENTENCES,
        **TABLE_SENTENCES,
    }

    def read(self, batch: Import) -> None:
        if ARRIVING not in batch.options:
            reading.read(batch)

    def commit(self, batch: Import) -> None:
        committing.commit(batch)

    def forget(self, batch: Import) -> None:
        staging.remove_all(batch.pk)

    def change_row(self, row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
        """One at a time, and none beside the beginning of a commit: of two pictures one is a student's."""
        if not row.staged_key:
            raise Conflict(_("There is no picture in this row."), code="no_picture")
        with transaction.atomic():
            row.batch = Import.objects.select_for_update(no_key=True).get(pk=row.batch_id)
            lifecycle.refuse_unless_ready(row.batch)
            _change(row, change, actor)
            row.save(update_fields=CHANGED_FIELDS)


def _change(row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
    if "student" in change:
        _give(row, change["student"], actor)
    confirmed = set(row.data.get("confirmed", [])) | set(change.get("confirm", ()))
    if change.get("confirm"):
        row.data["confirmed"] = sorted(confirmed)
        record(actor, "import.confirm", subject=f"{lifecycle.subject_of(row.batch)} row {row.n}")
    if "accepted" in change:
        row.accepted = change["accepted"] and _acceptable(row, confirmed)


def _give(row: ImportRow, pk: int | None, actor: Actor) -> None:
    """A person says whom it shows; None: no student of the school."""
    judged = Judged(row, parse(row.file))
    by = {"by": actor.name}
    row.data.pop("confirmed", None)
    if pk is None:
        judged.found.evidence = [{"code": "nobody", **by}]
        settle(judged, Pictures([row], [], ()), row.batch.created_at.date(), is_staff=True)
        return
    if row.state not in MAY_BE_GIVEN:
        raise Conflict(_("This picture cannot be given to any student."), code="not_this_row")
    student = Student.objects.filter(pk=pk).first()
    if student is None:
        raise NotFound
    judged.found = Found([student.pk], [{"code": "chosen", **by}])
    judged.twin = "others" if _others(row, pk, same=True) else ""
    settle(judged, Pictures([row], [pk], _numbers_like(row)), row.batch.created_at.date())
    row.accepted = row.accepted and not _others(row, pk, same=False)


def _others(row: ImportRow, pk: int, *, same: bool) -> bool:
    """Whether the same picture is another student's here; or, not `same`, another is taken for this
    student.
    """
    rows = row.batch.rows.exclude(pk=row.pk)
    if same:
        twins = rows.filter(data__pixel_sha256=row.data["pixel_sha256"], student__isnull=False)
        return twins.exclude(student=pk).exclude(state=State.STAFF).exists()
    return rows.filter(student=pk, accepted=True).exists()


def _numbers_like(row: ImportRow) -> Collection[str]:
    stem = PurePosixPath(row.file).stem.strip()
    return {number_key(stem)} if Student.objects.filter(student_number__iexact=stem).exists() else ()


def _acceptable(row: ImportRow, confirmed: Collection[str]) -> bool:
    """True, or raises `Conflict` and says why not."""
    open_codes = [one["code"] for one in (*row.findings, *row.evidence)]
    if not may_be_accepted(row.state, open_codes) or row.student_id is None:
        raise Conflict(_("This row cannot be accepted. Choose a student first."), code="not_this_row")
    needed = [code for code in open_codes if code in CONFIRMED_FIRST and code not in confirmed]
    if needed and row.state not in TICKED:
        refused = Conflict(_("First confirm the findings that speak against it."), code=needed[0])
        refused.extra["confirm"] = needed
        raise refused
    if _others(row, row.student_id, same=False):
        raise Conflict(_("Another picture has already been chosen for this student."), code="two_for_one")
    return True
