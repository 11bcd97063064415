"""Backups as other systems write them, by hand: every shape is read, an odd entry is told and passed over."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from photostore.commands import ONE_AT_A_TIME
from students.models import Student
from students.recovery.backups import BackedUpStudent, newest_valid, open_backup
from students.recovery.backups.write import WRITING
from students.tests.commands import backed_up, run
from students.tests.school import enrol, face

ADA, BEA = "0b5ba5f0-4b5f-4a0e-9a52-0a8c1f0d7e11", "9c1d2e3f-0011-4233-8455-66778899aabb"
ONE = f'{{"student_id": "{ADA}", "name": "Ada Lovelace", "photo": "/api/photos/students/{ADA}/profile.jpg"}}'
TWO = f'{{"student_id": "{BEA}", "name": "Bea Byron", "photo": null}}'
MONGO_ONE = (
    f'{{"_id": {{"$oid": "65f0c0ffee65f0c0ffee65f0"}}, "student_id": {{"$uuid": "{ADA}"}}, '
    '"firstName": "Ada", "lastName": "Lovelace", "photo": "profile.jpg", "grade": {"$numberInt": "3"}}'
)
MONGO_TWO = f'{{"_id": {{"$uuid": "{BEA}"}}, "first_name": "Bea", "last_name": "Byron"}}'
SHAPES = {
    "a list": f"[{ONE}, {TWO}]",
    "students outside": f'{{"version": 3, "teachers": [{{"name": "Eve"}}], "students": [{ONE}, {TWO}]}}',
    "students one level below": f'{{"by": {{"x": 1}}, "data": {{"n": 2, "students": [{ONE}, {TWO}]}}}}',
    "a list around it": f'[{{"students": [{ONE}, {TWO}]}}]',
    "one document a line": f"{ONE}\n{TWO}\n",
    "the lines of a database's export": f"{MONGO_ONE}\r\n{MONGO_TWO}",
    "the list of a database's export": f"[{MONGO_ONE},{MONGO_TWO}]",
    "_id is the UUID": f'[{ONE}, {{"_id": "{BEA}", "name": "Bea Byron"}}]',
    "id is the UUID": f'[{ONE}, {{"id": "{BEA}", "name": "Bea Byron"}}]',
    "a UUID's bytes": f'[{ONE}, {{"name": "Bea Byron", "_id": '
    '{"$binary": {"base64": "nB0uPwARQjOEVWZ3iJmquw==", "subType": "04"}}}]',
    "UUIDs without dashes": f"[{ONE}, {TWO}]".replace(ADA, ADA.replace("-", "")).replace(
        BEA, BEA.replace("-", "")
    ),
    "capital letters": f"[{ONE}, {TWO}]".replace(BEA, BEA.upper()),
    "a byte order mark": f"\ufeff[{ONE}, {TWO}]",
    "two lists": f'{{"students": [{ONE}]}} {{"students": [{TWO}]}}',
}


@pytest.fixture
def path(db: None, tmp_path: Path) -> Path:
    return tmp_path / "seed_backup_20250101_0000.json"


def read(path: Path, content: str | bytes) -> list[BackedUpStudent]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(open_backup(path).students())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read(path: Path, shape: str) -> None:
    ada, bea = read(path, SHAPES[shape])
    assert [(one.student_id, one.name) for one in (ada, bea)] == [
        (UUID(ADA), "Ada Lovelace"),
        (UUID(BEA), "Bea Byron"),
    ]
    assert ada.had_photo
    assert not bea.had_photo
    assert not open_backup(path).odd.count


def test_what_else_an_old_entry_says_is_kept(path: Path) -> None:
    (ada,) = read(
        path,
        f'[{{"student_id": "{ADA}", "id": 7, "student_number": 4711, "firstName": "Ada", '
        '"lastName": "Lovelace", "class": "3b", "grade": 3, "status": "enrolled", "photo": "x"}]',
    )
    assert (ada.id, ada.student_number, ada.class_name, ada.grade) == (7, "4711", "3b", "3")
    assert (ada.first_name, ada.last_name, ada.status) == ("Ada", "Lovelace", "active")


ODD = {
    "a number": ("17", "it is not an object"),
    "a list": ("[1]", "it is not an object"),
    "nothing": ("null", "it is not an object"),
    "no id": ('{"name": "Cleo"}', "('Cleo'): it has no student_id"),
    "no name": (f'{{"student_id": "{BEA}"}}', f"('{BEA}'): it has no name"),
    "climbing": ('{"student_id": "../../x", "name": "Cleo"}', "'../../x' as student_id, which is no UUID"),
    "climbing beside a UUID": (f'{{"student_id": "..", "_id": "{BEA}", "name": "C"}}', "'..' as student_id"),
    "an object's id": (
        '{"_id": {"$oid": "65f0c0ffee65f0c0ffee65f0"}, "name": "C"}',
        "as _id, which is no UUID",
    ),
    "braces": (f'{{"student_id": "{{{BEA}}}", "name": "C"}}', "which is no UUID"),
    "a long name": (f'{{"student_id": "{BEA}", "name": "{"C" * 201}"}}', "it has 'CCC"),
    "NUL": (f'{{"student_id": "{BEA}", "name": "C\\u0000"}}', "as name"),
    "the last id there is": (
        f'{{"student_id": "{BEA}", "name": "C", "id": {2**63 - 1}}}',
        f"{2**63 - 1} as id",
    ),
    "an object as name": (f'{{"student_id": "{BEA}", "name": {{"first": "C"}}}}', "as name"),
    "too large": (
        f'{{"student_id": "{BEA}", "name": "C", "x": [{"1," * 2_000_000}1]}}',
        "it is not an object",
    ),
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("lines", [True, False])
def test_an_odd_entry_is_told_and_does_not_condemn_the_others(path: Path, what: str, lines: bool) -> None:
    entry, why = ODD[what]
    if lines and entry.startswith(("[", '{"student_id": "' + BEA + '", "name": "C", "x"')):
        return  # on its own such a line is a list, or another kind of file
    content = "\n".join((ONE, entry)) if lines else f"[{ONE}, {entry}]"
    (ada,) = read(path, content)
    assert ada.name == "Ada Lovelace"
    backup = open_backup(path)
    (odd,) = map(str, backup.odd.items)
    assert odd.startswith("entry 2")
    assert why in odd
    assert len(odd) < 300
    assert odd.isascii()


def test_the_last_of_many_is_read_after_a_hundred_odd_ones(path: Path) -> None:
    read(path, "[" + '{"name": 1},' * 100 + f"{ONE}]")
    backup = open_backup(path)
    assert (backup.student_count, backup.odd.count) == (1, 100)


NONE = {
    "half a list": f"[{ONE}, {TWO}",
    "half a line": f"{ONE}\n{TWO[:-9]}",
    "not JSON in the middle": f"{ONE}\nDear diary,\n{TWO}",
    "only odd ones": '[{"name": "Cleo"}, 3]',
    "a deep one": f"[{ONE}, {'[' * 500}{']' * 500}]",
    "an endless word": f'[{ONE}, "{"x" * 3_000_000}"]',
    "an endless gap": f"[{ONE}, {' ' * 3_000_000}{TWO}]",
    "ours, pretty": json.dumps({"students": [json.loads(ONE)], "manifest": {"students": 1}}, indent=1),
    "the same twice": f"[{ONE}, {ONE}]",
    "the same, without dashes": f"[{ONE}, {ONE.replace(ADA, ADA.replace('-', ''))}]",
    "students who are none": '{"students": {"a": 1}}',
    "UTF-16": f"[{ONE}]".encode("utf-16"),
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_no_backup_is_refused_with_one_sentence_and_nothing_changes(path: Path, what: str) -> None:
    content = NONE[what]
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    Student.objects.create(name="Zoe")
    code, out, err = run("restore_student_photos", "--backup-file", str(path), "--create-students")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert list(Student.objects.values_list("name", flat=True)) == ["Zoe"]


def test_restore_makes_the_others_again_and_says_whom_it_passed_over(api: Any, each_storage: str) -> None:
    here = enrol(api, "Ada Lovelace", photo=face(1))
    settings.PHOTO_BACKUP_DIR.mkdir(exist_ok=True)
    path = settings.PHOTO_BACKUP_DIR / "seed_backup_20250101_0000.json"
    path.write_text(
        f'[{{"student_id": "../../../etc", "name": "Mallory"}}, {TWO}, '
        f'{{"student_id": "{here["student_id"]}", "name": "Ada Lovelace", "photo": "x"}}]'
    )
    code, out, err = run("restore_student_photos", "--create-students")
    assert code == 0, err
    assert "Passed over in the backup: entry 1 ('Mallory', '../../../etc'): it has '../../../etc'" in out
    assert set(Student.objects.values_list("name", flat=True)) == {"Ada Lovelace", "Bea Byron"}
    code, out, _err = run("restore_student_photos", "--verify-only", "--json")
    assert [line.split(":")[0] for line in json.loads(out)["odd_entries"]] == [
        "entry 1 ('Mallory', '../../../etc')"
    ]


def test_an_odd_line_in_a_backup_of_ours_is_passed_over(db: None, tmp_path: Path) -> None:
    Student.objects.create(pk=10**15 + 1, name="Odd One")
    Student.objects.create(name="Bea")
    code, out, _err = run("create_seed_backup", "--output", tmp_path)
    assert code == 1
    assert "No restore will read entry 2 ('Odd One'" in out
    (path,) = tmp_path.glob("*.json")
    backup = open_backup(path)
    assert [one.name for one in backup.students()] == ["Bea"]
    assert backup.sealed


def test_memory_does_not_grow_with_an_old_backup(path: Path) -> None:
    with path.open("w") as file:
        file.write('{"students": [')
        for place in range(20_000):
            file.write(
                f'{{"student_id": "{UUID(int=place)}", "name": "Student {place}", "x": "{"y" * 200}"}},\n'
            )
        file.write(f"{ONE}]}}")
    tracemalloc.start()
    try:
        backup = open_backup(path)
        assert sum(1 for _ in backup.students()) == 20_001
        assert tracemalloc.get_traced_memory()[1] < 12 * 1_048_576
    finally:
        tracemalloc.stop()


def test_one_that_holds_a_fraction_is_passed_over_and_told(db: None, tmp_path: Path) -> None:
    folder = tmp_path / "chosen"
    folder.mkdir()
    for day, students in enumerate((10, 9, 5, 4), start=1):
        while Student.objects.count() > students:
            Student.objects.last().delete()  # type: ignore[union-attr]
        while Student.objects.count() < students:
            Student.objects.create(name=f"Student {Student.objects.count()}")
        backed_up(tmp_path / str(day)).rename(folder / f"seed_backup_2026010{day}_0000.json")
    choice = newest_valid(folder)
    assert choice.backup is not None
    assert (choice.backup.student_count, choice.passed_over) == (4, [])
    (folder / "seed_backup_20260103_0000.json").unlink()
    choice = newest_valid(folder)
    assert choice.backup is not None
    assert choice.backup.student_count == 9
    why = "It holds 4 students, seed_backup_20260102_0000.json before it 9."
    assert choice.passed_over == [("seed_backup_20260104_0000.json", why)]
    whole = (folder / "seed_backup_20260102_0000.json").read_bytes()
    (folder / "seed_backup_20260102_0000.json").write_bytes(whole.replace(b"Student 1", b"Student X"))
    choice = newest_valid(folder)
    assert choice.backup is not None
    assert choice.backup.student_count == 10
    assert [name for name, _why in choice.passed_over] == ["seed_backup_20260104_0000.json"]


def test_an_empty_backup_is_not_written_over_a_full_one(db: None, tmp_path: Path) -> None:
    tmp_path = tmp_path / "here"
    ada = Student.objects.create(name="Ada")
    full = backed_up(tmp_path).rename(tmp_path / "seed_backup_20260101_0000.json")
    ada.delete()
    code, _out, err = run("create_seed_backup", "--output", tmp_path)
    assert code == 2
    assert "seed_backup_20260101_0000.json has 1" in err
    assert "--force" in err
    assert list(tmp_path.iterdir()) == [full]
    assert run("create_seed_backup", "--output", tmp_path, "--force")[0] == 0
    choice = newest_valid(tmp_path)
    assert choice.backup is not None
    assert choice.backup.path == full
    assert len(choice.passed_over) == 1


def test_where_nothing_is_to_be_restored_that_is_no_success(db: None) -> None:
    assert run("create_seed_backup", "--force")[0] == 0
    code, out, _err = run("restore_student_photos", "--create-students")
    assert code == 1
    assert "Nothing was there to restore" in out


@pytest.mark.django_db(transaction=True)
def test_a_backup_waits_for_no_other_command_and_not_for_another_backup(tmp_path: Path) -> None:
    Student.objects.create(name="Ada")
    holder = connection.copy()
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [ONE_AT_A_TIME])
            assert run("restore_student_photos")[0] == 2
            assert run("create_seed_backup", "--output", tmp_path / "1")[0] == 0
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [WRITING[0]])
            code, _out, err = run("create_seed_backup", "--output", tmp_path / "2")
    finally:
        holder.close()
    assert (code, err) == (2, f"{WRITING[1]}\n")
    assert list((tmp_path / "2").iterdir()) == []
    assert run("create_seed_backup", "--output", tmp_path / "2")[0] == 0
