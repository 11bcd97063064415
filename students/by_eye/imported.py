"""The photos of an import that nothing certain is known of, as a source of photos to be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from photostore import keys
from photostore.audit import Actor
from photostore.errors import Conflict, NotFound
from photostore.operations.pictures import FileRef
from students import jobs
from students.by_eye.source import (
    AT_ONCE,
    MOST_CANDIDATES,
    NEIGHBOURS,
    Choice,
    Confirmed,
    Item,
    Neighbour,
    Pick,
    Result,
    Source,
    natural,
)
from students.imports import lifecycle
from students.imports.kinds import KINDS
from students.imports.photos.staging import PREVIEW_SIZE
from students.imports.photos.states import LABELS, State
from students.models import BEFORE_BY_EYE, Import, ImportRow, Student, StudentQuerySet
from students.permissions import permissions_to_import

TO_LOOK_AT = (State.UNKNOWN, State.AMBIGUOUS, State.TWO_FOR_ONE)
# Of the row as it was before somebody said whom it shows, so that it can be taken back.
FIELDS = ("state", "student_id", "evidence", "findings", "accepted", "current_sha256")


class ImportedPhotos(Source):
    """See `Source`. A token is the row's number."""

    title = gettext_lazy("Photos of an import")

    def __init__(self, import_id: UUID) -> None:
        self.batch = lifecycle.find(Import.Kind.PHOTOS, import_id)
        self.kind = KINDS[Import.Kind.PHOTOS]

    def permissions(self, action: str) -> list[str]:
        return permissions_to_import(action)

    def items(self) -> list[Item]:
        lifecycle.refuse_unless_ready(self.batch)
        rows = [row for row in self._in_order() if row.state in TO_LOOK_AT or BEFORE_BY_EYE in row.data][
            :AT_ONCE
        ]
        pks = {piece["student"] for row in rows for piece in _evidence(row) if piece.get("student")}
        pks |= {row.student_id for row in rows if row.student_id}
        students = Student.objects.in_bulk(pks)
        return [self._item(row, students) for row in rows]

    def neighbours(self, items: list[Item]) -> dict[str, list[Neighbour]]:
        """Of all photos of the import: who stands beside somebody is mostly known already."""
        rows = self._in_order()
        shown = [Neighbour(str(row.n), row.file, row.student.name if row.student else "") for row in rows]
        asked = {item.token for item in items}
        return {
            one.token: shown[max(at - NEIGHBOURS, 0) : at] + shown[at + 1 : at + 1 + NEIGHBOURS]
            for at, one in enumerate(shown)
            if one.token in asked
        }

    def picture(self, token: str, *, small: bool = False) -> FileRef:
        row = self._row(token)
        if not row.staged_key:
            raise NotFound
        key = keys.import_thumbnail(self.batch.pk, row.n, PREVIEW_SIZE) if small else row.staged_key
        return FileRef("default", key)

    def students(self) -> StudentQuerySet:
        taken = self.batch.rows.filter(accepted=True) | self.batch.rows.filter(state=State.IDENTICAL)
        return Student.objects.exclude(pk__in=taken.exclude(student=None).values("student"))

    def stage(self, token: str, seen: str, student: Student | None, actor: Actor) -> None:
        with transaction.atomic():
            row = self._locked(token, seen)
            row.data.setdefault(BEFORE_BY_EYE, {name: getattr(row, name) for name in FIELDS})
            self.kind.change_row(row, {"student": student.pk if student else None}, actor)
            if row.state in (State.NEW, State.REPLACES) and not row.accepted:
                raise Conflict(_("Another picture was chosen for this student."), code="two_for_one")

    def unstage(self, token: str, seen: str, actor: Actor) -> None:  # noqa: ARG002 - the row says who did what
        with transaction.atomic():
            row = self._locked(token, seen)
            before = row.data.pop(BEFORE_BY_EYE, None)
            for name, value in (before or {}).items():
                setattr(row, name, value)
            if row.accepted and row.student_id:  # another picture may be chosen for the student by now
                others = self.batch.rows.filter(student=row.student_id, accepted=True).exclude(pk=row.pk)
                row.accepted = not others.exists()
            row.save(update_fields=[*FIELDS, "data"])

    def picks(self) -> list[Pick]:
        rows = self.batch.rows.filter(data__has_key=BEFORE_BY_EYE).select_related("student")
        return [self._pick(row) for row in rows]

    def commit(self, actor: Actor, confirmed: Confirmed) -> Result:
        """The whole import, with these picks; what speaks against a pick is confirmed or taken back first."""
        with transaction.atomic():
            self._hold()
            doubtful = [pick for pick in self.picks() if pick.student and pick.problem]
            left = [one for one in doubtful if one.student and (one.seen, one.student.pk) not in confirmed]
            if left:
                return Result(0, left)
            for pick in doubtful:
                row = self._locked(pick.token, pick.seen)
                codes = [one["code"] for one in row.findings]
                self.kind.change_row(row, {"accepted": True, "confirm": codes}, actor)
            given = self.batch.rows.filter(accepted=True).count()
            lifecycle.begin_commit(self.batch, actor)
            jobs.commit_soon(self.batch.pk)
        return Result(given, [], is_waiting=True)

    def _hold(self) -> None:
        """Until the transaction ends nobody else changes a row, or begins the commit."""
        self.batch = Import.objects.select_for_update(no_key=True).get(pk=self.batch.pk)
        lifecycle.refuse_unless_ready(self.batch)

    def _in_order(self) -> list[ImportRow]:
        rows = self.batch.rows.filter(staged_key__isnull=False).select_related("student")
        return sorted(rows, key=lambda row: natural(row.file))

    def _row(self, token: str) -> ImportRow:
        return lifecycle.find_row(self.batch, int(token) if token.isdecimal() and len(token) < 10 else -1)

    def _locked(self, token: str, seen: str) -> ImportRow:
        """The row while somebody says whom it shows. Raises `Conflict` where it is another picture."""
        self._hold()
        n = self._row(token).n
        row = self.batch.rows.select_for_update(of=("self",)).select_related("student").get(n=n)
        row.batch = self.batch
        if row.staged_sha256 != seen or not _is_asked_about(row):
            raise Conflict(_("This photo has already been dealt with."), code="changed_since")
        return row

    def _item(self, row: ImportRow, students: dict[int, Student]) -> Item:
        decided = BEFORE_BY_EYE in row.data
        return Item(
            token=str(row.n),
            seen=row.staged_sha256 or "",
            label=row.file,
            choices=self._choices(row, students),
            notes=[self.kind.sentence_of(one) for one in row.findings],
            decided=decided,
            picked=students.get(row.student_id or 0) if decided else None,
        )

    def _choices(self, row: ImportRow, students: dict[int, Student]) -> list[Choice]:
        choices: dict[int, Choice] = {}
        for piece in _evidence(row):
            student = students.get(piece.get("student", 0))
            if student is not None:
                said = choices.setdefault(student.pk, Choice(student, []))
                said.reasons.append(self.kind.sentence_of(piece))
        return list(choices.values())[:MOST_CANDIDATES]

    def _pick(self, row: ImportRow) -> Pick:
        pick = Pick(str(row.n), row.staged_sha256 or "", row.file, row.student)
        if row.student and not row.accepted:
            said = [self.kind.sentence_of(one) for one in row.findings]
            pick.problem = " ".join(said) or str(LABELS[row.state])
            pick.may_confirm = row.state in (State.BLOCKED, State.IN_HISTORY, State.OLDER)
        return pick


def _is_asked_about(row: ImportRow) -> bool:
    return row.state in TO_LOOK_AT or BEFORE_BY_EYE in row.data


def _evidence(row: ImportRow) -> Iterable[dict[str, Any]]:
    """What was found out, also after somebody said something else."""
    before: dict[str, Any] = row.data.get(BEFORE_BY_EYE, {})
    return before.get("evidence", row.evidence)  # type: ignore[no-any-return]
