"""Schools whose rows and files were made by SQL, by a plain script and by hand: whose face does each have?"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection

from photostore.models import AuditEntry
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import Student
from students.recovery.backups import layout
from students.tests.drill_school import Pupil, incoming, judge, remove_all
from students.versions import take_in

pytestmark = pytest.mark.django_db(transaction=True)

PUPILS = 8
ROW = """
INSERT INTO students_student (student_id, student_number, name, first_name, last_name, grade, class_name,
    status, profile_photo, photo_sha256, created_at, updated_at)
VALUES (gen_random_uuid(), %s, %s, '', '', '', '', 'active', '', '', now(), now()) RETURNING id
"""
NUMBERS = """
UPDATE students_student SET student_number = 'on the way' WHERE student_number = 'S-000';
UPDATE students_student SET student_number = 'S-000' WHERE student_number = 'S-001';
UPDATE students_student SET student_number = 'S-001' WHERE student_number = 'on the way'
"""


def put_by_hand(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def former_school(first: int = 0, count: int = PUPILS, key: str = "") -> list[Pupil]:
    """A school of which only files are left: each with the identity that they had, and no row anywhere."""
    pupils = []
    for place in range(count):
        picture = incoming(first + place).clean.picture
        one = Pupil(f"Pupil {first + place}", f"S-{place:03}", picture.sha256, "", "", uuid.uuid4(), 0)
        tagged = identity.tag(picture.data, student_id=one.student_id, student_number=one.number)
        sha256 = hashlib.sha256(tagged).hexdigest()
        put_by_hand(f"photos/students/{one.student_id}/history/{sha256}.jpg", tagged)
        put_by_hand(f"photos/students/{one.student_id}/profile.jpg", tagged)
        pupils.append(one)
    return pupils


def by_sql(pupils: list[Pupil], numbers: Sequence[str | None]) -> dict[int, Student]:
    """Rows as a seed script in SQL writes them, in another order."""
    pks = {}
    with connection.cursor() as cursor:
        for place in reversed(range(len(pupils))):
            cursor.execute(ROW, [numbers[place], pupils[place].name])
            pks[place] = cursor.fetchone()[0]
    return {place: Student.objects.get(pk=pk) for place, pk in pks.items()}


def by_orm(pupils: list[Pupil], numbers: list[str]) -> dict[int, Student]:
    """The same by a plain script, which knows the documented columns only."""
    rows = [
        Student(name=one.name, student_number=number) for one, number in zip(pupils, numbers, strict=True)
    ]
    return dict(enumerate(Student.objects.bulk_create(rows)))


def as_taken_in_again(pupil: Pupil) -> str:
    """A picture whose identity does not verify is decoded and encoded again; the bare sha256 of that."""
    data = storage_for().read(f"photos/students/{pupil.student_id}/profile.jpg", max_bytes=2**26)
    return take_in(data, filename="profile.jpg", origin="migrate").clean.picture.sha256


def numbers_of(pupils: list[Pupil]) -> list[str]:
    return [one.number for one in pupils]


@pytest.mark.drill("reseeded by SQL, numbers there, no backup")
@pytest.mark.parametrize("enter", [by_sql, by_orm])
def test_rows_made_past_our_code_are_found_by_their_numbers(
    each_storage: str, outcome: Any, enter: Any
) -> None:
    pupils = former_school()
    today = enter(pupils, numbers_of(pupils))
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}


@pytest.mark.drill("reseeded, two mistyped numbers then corrected by SQL, no backup")
@pytest.mark.parametrize("enter", [by_sql, by_orm])
def test_numbers_that_were_corrected_by_sql_count_as_they_stand(
    each_storage: str, outcome: Any, enter: Any
) -> None:
    pupils = former_school()
    today = enter(pupils, ["S-001", "S-000", *numbers_of(pupils)[2:]])
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS)
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    counts = judge(pupils, today)
    outcome(**counts)
    # The one who has a number today is not the only one who had it: a person has to look.
    assert counts == {"right": PUPILS - 2, "wrong": 0, "left": 2}


def backup_of(pupils: list[Pupil], name: str) -> Path:
    """A backup as this format is, written by hand and sealed with the newest key of the moment."""
    rows = [
        {
            "student_id": str(one.student_id),
            "id": place + 1,
            "name": one.name,
            "student_number": one.number or None,
        }
        for place, one in enumerate(pupils)
    ]
    head = layout.HEAD + b'"20%s-11-20T08:00:00+00:00"' % name[:2].encode() + layout.STUDENTS
    content = head + b",\n".join(json.dumps(row).encode() for row in rows) + b"\n" + layout.ERASED
    sha256 = hashlib.sha256(content).hexdigest()
    said = {"students": len(rows), "photos": 0, "attendance": 0, "sha256": sha256}
    said["seal"] = layout.seals(sha256)[0]
    path = Path(configured.PHOTO_BACKUP_DIR) / f"seed_backup_20{name}_0000.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content + layout.MANIFEST + json.dumps(said).encode() + layout.END)
    return path


@pytest.mark.drill("two schools' photos, backups and keys side by side, reseeded")
@pytest.mark.parametrize("accept", [(), ("--accept-names",)])
def test_another_schools_key_makes_no_number_certain(
    each_storage: str, settings: Any, outcome: Any, accept: tuple[str, ...]
) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["theirs"]
    backup_of(former_school(100), "301120")
    settings.PHOTO_IDENTITY_KEYS = ["ours"]
    pupils = former_school()
    for one in pupils[:3]:  # who has no photo of their own would be given the other school's
        remove_all("default", f"photos/students/{one.student_id}/")
    today = by_sql(pupils, numbers_of(pupils))
    settings.PHOTO_IDENTITY_KEYS = ["ours", "theirs"]
    code, said = run("migrate_orphaned_photos", "--migrate", *accept)
    counts = judge(pupils, today)
    outcome(**counts)
    assert (code, counts) == (0, {"right": PUPILS - 3, "wrong": 0, "left": 3})
    assert {one["evidence"][0]["kind"] for one in said["left"]} == {"number_hash_of_older_key"}


@pytest.mark.drill("our own older key, reseeded, a backup under the new key")
def test_our_own_older_key_counts_where_our_own_backup_knows_the_student(
    each_storage: str, settings: Any, outcome: Any
) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["old"]
    pupils = former_school()
    settings.PHOTO_IDENTITY_KEYS = ["new", "old"]
    today = by_sql(pupils, numbers_of(pupils))
    run("migrate_orphaned_photos", "--migrate")
    assert judge(pupils, today)["left"] == PUPILS
    backup_of(pupils, "251120")
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}


@pytest.mark.drill("the key is lost and a new one made, own backup, reseeded by SQL")
def test_a_person_vouches_for_a_backup_of_a_lost_key(each_storage: str, settings: Any, outcome: Any) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["lost"]
    pupils = former_school()
    backup = backup_of(pupils, "251120")
    settings.PHOTO_IDENTITY_KEYS = ["new"]
    today = by_sql(pupils, numbers_of(pupils))
    run("migrate_orphaned_photos", "--migrate")
    assert judge(pupils, today)["left"] == PUPILS
    assert run("migrate_orphaned_photos", "--migrate", "--trust-backup")[0] == 2
    for one in pupils:
        one.face = as_taken_in_again(one)
    assert run("migrate_orphaned_photos", "--migrate", "--trust-backup", "--backup-file", str(backup))[0] == 0
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS, "wrong": 0, "left": 0}
    assert AuditEntry.objects.get(action="backup.trust").subject == f"backup {backup.name}"


def test_restore_makes_the_students_of_a_backup_that_a_person_vouches_for(
    each_storage: str, settings: Any
) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["lost"]
    path = backup_of([Pupil("Ada", "S-1", "", "", "", uuid.uuid4(), 0)], "251120")
    settings.PHOTO_IDENTITY_KEYS = ["new"]
    restore = ("restore_student_photos", "--create-students", "--backup-file", str(path))
    code, said = run(*restore)
    assert (code, said["code"]) == (2, "another_school")
    assert "may be" in said["error"] and "--trust-backup" in said["error"]
    assert run(*restore, "--trust-backup")[0] == 0
    assert Student.objects.get().student_number == "S-1"


@pytest.mark.drill("reseeded by SQL without numbers, migrated, then restored from the backup of before")
def test_restore_knows_who_became_whom(each_storage: str, outcome: Any) -> None:
    """Half of them have a photo, migrate by name, and get other names since: the journal knows them. Of the
    rest only the name is left."""
    half = PUPILS // 2
    pupils = former_school(count=half)
    pupils += [Pupil(f"Pupil {place}", "", "", "", "", uuid.uuid4(), 0) for place in range(half, PUPILS)]
    for one in pupils:
        one.number = None  # type: ignore[assignment]
    backup_of(pupils, "251120")
    today = by_sql(pupils, [None] * PUPILS)
    assert run("migrate_orphaned_photos", "--migrate", "--accept-names")[0] == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE students_student SET name = name || ' Smith' WHERE profile_photo <> ''")
    code, said = run("restore_student_photos", "--create-students")
    counts = judge(pupils, today)
    outcome(**counts)
    assert (code, Student.objects.count()) == (0, PUPILS)
    assert counts == {"right": half, "wrong": 0, "left": half}
    assert all(line.startswith("Perhaps here") for line in said["left_for_a_person"])


@pytest.mark.drill("two numbers corrected by SQL, a backup since, then reseeded")
def test_a_backup_knows_that_numbers_were_corrected_past_our_code(each_storage: str, outcome: Any) -> None:
    """The identities inside still have each other's number: without that backup nobody could tell."""
    pupils = former_school()
    pupils[0].number, pupils[1].number = pupils[1].number, pupils[0].number
    backup_of(pupils, "251120")
    today = by_sql(pupils, numbers_of(pupils))
    run("migrate_orphaned_photos", "--migrate")
    counts = judge(pupils, today)
    outcome(**counts)
    assert counts == {"right": PUPILS - 2, "wrong": 0, "left": 2}


def test_erasing_a_child_leaves_another_schools_child_of_that_number_alone(
    each_storage: str, settings: Any
) -> None:
    settings.PHOTO_IDENTITY_KEYS = ["theirs"]
    (stranger,) = former_school(100, 1)
    settings.PHOTO_IDENTITY_KEYS = ["ours", "theirs"]
    (child,) = by_sql([stranger], ["S-000"]).values()
    run("erase_student", str(child.student_id), "--confirm")
    assert not Student.objects.exists()
    assert storage_for().stat(f"photos/students/{stranger.student_id}/profile.jpg") is not None
