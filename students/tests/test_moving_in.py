"""Follows docs/moving-in.md on a school built by SQL and by hand, as S0's and S1's scripts leave one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from photostore.tests.inventory_files import run
from students.tests.following import Typing, check, scenarios
from students.tests.legacy_school import lay, seen, sql
from students.tests.school import face, hand_in, likeness
from testing.kept import stored

PAGE = "moving-in.md"
STEPS = [name for name, _block in scenarios(PAGE)]
UUID = "5eed0000-0000-4000-8000-{:012}"
# S0's own table: id, name, class, and what its script wrote as the photo.
S0 = [
    (1, "Ada Lovelace", "4a", "student_photos/student_1_profile.jpg"),
    (2, "Grace Hopper", "4a", "/media/student_photos/student_2_profile.jpg"),
    (3, "Alan Turing", "4a", "student_photos\\Student_3_Profile.JPG"),
    (4, "Emmy Noether", "4a", "student_photos/class.jpg"),
    (5, "Sofia Kovalevskaya", "4a", "student_photos/class.jpg"),
    (6, "Mary Jackson", "4b", "student_photos/student_6_profile.jpg"),
    (7, "Katherine Johnson", "4b", "student_photos/student_7_profile.jpg"),
    (8, "Dorothy Vaughan", "4b", None),
    (9, "Annie Easley", "4b", None),
]
# S1's: student_id, name, class. Ida was entered anew and has another student_id than in the old backup.
S1 = [
    (UUID.format(1), "Rosalind Franklin", "5a"),
    (UUID.format(2), "Lise Meitner", "5a"),
    (UUID.format(3), "Chien-Shiung Wu", "5a"),
    (UUID.format(4), "Ida Noddack", "5a"),
]
# To `interactive`: the first file is Dorothy's, and the second is whose it is thought to be.
TYPED = "o\n8\ny\ny\n"
IDA_BEFORE, A_LEAVER = UUID.format(104), UUID.format(105)
FILES = {
    "student_photos/student_1_profile.jpg": face(1),
    "student_photos/student_2_profile.jpg": face(2),
    "student_photos/student_3_profile.jpg": face(3),
    "student_photos/class.jpg": face(4),
    "student_photos/student_7_profile.jpg": face(7)[:4_000],
    "student_photos/IMG_2041.jpg": face(8),
    "student_photos/student_9_profile.jpg": face(9),
    f"photos/students/{UUID.format(1)}/profile.jpg": face(10),
    f"photos/students/{UUID.format(1)}/attendance/2025-09-01_AM.jpg": face(11),
    f"photos/students/{UUID.format(1)}/attendance/2025-09-01_PM.jpg": face(12),
    f"photos/students/{UUID.format(2)}/profile.jpg": face(13),
    f"photos/students/{UUID.format(2)}/attendance/2025-09-01_AM.jpg": face(14),
    f"photos/students/{IDA_BEFORE}/profile.jpg": face(15),
    f"photos/students/{IDA_BEFORE}/attendance/2025-09-01_AM.jpg": face(16),
    f"photos/students/{A_LEAVER}/profile.jpg": face(17),
}
# As S1's script wrote it: one entry was edited by hand, and has lost its id.
BACKUP = [
    *(
        {"student_id": one, "name": name, "photo": f"/api/photos/students/{one}/profile.jpg"}
        for one, name in [
            (UUID.format(1), "Rosalind Franklin"),
            (UUID.format(2), "Lise Meitner"),
            (IDA_BEFORE, "Ida Noddack"),
        ]
    ),
    {"student_id": "?", "name": "Barbara McClintock", "photo": None},
]
# Whose photo each student sees at the end: each their own, and those who have none, none.
FACES = {1: 1, 2: 2, 3: 3, 4: 4, 5: None, 6: None, 7: None, 8: 8, 9: 9, 10: 10, 11: 13, 12: None, 13: 15}
LAST_YEAR = 1_756_720_800.0


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("moving") / "old"
    for key, data in FILES.items():
        write(folder / key, data)
    (folder / "photos/students" / UUID.format(106) / "attendance").mkdir(parents=True)
    write(folder / "backups/seed_backup_20250901_0800.json", json.dumps({"students": BACKUP}).encode())
    return folder


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (LAST_YEAR, LAST_YEAR))


@pytest.fixture
def tables(db: None) -> Iterator[None]:
    """The old service's tables, put into a schema of their own by `pg_restore`."""
    sql("CREATE SCHEMA old")
    sql("CREATE TABLE old.s0_students (id int PRIMARY KEY, name text, class_name text, profile_photo text)")
    sql("CREATE TABLE old.s1_students (student_id text PRIMARY KEY, name text, class_name text)")
    for s0 in S0:
        sql("INSERT INTO old.s0_students VALUES (%s, %s, %s, %s)", *s0)
    for s1 in S1:
        sql("INSERT INTO old.s1_students VALUES (%s, %s, %s)", *s1)
    yield
    sql("DROP SCHEMA old CASCADE")


@pytest.mark.django_db(transaction=True)
def test_the_page_is_true(api: Any, tables: None, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its steps, one after the other, on one school."""
    monkeypatch.setenv("USER", "olga")
    sql("ALTER SEQUENCE students_student_id_seq RESTART")
    (Path(settings.MEDIA_ROOT).parent / "old").symlink_to(old)
    Path(settings.MEDIA_ROOT).mkdir(exist_ok=True)
    Path(settings.PHOTO_BACKUP_DIR).mkdir(exist_ok=True)
    monkeypatch.setattr("sys.stdin", Typing(TYPED))
    for step in STEPS:
        check(PAGE, step)
    assert {pk: whose(seen(api, pk)["bytes"]) for pk in range(1, 14)} == FACES
    # What the page's table says of those who are left.
    lay("student_photos/student_6_profile.jpg", face(6))
    assert run("adopt_media")[0] == 0
    assert whose(seen(api, 6)["bytes"]) == 6
    assert hand_in(api, 7, face(7)).status_code == 200
    assert whose(seen(api, 7)["bytes"]) == 7
    damaged = FILES["student_photos/student_7_profile.jpg"]
    assert [key.split("/")[0] for key, data in stored().items() if data == damaged] == ["quarantine"]
    assert run("verify_media", "--checksum")[0] == 0


def whose(data: bytes | None) -> int | None:
    if data is None or data == FILES["student_photos/student_7_profile.jpg"]:
        return None
    return min(range(1, 18), key=lambda number: likeness(data, face(number)))
