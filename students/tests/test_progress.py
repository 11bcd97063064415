"""A bar on a terminal for whatever takes long; nothing of it anywhere else."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from django.core.management import call_command

from photostore.storage import storage_for
from students.tests.commands import Terminal
from students.tests.school import enrol, face

# What stands beside the bar, how far it came, and the command.
CASES = {
    "backup": ("Writing the backup", "", ["create_seed_backup"]),
    "suggest": ("Reading files", "2/?", ["match_profile_photos", "suggest"]),
    "interactive": ("Reading files", "2/?", ["match_profile_photos", "interactive"]),
    "names": ("Reading unowned files", "1/?", ["restore_student_photos", "--from-filenames"]),
    "erase": ("Erasing", "", ["erase_student", "number:A-1", "--confirm"]),
    "undo": ("Taking back", "2/2", ["undo_photo_operation", "--last"]),
}


@pytest.fixture
def school(api: Any) -> None:
    """Ada, whose two unowned files may be hers, and Bea, whose photo was assigned."""
    ada = enrol(api, "Ada", student_number="A-1")
    enrol(api, "Bea", student_number="B-1")
    for number, name in enumerate((f"student_{ada['id']}_profile.jpg", "x.jpg", "y.jpg")):
        storage_for().put(f"student_photos/{name}", face(number), content_type="image/jpeg")
    call_command("match_profile_photos", "assign", "number:B-1", "y.jpg", stdout=io.StringIO())


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, str, list[str]]:
    return CASES[request.param]


def shown(monkeypatch: pytest.MonkeyPatch, words: list[str], stderr: io.StringIO) -> str:
    with monkeypatch.context() as patched:
        patched.setenv("TERM", "xterm")
        patched.setattr(sys, "stderr", stderr)
        patched.setattr(sys, "stdin", io.StringIO("q\n"))
        call_command(*words, stdout=io.StringIO())
    return stderr.getvalue()


def test_a_person_at_a_terminal_sees_a_bar(
    school: None, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, list[str]]
) -> None:
    what, counted, words = case
    seen = shown(monkeypatch, words, Terminal())
    assert what in seen
    assert counted in seen


def test_a_file_gets_none(
    school: None, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, list[str]]
) -> None:
    assert shown(monkeypatch, case[2], io.StringIO()) == ""


def test_a_machine_gets_none(
    school: None, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, list[str]]
) -> None:
    words = ["suggest" if word == "interactive" else word for word in case[2]]
    assert shown(monkeypatch, [*words, "--json"], Terminal()) == ""
