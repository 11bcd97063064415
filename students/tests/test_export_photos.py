"""`export_photos`: readable names that are safe everywhere, no tag inside, all of it or nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from photostore import tags
from photostore.models import AuditEntry
from photostore.storage import storage_for
from students import identity
from students.exporting import targets
from students.exporting.names import Names, safe
from students.models import StudentPhoto
from students.tests.commands import run
from students.tests.school import enrol, face
from testing.kills.commands import killed_after


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def bare(pk: int) -> bytes:
    photo = StudentPhoto.objects.of_profile().get(student_id=pk, replaced_at=None)
    data = storage_for().read(str(photo.file), max_bytes=10**7)
    assert identity.read(data) is not None
    return tags.strip(data)


@pytest.fixture
def school(api: Any, each_storage: str) -> dict[str, bytes]:
    """What is expected in the folder, by name."""
    people = [
        (
            "Ada Lovelace",
            {"first_name": "Ada", "last_name": "Lovelace", "class_name": "3b", "student_number": "S-1"},
        ),
        ("Grace Hopper", {"class_name": "3b"}),
        ("Zoë", {"class_name": "../../1a"}),
    ]
    made = [
        enrol(api, name, photo=face(place), **fields)["id"] for place, (name, fields) in enumerate(people)
    ]
    enrol(api, "No Photo", class_name="3b")
    names = ("3b/Lovelace Ada S-1.jpg", "3b/Grace Hopper.jpg", "_.._1a/Zoë.jpg")
    return {name: bare(pk) for name, pk in zip(names, made, strict=True)}


def test_a_folder_holds_each_photo_under_a_readable_name_without_the_tag(
    school: dict[str, bytes], tmp_path: Path
) -> None:
    target = tmp_path / "year book"
    code, out, err = run("export_photos", str(target))
    assert (code, out) == (0, f"Exported 3 photos to {target}.\n"), err
    assert files(target) == school
    assert all(identity.read(data) is None for data in files(target).values())
    assert target.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in target.rglob("*"))
    row = AuditEntry.objects.get(action="photos.export")
    assert (row.subject, row.channel, row.outcome) == ("3 photos of everybody", "command", "done")
    assert not list(tmp_path.glob(".*"))


def test_a_zip_holds_the_same(school: dict[str, bytes], tmp_path: Path) -> None:
    target = tmp_path / "3b.ZIP"
    assert run("export_photos", str(target), "--class", "3b")[0] == 0
    with zipfile.ZipFile(target) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
        assert archive.testzip() is None
    assert found == {name: data for name, data in school.items() if name.startswith("3b/")}
    assert target.stat().st_mode & 0o777 == 0o600
    assert AuditEntry.objects.get(action="photos.export").subject == "2 photos of class 3b"
    assert not list(tmp_path.glob(".*"))


def test_who_is_left_out_is_named_with_the_reason(api: Any, each_storage: str, tmp_path: Path) -> None:
    made = [enrol(api, f"Student {place}", photo=face(place), class_name="3b")["id"] for place in range(4)]
    for pk, data in ((made[1], None), (made[2], face(9))):
        key = str(StudentPhoto.objects.of_profile().get(student_id=pk).file)
        storage_for().remove(key)
        if data:
            storage_for().put(key, data, content_type="image/jpeg")
    StudentPhoto.objects.of_profile().filter(student_id=made[3]).update(
        student_id=made[0], replaced_at="2026-01-01T00:00Z"
    )
    code, out, err = run("export_photos", str(tmp_path / "x"), "--name", "{id}")
    assert code == 1, err
    assert sorted(files(tmp_path / "x")) == [f"{made[0]}.jpg"]
    assert "Left out: Student 1 (3b): the file is missing" in out
    assert "Left out: Student 2 (3b): the file is damaged" in out
    assert "Left out: Student 3 (3b): " in out
    code, answer, _err = run("export_photos", str(tmp_path / "y"), "--json")
    assert (code, json.loads(answer)["left_out_count"], json.loads(answer)["photos"]) == (1, 3, 1)


def test_a_target_with_anything_in_it_is_refused(school: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "there.zip").write_text("mine")
    (tmp_path / "dir.zip").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("full", "file", "there.zip", "dir.zip", "link", "file/below"):
        code, _out, err = run("export_photos", str(tmp_path / name))
        assert (code, err.count("\n")) == (2, 1), name
    assert {one.name for one in tmp_path.iterdir()} >= {"full", "file", "there.zip", "dir.zip", "link"}
    assert (tmp_path / "there.zip").read_text() == (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()
    assert not AuditEntry.objects.filter(action="photos.export").exists()
    (tmp_path / "empty").mkdir()
    assert run("export_photos", str(tmp_path / "empty"))[0] == 0
    assert len(files(tmp_path / "empty")) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        ("x", "--class", "9z"),
        *(("x", "--name", name) for name in ("", "{password}", "{name!r}", "{name:>9}", "{name.real}", "{")),
        *(("x", "--name", name) for name in ("/{name}", "../{name}", "{class}//{name}", "{}", "{0}")),
    ],
)
def test_what_makes_no_sense_is_refused(
    school: dict[str, bytes], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    target, *rest = arguments
    code, _out, err = run("export_photos", target and str(tmp_path / target), *rest)
    assert (code, err.count("\n")) == (2, 1)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("   ", "unnamed"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Lpt1", "_Lpt1"),
        ("Conrad", "Conrad"),
        (".hidden", "hidden"),
        ("ends with a dot. ", "ends with a dot"),
        ("tab\tand\nline", "tab and line"),
        ("\u202egnp.exe", "gnp.exe"),
        ("NUL\0byte", "NULbyte"),
        ("Zoe\u0308", "Zoë"),
        ("é" * 300, "é" * 100),
        ("😀" * 300, "😀" * 50),
    ],
)
def test_no_name_is_more_than_a_name(text: str, name: str) -> None:
    assert safe(text) == name


def row(**values: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("first_name", "last_name", "name", "grade", "class_name"), "")
    return empty | {"pk": 7, "student_number": None, "version_key": "x/y.png"} | values


def test_names_that_a_file_system_takes_for_one_are_numbered() -> None:
    names = Names("{class}/{name}")
    given = [
        names.of(row(name=name, class_name="3b"))
        for name in ("Ada", "ADA", "ada", "Ａda", "Zoe\u0308", "Zoë")
    ]
    assert given == [
        "3b/Ada.png",
        "3b/ADA (2).png",
        "3b/ada (3).png",
        "3b/Ａda (4).png",
        "3b/Zoë.png",
        "3b/Zoë (2).png",
    ]
    assert names.of(row(name="Ada", class_name="3B")) == "3B/Ada (5).png"
    assert names.of(row(name="Ada")) == "no class/Ada.png"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["book", "book.zip"])
def test_killed_it_leaves_nothing_under_the_name_and_runs_again(api: Any, tmp_path: Path, name: str) -> None:
    for place in range(3):
        enrol(api, f"Student {place}", photo=face(place))
    target = tmp_path / name
    kind = "Zip" if name.endswith(".zip") else "Folder"
    writes = [(f"students.exporting.targets:{kind}", "write")]
    assert killed_after(1, "export_photos", str(target), watched=writes)
    assert not target.exists()
    assert len(list(tmp_path.glob(".book*"))) == 1
    assert run("export_photos", str(target))[0] == 0
    assert not list(tmp_path.glob(".book*"))
    assert target.exists()


def test_a_name_that_is_taken_meanwhile_is_not_overwritten(
    school: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("x.zip", "x"):
        target = tmp_path / name
        original = targets.Zip.publish if name == "x.zip" else targets.Folder.publish
        kind = targets.Zip if name == "x.zip" else targets.Folder

        def publish(self: Any, path: Path, original: Any = original) -> None:
            path.write_text("mine") if path.suffix else (path.mkdir(), (path / "a").write_text("mine"))
            original(self, path)

        with monkeypatch.context() as patched:
            patched.setattr(kind, "publish", publish)
            code, _out, err = run("export_photos", str(target))
        assert (code, err.count("\n")) == (2, 1)
        assert (target if target.suffix else target / "a").read_text() == "mine"
        assert not list(tmp_path.glob(".*"))
