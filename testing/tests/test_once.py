"""`made_once`: a later test finds what the first one made, whatever other tests did to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photostore.models import StoredFile
from students.models import Student
from students.tests.school import enrol, everything, face
from testing.kept import stored
from testing.once import made_once

calls: list[str] = []
seen: dict[str, dict[str, Any]] = {}


@made_once
def school(api: Any, name: str) -> Student:
    calls.append(name)
    made = enrol(api, name, student_number="S-1", photo=face(1))
    return Student.objects.get(pk=made["id"])


@pytest.fixture(params=["committed", "rolled back"])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Tests that commit and tests that roll back."""
    request.getfixturevalue("transactional_db" if request.param == "committed" else "db")
    yield request.param


@pytest.mark.parametrize("_turn", range(3))
def test_it_is_as_the_first_one_left_it(kind: str, api: Any, tmp_path: Path, _turn: int) -> None:
    ada = school(api, f"Ada {kind}")
    assert everything() == seen.setdefault(kind, everything())
    assert calls.count(ada.name) == 1
    assert (ada.pk, Student.objects.get().student_id) == (1, ada.student_id)
    # A person of this test may go on, and whatever is damaged here is whole in the next turn.
    assert enrol(api, "Bea", photo=face(2))["id"] == 2
    for file in (path for path in tmp_path.rglob("*") if path.is_file()):
        file.write_bytes(b"damaged")
    StoredFile.objects.all().delete()
    Student.objects.all().delete()


def test_other_words_make_another(db: None, api: Any) -> None:
    assert school(api, "Grace").name == "Grace"
    assert calls[-1] == "Grace"


@pytest.mark.parametrize("key", ["one", "another"])
def test_another_setting_makes_another(db: None, api: Any, settings: Any, key: str) -> None:
    settings.PHOTO_IDENTITY_KEYS = [key]
    before = len(calls)
    school(api, "Lin")
    assert calls[before:] == ["Lin"]


def test_it_is_made_anew_beside_what_is_there(db: None, api: Any) -> None:
    school(api, "Ada")
    photos = len(stored())
    Student.objects.update(student_number="S-0")
    assert school(api, "Bea").pk == 2
    assert calls[-1] == "Bea"
    assert len(stored()) == 2 * photos
