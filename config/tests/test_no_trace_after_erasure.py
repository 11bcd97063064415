"""After an erasure no name, number or file name is left in a log, a table, a crash report or a folder."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from config.log_format import PrivateJsonFormatter
from photostore.storage import storage_for
from students.models import Student
from students.tests.commands import run
from students.tests.school import enrol, face, file_of, hand_in
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)

TRACES = ("zebulon", "quxley", "qx-4711", "qx-4712")
NAME = "Zebulon Quxley"
PHOTO = "zebulon_quxley.jpg"


@pytest.fixture
def database_log() -> Path:
    """As a server of an earlier version wrote it."""
    log = Path(django_settings.STATE_DIR) / "postgres.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(
        "ERROR:  duplicate key value violates unique constraint\n"
        "DETAIL:  Key (student_number)=(QX-4711) already exists.\n"
        f"STATEMENT:  INSERT INTO students_student VALUES (1, '{NAME}', '{PHOTO}', 'Zebulonia')\n"
        "LOG:  checkpoint complete\n" * 9
    )
    return log


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """All that the service's own log says."""
    handlers = logging.getLogger().handlers
    console = next(one for one in handlers if isinstance(one.formatter, PrivateJsonFormatter))
    monkeypatch.setattr(console, "stream", io.StringIO())
    return console.stream  # type: ignore[attr-defined,no-any-return]


def everything_that_happens(api: APIClient) -> int:
    """Photos, changes on a page and over REST, refusals, a matched file; the student's key."""
    words = {"first_name": "Zebulon", "last_name": "Quxley", "student_number": "QX-4711"}
    pk = int(enrol(api, NAME, photo=face(1), filename=PHOTO, **words)["id"])
    hand_in(api, pk, face(2), PHOTO)
    hand_in(api, pk, b"no picture", PHOTO)
    form = {"date": "2026-11-20", "session": "AM", "image": file_of(face(3), PHOTO)}
    api.post(f"/api/students/{pk}/attendance-photos/", form, format="multipart")
    api.post("/api/students/", {"name": NAME, "student_number": "QX-4711"})
    api.get(f"/api/students/?search={NAME}")
    for method in ("get", "post", "put"):
        getattr(api, method)(f"/media/student_photos/{PHOTO}")
        getattr(api, method)(f"/media/{PHOTO}")
    api.patch(f"/api/students/{pk}/", {"student_number": "QX-4712"})
    staff = Client()
    staff.force_login(make_person("root", is_staff=True, is_superuser=True))
    page = {"name": NAME, "student_number": "QX-4712", "class_name": "4b", "status": "active"}
    assert staff.post(f"/admin/students/student/{pk}/change/", page).status_code == 302
    assert api.delete(f"/api/students/{pk}/photo/").status_code == 204
    storage_for().put(f"student_photos/{PHOTO}", face(4), content_type="image/jpeg")
    assert run("match_profile_photos", "assign", str(pk), f"student_photos/{PHOTO}")[0] == 0
    return pk


def crash(monkeypatch: pytest.MonkeyPatch, api: APIClient) -> None:
    """A request that ends as a 500, by an error of the database that quotes the row."""

    def refuse(**_named: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE students_student SET student_number = '' WHERE name = %s", [NAME])

    def refuse_too(**_named: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO students_student (name, grade) VALUES ('{NAME}', NULL)")

    api.raise_request_exception = False  # type: ignore[attr-defined]
    for way in (refuse, refuse_too):
        monkeypatch.setattr("students.views.students.create_student", way)
        assert api.post("/api/students/", {"name": "Ben"}).status_code == 500


def rows() -> str:
    """Every row of every table as text; what a command keeps for itself ends with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT whole::text FROM "{table}" whole')
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(found)


def files(tmp_path: Path) -> str:
    """Every file's name, and the words in it; a log is among them, backups are not (they are told)."""
    folders = [tmp_path / "media", tmp_path / "safe", Path(django_settings.STATE_DIR)]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return "\n".join(f"{path} {path.read_bytes().decode(errors='replace')}" for path in found)


def traces_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(one in line.lower() for one in TRACES)]


def test_nothing_says_who_it_was(
    api: APIClient, database_log: Path, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO, tmp_path: Path
) -> None:
    pk = everything_that_happens(api)
    crash(monkeypatch, api)
    assert traces_in(rows()) and traces_in(files(tmp_path)), "there was something to forget"
    other = Student.objects.create(name="Ben Other", student_number="B-1")
    assert run("erase_student", str(pk), "--confirm")[0] == 0
    assert traces_in(rows()) == []
    assert [line for line in traces_in(files(tmp_path)) if "Zebulonia" not in line] == []
    said = logged.getvalue()
    assert "Internal Server Error" in said and "Traceback" in said and "students_number_is_not_empty" in said
    assert traces_in(said) == []
    assert Student.objects.get() == other
    log = database_log.read_text()
    assert "Zebulonia" in log and log.count("checkpoint complete") == 9, "nothing else is starred out"


def test_no_list_that_was_imported_says_who_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a list that added her, one that is being looked at, one that cannot be read, and what was undone."""
    from students.tests import rosters

    office = rosters.office()
    heading = "Number;Last;First;Class"
    lines = ["QX-4711;Quxley;Zebulon;4b", "B-1;Other;Ben;4b"]
    rosters.committed(office, rosters.listed(*lines, heading=heading))
    rosters.committed(office, rosters.listed(lines[0].replace("4b", "4c"), lines[1], heading=heading))
    # Her number for another name, her number twice, her name under another number, and not at all.
    others = ["QX-4711;Mister;Other;4b", *lines, "QX-9;Quxley;Zebulon;4c", "QX-4711;;;4b"]
    for again in (others, lines[1:], ["03-Apr;Quxley;Zebulon;4c", lines[1]]):
        rosters.hand_in_list(office, rosters.listed(*again, heading=heading))
    erased = Student.objects.get(student_number="QX-4711")
    assert len(traces_in(rows())) > 10
    assert run("erase_student", str(erased.pk), "--confirm")[0] == 0
    left = [line for line in traces_in(rows()) if "photostore_quarantinedfile" not in line]
    assert left == []
    assert Student.objects.get().name == "Ben Other"
