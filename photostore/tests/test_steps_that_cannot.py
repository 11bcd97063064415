"""A step that can never be done is skipped with its sentence; one that storage could not do waits for it."""

from __future__ import annotations

import pytest

from photostore.audit import Actor
from photostore.errors import FileMissing, FileTooLarge, InvalidFile, StorageUnavailable
from photostore.models import Operation, OperationStep
from photostore.operations import StepHandler, run_operation
from photostore.tests.inventory_files import tell

pytestmark = pytest.mark.django_db(transaction=True)
OLGA = Actor("", "olga", "command")


class Fails(StepHandler):
    """Raises what it was made with, both ways."""

    name = "fails"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def perform(self, step: OperationStep) -> None:
        raise self.error

    def revert(self, step: OperationStep) -> None:
        raise self.error


@pytest.mark.parametrize("error", [InvalidFile(), FileTooLarge(), FileMissing()])
def test_what_cannot_be_done_is_skipped_also_when_it_was_planned_before_a_kill(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tell(monkeypatch, handlers=[Fails(StorageUnavailable())])
    with pytest.raises(StorageUnavailable), run_operation("restore_student_photos", OLGA) as runner:
        runner.step("fails", subject="x", details={})
    assert OperationStep.objects.get().state == OperationStep.State.PLANNED
    with pytest.raises(StorageUnavailable), run_operation("erase_student", OLGA):
        pass
    assert OperationStep.objects.get().state == OperationStep.State.PLANNED

    tell(monkeypatch, handlers=[Fails(error)])
    with run_operation("erase_student", OLGA) as runner:
        assert not runner.step("fails", subject="x", details={})
        assert runner.why == str(error)
    assert set(OperationStep.objects.values_list("state", "note")) == {
        (OperationStep.State.SKIPPED, str(error))
    }
    assert not Operation.objects.filter(state=Operation.State.RUNNING).exists()
