"""An act that can never be done is skipped with its sentence; one that storage could not do waits for it."""

from __future__ import annotations

import pytest

from photostore.audit import Actor
from photostore.errors import FileMissing, FileTooLarge, InvalidFile, StorageAway
from photostore.models import Act, Operation
from photostore.operations import ActKind, conduct
from photostore.tests.shelf import tell

pytestmark = pytest.mark.django_db(transaction=True)
OLGA = Actor("", "olga", "command")


class Fails(ActKind):
    """Raises what it was made with, both ways."""

    name = "fails"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def perform(self, act: Act) -> None:
        raise self.error

    def revert(self, act: Act) -> None:
        raise self.error


@pytest.mark.parametrize("error", [InvalidFile(), FileTooLarge(), FileMissing()])
def test_what_cannot_be_done_is_skipped_also_when_it_was_planned_before_a_kill(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tell(monkeypatch, handlers=[Fails(StorageAway())])
    with pytest.raises(StorageAway), conduct("restore_student_photos", OLGA) as conductor:
        conductor.act("fails", subject="x", details={})
    assert Act.objects.get().state == Act.State.PLANNED
    with pytest.raises(StorageAway), conduct("erase_student", OLGA):
        pass
    assert Act.objects.get().state == Act.State.PLANNED

    tell(monkeypatch, handlers=[Fails(error)])
    with conduct("erase_student", OLGA) as conductor:
        assert not conductor.act("fails", subject="x", details={})
        assert conductor.why == str(error)
    assert set(Act.objects.values_list("state", "note")) == {(Act.State.SKIPPED, str(error))}
    assert not Operation.objects.filter(state=Operation.State.RUNNING).exists()
