"""`manage.py import_photos`: a preview unless `--commit`, of a folder or a zip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from photostore.models import Operation
from students.models import Import, StudentPhoto
from students.tests.commands import run
from students.tests.photo_zips import faces, pupil, shown_faces, zip_of
from testing.kept import stored
from testing.kills.commands import killed_after


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path


@pytest.fixture
def two(db: None, tmp_path: Path) -> Path:
    pupil("Ada", "Byron", "11"), pupil("Bea", "Curie", "22"), pupil("Cleo", "Dee")
    return folder_of(tmp_path / "lab", faces("11.jpg", "3A/22.jpg", "nobody.jpg"))


def test_a_preview_changes_nothing_and_leaves_nothing(two: Path) -> None:
    code, out, err = run("import_photos", str(two))
    assert code == 0, err
    assert "2 new photo" in out
    assert "nobody.jpg: no known student." in out
    assert "1 students of whom there is no picture here" in out
    assert "Nothing was changed" in out
    assert stored() == {}
    assert not StudentPhoto.objects.exists()


def test_commit_and_undo(two: Path) -> None:
    code, out, err = run("import_photos", str(two), "--commit")
    assert code == 0, err
    assert "2 photos were assigned" in out
    assert shown_faces() == {"Ada Byron": "11.jpg", "Bea Curie": "3A/22.jpg"}
    assert run("undo_photo_operation", "--last")[0] == 0
    assert shown_faces() == {}


def test_a_zip_with_an_index_beside_it_as_json(two: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "a.zip"
    zipped.write_bytes(zip_of(faces("0001.jpg", "0002.jpg")))
    index = tmp_path / "who.csv"
    index.write_text("11;0002.jpg\n22;0001.jpg\n")
    code, out, _err = run("import_photos", str(zipped), "--index", str(index), "--commit", "--json")
    said = json.loads(out)
    assert (code, said["counts"], said["done"]) == (0, {"new": 2}, 2)
    assert shown_faces() == {"Ada Byron": "0002.jpg", "Bea Curie": "0001.jpg"}


@pytest.mark.parametrize(("name", "data"), [("a.zip", b"no zip"), ("missing.zip", None)])
def test_what_cannot_be_read_is_refused_in_a_sentence(db: None, tmp_path: Path, name: str, data: Any) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(b"PK\3\4" + data)
    code, _out, err = run("import_photos", str(tmp_path / name))
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert stored() == {}


def killed_and_run_again(lab: Path, steps: int) -> bool:
    """Killed once, then whole; whether it was killed. Nobody has another's photo; one operation stands."""
    killed = killed_after(steps, "import_photos", str(lab), "--commit")
    code, out, err = run("import_photos", str(lab), "--commit")
    assert code == 0, out + err
    assert shown_faces() == {"Ada Byron": "11.jpg", "Bea Curie": "3A/22.jpg"}
    assert StudentPhoto.objects.count() == 2
    stand = Operation.objects.filter(undoes=None, state=Operation.State.DONE)
    assert stand.count() == 1, f"killed after {steps} steps"
    return killed


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("steps", [8, 30])
def test_killed_while_it_reads_or_commits_and_run_again(two: Path, steps: int) -> None:
    assert killed_and_run_again(two, steps)


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_killed_before_every_step(each_storage: str, two: Path) -> None:
    steps = 0
    while killed_and_run_again(two, steps):
        steps += 1
        assert run("undo_photo_operation", "--last")[0] == 0
        assert shown_faces() == {}
        Import.objects.all().delete()
    assert steps > 40
