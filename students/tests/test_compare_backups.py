"""`compare_backups`: by name and class, with a later backup and with today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from students import identity
from students.models import Student
from students.tests.commands import backed_up, run
from students.tests.school import enrol, face, hand_in


def named(pk: int) -> Student:
    return Student.objects.get(pk=pk)


@pytest.fixture
def school(api: Any, each_storage: str) -> dict[str, int]:
    """Six students; who changes in which way is their name."""
    made = {}
    for place, name in enumerate(("Same", "Leaver", "Renumbered", "Newface", "Faceless", "Facemade")):
        photo = None if name == "Facemade" else face(place)
        made[name] = enrol(api, name, photo=photo, class_name="3b", student_number=f"S-{place}")["id"]
    return made


def change_everything(api: Any, school: dict[str, int]) -> None:
    named(school["Leaver"]).delete()
    assert api.patch(f"/api/students/{school['Renumbered']}/", {"student_number": "T-9"}).status_code == 200
    assert hand_in(api, school["Newface"], face(20)).status_code == 200
    assert hand_in(api, school["Facemade"], face(21)).status_code == 200
    assert api.delete(f"/api/students/{school['Faceless']}/photo/").status_code in {200, 204}
    enrol(api, "Newcomer", class_name="1a")


EXPECTED = [
    "Came: Newcomer (1a)",
    "Changed: Faceless (3b): photo gone",
    "Changed: Facemade (3b): new photo",
    "Left: Leaver (3b)",
    "Changed: Newface (3b): another photo",
    "Changed: Renumbered (3b): number S-2 is now T-9",
    "1 came, 1 left, 3 with another photo, 1 with another number.",
]


@pytest.mark.django_db(transaction=True)
def test_with_today_and_with_a_later_backup(api: Any, school: dict[str, int], tmp_path: Path) -> None:
    before = backed_up(tmp_path / "before")
    code, out, _err = run("compare_backups", str(before))
    assert (code, out) == (0, "0 came, 0 left, 0 with another photo, 0 with another number.\n")
    change_everything(api, school)
    code, out, err = run("compare_backups", str(before))
    assert (code, out.splitlines()) == (0, EXPECTED), err
    after = backed_up(settings.PHOTO_BACKUP_DIR)
    Student.objects.all().delete()
    code, out, _err = run("compare_backups", str(before), after.name)
    assert (code, out.splitlines()) == (0, EXPECTED)
    code, out, _err = run("compare_backups", str(before), after.name, "--json")
    answer = json.loads(out)
    assert (code, answer["count"], answer["came"], answer["left"]) == (0, 6, 1, 1)
    (renumbered,) = [one for one in answer["changes"] if one["number"]]
    assert (renumbered["name"], renumbered["class_name"]) == ("Renumbered", "3b")
    assert renumbered["number"] == ["S-2", "T-9"]


def test_an_old_backup_knows_no_bytes_and_calls_no_photo_another(
    api: Any, school: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "old.json"
    here = named(school["Same"])
    fields = {"student_number": here.student_number}
    entries = [
        {"student_id": here.student_id.hex, "name": "Same", "photo": "x.jpg", **fields},
        {"student_id": "..", "name": "Mallory"},
    ]
    path.write_text(json.dumps(entries, default=str))
    code, out, _err = run("compare_backups", str(path))
    assert code == 0
    assert "Same" not in out
    assert out.startswith("Passed over in old.json: entry 2 ('Mallory', '..')")
    assert "5 came, 0 left, 0 with another photo" in out


@pytest.mark.parametrize("names", [("none.json",), ("../none.json", "none.json"), ("",)])
def test_what_is_no_backup_is_refused(db: None, names: tuple[str, ...]) -> None:
    code, out, err = run("compare_backups", *names)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_it_needs_no_key(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Student.objects.create(name="Ada")
    path = backed_up(tmp_path)

    def missing() -> list[bytes]:
        raise identity.IdentityKeyMissing

    monkeypatch.setattr("students.recovery.backups.layout.keys", missing)
    assert run("compare_backups", str(path))[0] == 0
