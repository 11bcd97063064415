"""The job that commits an import: each accepted row is one step of one operation, and is looked at again.

Under the student's lock the step compares the present photo with the one of the preview, and asks once more
whose the picture is; a row that does not hold any more stays, and says why. Killed, the run goes on: its last
step is finished first, and rows of which there is a step are not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from photostore.commands import one_at_a_time
from photostore.models import OperationStep
from photostore.operations import OperationRunner, run_operation
from students.imports import lifecycle
from students.imports.photos.states import State
from students.models import Import, ImportRow, Student, StudentPhoto
from students.photos import subject_of
from students.slots import PROFILE

COMMAND = "import_photos"
ROWS_TOGETHER = 200

Tick = Callable[[], None]


def commit(batch: Import, tick: Tick = lambda: None) -> None:
    """See above. Raises `StorageUnavailable`, and `CommandRefused` while a command is running."""
    with one_at_a_time(COMMAND):
        commit_under_lock(batch, tick)


def commit_under_lock(batch: Import, tick: Tick = lambda: None) -> None:
    """The same for who holds the commands' lock."""
    if lifecycle.was_undone(batch):
        for row in _rows(batch):
            _stay(row, {"code": "taken_back"})
        lifecycle.now_committed(batch)
        return
    actor = lifecycle.committer(batch)
    if not _to_do(batch).exists() and not _is_begun(batch):
        Import.objects.filter(pk=batch.pk).update(operation=None)  # nothing is accepted: nothing to undo
        lifecycle.now_committed(batch)
        return
    with run_operation(COMMAND, actor, pk=batch.operation) as operation:
        done = {step.details.get("row"): step for step in operation.operation.steps.all()}
        for row in _rows(batch):
            _commit_row(operation, row, done.get(row.n))
            tick()
    lifecycle.now_committed(batch)


def _is_begun(batch: Import) -> bool:
    return OperationStep.objects.filter(operation=batch.operation).exists()


def _to_do(batch: Import) -> Any:
    return batch.rows.filter(accepted=True, outcome="").order_by("n")


def _rows(batch: Import) -> Iterator[ImportRow]:
    """Those that are not done yet, a batch at a time; each gets an outcome, or is gone with its student."""
    last = -1
    while some := list(_to_do(batch).filter(n__gt=last).select_related("student")[:ROWS_TOGETHER]):
        yield from some
        last = some[-1].n


def _commit_row(operation: OperationRunner, row: ImportRow, step: OperationStep | None) -> None:
    student = row.student
    if student is None:
        _stay(row, {"code": "student_gone"})
        return
    if step is None and student.status == Student.Status.LEFT and not _is_confirmed(row, "has_left"):
        _stay(row, {"code": "has_left"})
        return
    if step is None:
        is_done = operation.step(
            "change_photo", subject=subject_of(student), details=details_of(row, student)
        )
        why = operation.why
    else:
        is_done, why = step.state == OperationStep.State.DONE, step.note
    if is_done:
        row.outcome = ImportRow.Outcome.DONE
        row.save(update_fields=["outcome"])
    else:
        _stay(row, {"code": "changed_since", "sentence": why})


def _is_confirmed(row: ImportRow, code: str) -> bool:
    return code in row.data.get("confirmed", [])


def _stay(row: ImportRow, finding: dict[str, Any]) -> None:
    row.outcome, row.state = ImportRow.Outcome.STAYED, State.CHANGED
    row.findings = [*row.findings, finding]
    row.save(update_fields=["outcome", "state", "findings"])


def details_of(row: ImportRow, student: Student) -> dict[str, Any]:
    """What the step needs: see `ChangePhoto` and `staged_version`."""
    data = row.data
    picture = ("source_sha256", "pixel_sha256", "dhash", "width", "height", "content_type", "extension")
    return {
        "student": student.pk,
        "student_id": str(student.student_id),
        "slot": PROFILE,
        "live": True,
        "expected_sha256": row.current_sha256,
        "expected_photo": data["current_photo"],
        "action": "photo.import",
        "how": "staged",
        "storage_alias": "default",
        "key": row.staged_key,
        "sha256": row.staged_sha256,
        "picture": {name: data[name] for name in (*picture, "thumbnails")},
        "filename": row.file,
        "origin": StudentPhoto.Origin.IMPORT,
        "taken_on": data["taken_on"],
        "named": data["named"],
        "confirmed": data.get("confirmed", []),
        "row": row.n,
    }
