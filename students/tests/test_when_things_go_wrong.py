"""Follows docs/when-things-go-wrong.md: each scenario is set up, each command is run, each output compared.

`REWRITE_DOCS=1` writes the outputs that it sees into the page instead.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command

from photostore import keys
from photostore.audit import Actor
from photostore.storage import storage_for
from students.enrolment import create_student, delete_student
from students.models import Student, StudentPhoto
from students.tests.reseeding import forget_everything
from students.tests.school import face
from students.versions import take_in

PAGE = Path(__file__).resolve().parents[2] / "docs" / "when-things-go-wrong.md"
SCENARIO = re.compile(r"<!-- scenario: (.+?) -->\n```console\n(.*?)```\n", re.DOTALL)
OLGA = Actor(id="", name="olga", door="command")
SCHOOL = [
    ("Ada Lovelace", "S-1", "00000000-0000-4000-8000-000000000001"),
    ("Grace Hopper", "S-2", "00000000-0000-4000-8000-000000000002"),
    ("Alan Turing", "S-3", "00000000-0000-4000-8000-000000000003"),
]
# What differs from run to run, and what the page shows in its place.
VARIABLE = [
    (re.compile(r"[0-9a-f]{64}"), "SHA256"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"seed_backup_\d{8}_\d{4}"), "seed_backup_YYYYmmdd_HHMM"),
    (re.compile(r"\d{4}-\d\d-\d\d( |T)\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z|\+00:00)?"), "YYYY-mm-dd HH:MM"),
    (re.compile(r"\S*/backups(?=/|\b)"), "backups"),
    # Without --checksum it depends on the clock: what was written after its row is read.
    (re.compile(r"\d+ were read in this run"), "N were read in this run"),
    (re.compile(r"\d+ % re-hashed"), "N % re-hashed"),
]


@pytest.fixture
def school(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "olga")
    forget_everything()
    for place, (name, number, student_id) in enumerate(SCHOOL):
        create_student(
            fields={"name": name, "student_number": number, "student_id": uuid.UUID(student_id)},
            incoming=take_in(face(place), filename="photo.jpg", origin="api"),
            actor=OLGA,
        )


def healthy() -> None:
    """Nothing is wrong."""


def unlinked() -> None:
    run("create_seed_backup")
    StudentPhoto.objects.all().delete()
    Student.objects.update(profile_photo="", photo_sha256="")


def reseeded() -> None:
    forget_everything()
    for name, number, _student_id in [*SCHOOL[1:], ("Mary Jackson", "S-9", "")]:
        create_student(fields={"name": name, "student_number": number}, actor=OLGA)


def files_gone() -> None:
    for place, photo in enumerate(StudentPhoto.objects.order_by("pk")):
        storage_for().remove(str(photo.file))
        if place == 0:
            storage_for().remove(str(photo.student.profile_photo))
            storage_for("safe").remove(keys.student_safe(photo.student.student_id))


def database_gone() -> None:
    run("create_seed_backup")
    forget_everything()


def deleted() -> None:
    run("create_seed_backup")
    delete_student(student=Student.objects.get(student_number="S-1"), actor=OLGA)


def deleted_without_a_backup() -> None:
    delete_student(student=Student.objects.get(student_number="S-1"), actor=OLGA)
    create_student(fields={"name": "Ada Lovelace", "student_number": "S-1"}, actor=OLGA)


def new_disk() -> None:
    root = Path(settings.MEDIA_ROOT)
    shutil.rmtree(root)
    root.mkdir()
    storages._storages.clear()  # type: ignore[attr-defined]


SET_UP = {
    "healthy": healthy,
    "unlinked": unlinked,
    "reseeded": reseeded,
    "files gone": files_gone,
    "database gone": database_gone,
    "deleted": deleted,
    "deleted without a backup": deleted_without_a_backup,
    "new disk": new_disk,
    "undo": unlinked,
}


def run(*words: str) -> str:
    """What the command prints, to whichever of the two."""
    output = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command(*words, stdout=output, stderr=output)
    text = output.getvalue()
    for pattern, shown in VARIABLE:
        text = pattern.sub(shown, text)
    return text


def follow(block: str) -> str:
    """The block again, with the commands in it run and their outputs behind them."""
    shown = []
    for line in block.splitlines():
        if line.startswith("$ manage.py "):
            output = run(*shlex.split(line.removeprefix("$ manage.py "))).rstrip().splitlines()
            shown += [line, *keys_in_order(output)]
    return "\n".join(shown) + "\n"


def keys_in_order(lines: list[str]) -> list[str]:
    """The files under a finding come in no order; on the page they have one."""
    ordered: list[str] = []
    for is_key, group in itertools.groupby(lines, key=lambda line: bool(re.match(r"  \S+/", line))):
        found = list(group)
        ordered += sorted(found) if is_key else found
    return ordered


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scenario", SET_UP)
def test_the_page_is_true(school: None, scenario: str) -> None:
    page = PAGE.read_text()
    (block,) = [block for name, block in SCENARIO.findall(page) if name == scenario]
    SET_UP[scenario]()
    seen = follow(block)
    if os.environ.get("REWRITE_DOCS"):
        PAGE.write_text(
            page.replace(
                f"<!-- scenario: {scenario} -->\n```console\n{block}```",
                f"<!-- scenario: {scenario} -->\n```console\n{seen}```",
            )
        )
        return
    assert seen == block


def test_every_scenario_of_the_page_is_followed(db: Any) -> None:
    assert {name for name, _block in SCENARIO.findall(PAGE.read_text())} == set(SET_UP)
