"""A migration or a clean-up that is killed at any step, and what the same command makes of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from photostore.models import Operation
from photostore.storage import storage_for
from students.models import Student
from students.takeover import clean as cleaning
from students.tests.killing import Killed, count_steps
from students.tests.reseeding import links, migrate, old_school, reseed, right_and_wrong, run, tree, undo_last
from students.tests.school import face

NAMES = ("Ada Lovelace", "Grace Hopper")
# Coprime to the steps that one photo takes, so that in time every kind of step is met.
EVERY = 7


def crossed_school(api: Any) -> tuple[dict[int, Student], dict[int, str]]:
    """Two students whose ids were swapped: each one's documented name holds the other's old photo."""
    faces = old_school(api, NAMES)
    return reseed(NAMES), faces


def killed_everywhere(steps: Any, work: Callable[[], Any], check: Callable[[int], None], total: int) -> None:
    for number in range(0, total, EVERY):
        steps(number)
        with pytest.raises(Killed):
            work()
        check(number)


@pytest.fixture
def in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strays of a test are young; here they count as old."""
    monkeypatch.setattr(cleaning, "YOUNG", timedelta(seconds=-60))


def test_killed_anywhere_and_run_again_is_an_uninterrupted_run(api: Any, steps: Any) -> None:
    students, faces = crossed_school(api)
    before = tree(), links()
    total = count_steps(steps, migrate)
    expected = tree(), links()
    assert right_and_wrong(students, faces) == (2, 0)
    assert not undo_last().skipped
    assert (tree(), links()) == before

    def check(number: int) -> None:
        steps(10**9)
        code, said = migrate()
        assert code == 0, (number, said)
        assert right_and_wrong(students, faces) == (2, 0), number
        assert links() == expected[1], number
        assert tree() == expected[0], number
        assert not undo_last().skipped, number
        assert (tree(), links()) == before, number

    killed_everywhere(steps, migrate, check, total)


def test_an_undo_killed_anywhere_and_run_again_gives_back_what_was(api: Any, steps: Any) -> None:
    crossed_school(api)
    before = tree(), links()
    migrate()
    total = count_steps(steps, undo_last)
    assert (tree(), links()) == before
    for number in range(0, total, EVERY):
        steps(10**9)
        migrate()
        operation = Operation.objects.filter(undoes=None, state="done").latest("started_at")
        steps(number)
        with pytest.raises(Killed):
            undo_last()
        steps(10**9)
        operation.refresh_from_db()
        if operation.state == "done":
            undo_last()
        assert (tree(), links()) == before, number


def test_a_clean_up_killed_anywhere_goes_on(api: Any, steps: Any, in_place: None, each_storage: str) -> None:
    old_school(api, NAMES)
    for place in range(3):
        storage_for().put(f"student_photos/stray{place}.jpg", face(60 + place), content_type="image/jpeg")
    before = tree(), links()

    def work() -> Any:
        return run("migrate_orphaned_photos", "--clean", "--confirm")

    total = count_steps(steps, work)
    expected = tree()
    aside = [key for alias, key in expected if alias == "default" and key.startswith("quarantine/")]
    assert len(aside) == 3
    undo_last()
    assert (tree(), links()) == before

    def check(number: int) -> None:
        steps(10**9)
        assert work()[0] == 0
        assert tree() == expected, number
        undo_last()
        assert (tree(), links()) == before, number

    killed_everywhere(steps, work, check, total)
