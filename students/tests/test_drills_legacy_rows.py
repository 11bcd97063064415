"""Drills: schools whose rows and files other people's scripts made. Nothing is entered by our own code."""

from __future__ import annotations

from typing import Any

import pytest

from students.tests.legacy_school import enter, pupil, seen
from students.tests.reseeding import run, undo_last
from students.tests.school import face, likeness
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)


def shows(api: Any, pk: int) -> dict[str, int | None]:
    """By each way, whose of the faces 0 to 5 it is."""
    return {way: None if data is None else nearest(data) for way, data in seen(api, pk).items()}


def nearest(data: bytes) -> int:
    return min(range(6), key=lambda number: likeness(data, face(number)))


def everywhere(value: int | None) -> dict[str, int | None]:
    return dict.fromkeys(("bytes", "detail", "list", "thumbnail"), value)


@pytest.mark.drill("rows as S0 wrote them, before and after adopt_media")
def test_rows_as_s0_wrote_them(api: Any, each_storage: str, outcome: Any) -> None:
    pks = [pupil(number, face(number)) for number in range(3)]
    nobody = enter("Nora No Photo")
    assert [shows(api, pk) for pk in pks] == [everywhere(number) for number in range(3)]
    assert seen(api, nobody) == everywhere(None)
    before = stored()
    code, said = run("verify_media")
    assert (code, said["counts"]["to_adopt"], said["counts"]["missing"]) == (0, 3, 0), said
    code, said = run("adopt_media")
    assert (code, said["adopted"], said["left_count"]) == (0, 3, 0)
    assert [shows(api, pk) for pk in pks] == [everywhere(number) for number in range(3)]
    assert run("verify_media", "--checksum")[0] == 0
    undo_last()
    assert {key: data for key, data in stored().items() if key in before} == before
    right = sum(shows(api, pk) == everywhere(number) for number, pk in enumerate(pks))
    outcome(right=right, wrong=0, left=3 - right)
    assert right == 3
