"""What makes no sense on a command line is refused in a sentence, and never passed over in silence."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command

from photostore.errors import StorageFull, StorageUnavailable
from photostore.models import Operation, OperationStep
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student
from students.tests.commands import Terminal
from students.tests.school import enrol, face

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "line",
    [
        "restore_student_photos --from-filenames --create-students",
        "restore_student_photos --from-filenames --bring-back number:S-1",
        "restore_student_photos --from-filenames --checksum",
        "restore_student_photos --from-filenames --backup-file x.json",
        "restore_student_photos --from-filenames --new-storage",
        "restore_student_photos --bring-back=",  # an empty variable of a script does not mean everybody
        "migrate_orphaned_photos --list --confirm",
        "migrate_orphaned_photos --list --backup-file=",
        "list_photo_operations --limit 0",
        "list_photo_operations --limit -1",
        "list_photo_operations --limit 99999999999999999999",
    ],
)
def test_it_is_refused(api: Any, line: str) -> None:
    code, answer = run(*line.split(" "))
    assert (code, bool(answer["error"])) == (2, True)
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    "command", ["purge_quarantine", "cleanup_orphaned_photos", "cleanup_pending_uploads"]
)
def test_a_duration_beyond_all_calendars_is_refused(db: None, command: str) -> None:
    with pytest.raises(CommandError, match="hundred years"):
        call_command(command, "--older-than", "999999d", stdout=io.StringIO())


def test_a_backup_goes_into_a_folder(db: None, tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("a file")
    code, answer = run("create_seed_backup", "--output", str(tmp_path / "backups"))
    assert (code, answer["error"].endswith("is a file; --output takes a folder.")) == (2, True)


def test_an_empty_folder_name_is_none(db: None) -> None:
    with pytest.raises(CommandError, match="none was given"):
        call_command("create_seed_backup", "--output=", stdout=io.StringIO())


def test_the_help_is_about_photos(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ManagementUtility(["manage.py", "match_profile_photos", "--help"]).execute()
    told = capsys.readouterr().out
    assert "list-available-photos" in told
    assert "--pythonpath" not in told


def test_a_person_at_a_terminal_reads_sentences_not_json(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(api, "Ada")
    killed = Operation.objects.create(command="migrate_orphaned_photos")
    details = {"storage_alias": "default", "key": "gone.jpg", "sha256": "a" * 64, "byte_size": 1}
    OperationStep.objects.create(operation=killed, number=1, kind="sweep_aside", details=details)
    handler = logging.StreamHandler(terminal := Terminal())
    handler.setFormatter(machines := logging.Formatter("%(name)s"))
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    assert run("adopt_media")[0] == 0
    assert terminal.getvalue().startswith("Finishing step 1 of the interrupted migrate_orphaned_photos")
    assert handler.formatter is machines


def test_an_undo_that_took_nothing_back_has_nothing_to_undo(db: None) -> None:
    first = Operation.objects.create(command="migrate_orphaned_photos", state=Operation.State.PARTLY)
    nothing = Operation.objects.create(
        command="undo_photo_operation", undoes=first, state=Operation.State.DONE
    )
    OperationStep.objects.create(
        operation=nothing, number=1, kind="revert_step", state=OperationStep.State.SKIPPED, details={}
    )
    code, answer = run("undo_photo_operation", str(nothing.pk))
    assert (code, answer["code"]) == (2, "nothing_stands")
    assert Operation.objects.count() == 2


def test_a_step_that_was_begun_is_told_where_it_could_not_be_done(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next command does it, whatever that is; who was told that nothing changed must know."""
    ada = enrol(api)["id"]
    storage_for().put("student_photos/x.jpg", face(1), content_type="image/jpeg")

    def full(*_arguments: Any, **_options: Any) -> None:
        raise StorageFull

    said = io.StringIO()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(storage_for()), "put_many", full)
        with pytest.raises(SystemExit) as ended:
            call_command("match_profile_photos", "assign", str(ada), "x.jpg", stderr=said)
        begun = Operation.objects.get()
        assert (ended.value.code, Student.objects.get(pk=ada).photo_sha256) == (2, "")
        assert f"undo_photo_operation {begun.pk}" in said.getvalue()
        assert run("migrate_orphaned_photos", "--migrate")[1]["unfinished"] == str(begun.pk)
    assert run("undo_photo_operation", str(begun.pk))[0] == 0
    assert Student.objects.get(pk=ada).photo_sha256 == ""
    assert storage_for().stat("student_photos/x.jpg") is not None


def test_who_closes_the_pipe_does_not_stop_the_work(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`| head` is a habit; what it cut off half-way was a restoration."""
    for number in range(3):
        Student.objects.create(name=f"Pupil {number}")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as closed:
        monkeypatch.setattr("sys.stdout", closed)
        call_command("restore_student_photos")
        assert os.path.samestat(os.fstat(closed.fileno()), Path(os.devnull).stat())


def test_what_was_saved_without_its_copies_is_no_refusal(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """2 says that nothing was changed, and here the photo is the student's."""
    ada = enrol(api)["id"]
    storage_for().put("student_photos/x.jpg", face(1), content_type="image/jpeg")
    original = type(storage_for()).put_many

    def put_many(self: Any, files: Any) -> Any:
        some = list(files)
        if any(one.key.startswith("student_photos/") for one in some):
            raise StorageFull
        return original(self, some)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(storage_for()), "put_many", put_many)
        code, said = run("match_profile_photos", "assign", str(ada), "x.jpg")
    assert (code, said["code"]) == (1, "exports_pending")
    assert Student.objects.get(pk=ada).photo_sha256


def test_no_way_back_is_offered_from_an_erasure(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, said = enrol(api, photo=face(1))["id"], io.StringIO()

    def away(*_arguments: Any, **_options: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("students.recovery.erase.step.EraseStudent.perform", away)
    with pytest.raises(SystemExit):
        call_command("erase_student", str(ada), "--confirm", stderr=said)
    assert "A step of erase_student was begun" in said.getvalue()
    assert "undo" not in said.getvalue()
