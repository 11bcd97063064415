"""`match_profile_photos`: lists, suggestions, assigning one, and the walk in the terminal."""

from __future__ import annotations

import io
import sys
import uuid
from typing import Any

import pytest
from django.core.management import call_command

from photostore.models import QuarantinedFile, StoredFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students import identity
from students.models import Student, StudentPhoto
from students.tests.reseeding import links, tree, undo_last
from students.tests.school import enrol, everything, face, hand_in, likeness, saved
from testing.pictures import portrait

COMMAND = "match_profile_photos"


def put(key: str, data: bytes) -> None:
    storage_for().put(key, data, content_type="image/jpeg")


def today(pk: int) -> bytes:
    student = Student.objects.get(pk=pk)
    return storage_for().read(str(student.profile_photo), max_bytes=2**26)


def test_both_lists(api: Any, each_storage: str) -> None:
    enrol(api, "Ada", photo=face(1))
    bare = enrol(api, "Bea", student_number="B")
    put("student_photos/x.jpg", face(2))
    for left in (".DS_Store", "._x.jpg", "Thumbs.db"):
        put(f"student_photos/{left}", b"left by an operating system")
    code, said = run(COMMAND, "list-students-without-photos")
    assert (code, [one["id"] for one in said["students"]]) == (0, [bare["id"]])
    code, said = run(COMMAND, "list-available-photos")
    assert (code, [one["key"] for one in said["photos"]]) == (0, ["student_photos/x.jpg"])


@pytest.mark.parametrize("name", ["id", "uuid", "number"])
def test_assign_renames_through_intake_and_undo_gives_it_back(api: Any, each_storage: str, name: str) -> None:
    ada = enrol(api, "Ada", student_number="A-1")
    put("student_photos/IMG 2041.JPG", face(2))
    before = tree(), links()
    who = {"id": str(ada["id"]), "uuid": ada["student_id"], "number": "number:A-1"}[name]
    code, said = run(COMMAND, "assign", who, "IMG 2041.JPG")
    assert (code, said["profile_photo"]) == (0, f"student_photos/student_{ada['id']}_profile.jpg")
    assert likeness(today(ada["id"]), face(2)) < 6
    assert identity.read(today(ada["id"])).student_id == uuid.UUID(ada["student_id"])  # type: ignore[union-attr]
    assert StudentPhoto.objects.of_profile().get().origin == "match"
    assert QuarantinedFile.objects.get().key == "student_photos/IMG 2041.JPG"
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_the_file_may_have_the_students_own_documented_name(api: Any, each_storage: str) -> None:
    ada = enrol(api, "Ada")
    key = f"student_photos/student_{ada['id']}_profile.jpg"
    put(key, face(2))
    before = tree(), links()
    assert run(COMMAND, "assign", str(ada["id"]), key)[0] == 0
    assert likeness(today(ada["id"]), face(2)) < 6
    assert not undo_last().skipped
    assert (tree(), links()) == before


@pytest.mark.s3
def test_the_photo_before_stays_in_history_and_undo_makes_it_todays(api: Any, each_storage: str) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    put("student_photos/x.jpg", face(2))
    before = tree(), links()
    assert run(COMMAND, "assign", str(ada["id"]), "x.jpg")[0] == 0
    assert StudentPhoto.objects.count() == 2
    assert not undo_last().skipped
    assert (tree(), links()) == before


def test_an_undo_leaves_a_photo_that_was_handed_in_since(api: Any) -> None:
    ada = enrol(api, "Ada")
    put("student_photos/x.jpg", face(2))
    run(COMMAND, "assign", str(ada["id"]), "x.jpg")
    hand_in(api, ada["id"], face(3))
    before = today(ada["id"])
    assert [step.note for step in undo_last().left()] == ["The student's photo was changed since."]
    assert today(ada["id"]) == before


def test_a_png_becomes_a_png_under_its_documented_name(api: Any) -> None:
    ada = enrol(api, "Ada")
    picture = portrait(4, 300, 400).convert("RGBA")
    picture.putalpha(100)
    put("student_photos/x.bin", saved(picture, "PNG"))
    assert run(COMMAND, "assign", str(ada["id"]), "x.bin")[0] == 0
    assert Student.objects.get().profile_photo.name.endswith("_profile.png")


HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "a\0b.jpg",
    "x\\y.jpg",
    "",
    "..",
    "quarantine/x/y.jpg",
    "a/../b.jpg",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(api: Any, name: str, each_storage: str) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    before = everything()
    code, said = run(COMMAND, "assign", str(ada["id"]), name)
    assert code == 2, said
    assert everything() == before


def test_missing_files_students_and_symlinks_are_refused(api: Any, settings: Any) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    root = settings.STORAGES["default"]["OPTIONS"]["location"]
    (root / "student_photos" / "link.jpg").symlink_to(root / Student.objects.get().profile_photo.name)
    before = everything()
    for who, file in (
        (ada["id"], "nothing.jpg"),
        (999_999, "x.jpg"),
        ("number:Z", "x.jpg"),
        (ada["id"], "link.jpg"),
    ):
        assert run(COMMAND, "assign", str(who), file)[0] == 2
    assert everything() == before


def test_another_students_file_is_refused_by_register_and_by_identity(api: Any, each_storage: str) -> None:
    ada, bea = enrol(api, "Ada", photo=face(1)), enrol(api, "Bea")
    put("student_photos/x.jpg", today(ada["id"]))
    before = everything()
    code, said = run(COMMAND, "assign", str(bea["id"]), ada["profile_photo"])
    assert (code, "already has an owner" in said["error"]) == (2, True)
    code, said = run(COMMAND, "assign", str(bea["id"]), "x.jpg")
    assert (code, "another student" in said["error"]) == (2, True)
    assert everything() == before


def test_a_file_that_another_students_row_names_is_refused_before_it_is_adopted(
    api: Any, each_storage: str
) -> None:
    ada, cleo = enrol(api, "Ada"), enrol(api, "Cleo")
    put("old/cleo.jpg", face(3))
    put("student_photos/cleo.jpg", face(4))
    for key in ("student_photos/cleo.jpg", "old/cleo.jpg"):
        Student.objects.filter(pk=cleo["id"]).update(profile_photo=key, photo_sha256="0" * 64)
        assert key not in [one["key"] for one in run(COMMAND, "list-available-photos")[1]["photos"]]
        before = everything()
        code, said = run(COMMAND, "assign", str(ada["id"]), key)
        assert (code, "already has an owner" in said["error"]) == (2, True)
        assert everything() == before
    # Their own may be given.
    assert run(COMMAND, "assign", str(cleo["id"]), "old/cleo.jpg")[0] == 0
    assert likeness(today(cleo["id"]), face(3)) < 6


def test_what_is_no_picture_is_skipped_with_its_reason(api: Any) -> None:
    ada = enrol(api, "Ada", photo=face(1))
    put("student_photos/x.jpg", b"no picture at all")
    before = tree(), links()
    code, said = run(COMMAND, "assign", str(ada["id"]), "x.jpg")
    assert (code, said["error"].startswith("Nothing was changed: ")) == (2, True)
    assert (tree(), links()) == before


def test_suggestions_are_proposals_with_their_evidence(api: Any, each_storage: str) -> None:
    ada = enrol(api, "Ada Lovelace", student_number="S-17")
    enrol(api, "Bea", photo=face(1))
    put("student_photos/S-17.jpg", face(2))
    put("student_photos/lovelace_ADA.jpg", face(3))
    put(f"student_photos/student_{ada['id']}_profile.jpg", face(4))
    put("student_photos/IMG_1.jpg", face(5))
    before = everything()
    code, said = run(COMMAND, "suggest")
    assert code == 0
    kinds = {one["key"]: [piece["kind"] for piece in one["evidence"]] for one in said["suggestions"]}
    assert kinds == {
        "student_photos/S-17.jpg": ["number_in_file_name"],
        "student_photos/lovelace_ADA.jpg": ["name"],
        f"student_photos/student_{ada['id']}_profile.jpg": ["id_in_file_name"],
        "student_photos/IMG_1.jpg": [],
    }
    # Three files, one student: a person has to choose, as migrate_orphaned_photos --list says too.
    assert {one["state"] for one in said["suggestions"]} == {"ambiguous", "unknown"}
    assert everything() == before


def test_the_walk_takes_yes_no_and_quit(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        enrol(api, f"Student {number}", student_number=f"N-{number}")
        put(f"student_photos/N-{number}.jpg", face(number))
    monkeypatch.setattr(sys, "stdin", io.StringIO("what\ny\nn\nq\n"))
    output = io.StringIO()
    call_command(COMMAND, "interactive", stdout=output)
    assert "1 assigned, 0 refused, 1 declined, 0 without a suggestion." in output.getvalue()
    assert "the file is named by the number of: Student" in output.getvalue()
    assert Student.objects.with_photo().count() == 1
    assert StoredFile.objects.filter(kind="original").count() == 1


def test_the_end_of_the_input_ends_the_walk(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(api, "Ada", student_number="A", photo=face(1))
    put("student_photos/A.jpg", face(2))
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    call_command(COMMAND, "interactive", stdout=io.StringIO())
    assert StudentPhoto.objects.count() == 1


def test_wrong_usage_is_refused(api: Any) -> None:
    for arguments in (["assign"], ["assign", "1"], ["suggest", "1"]):
        assert run(COMMAND, *arguments)[0] == 2


def test_the_walk_gives_any_file_to_any_student(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that nothing is known of, and another one than was proposed; a mistyped id is noticed."""
    ada, bea = (enrol(api, name, student_number=name[0])["id"] for name in ("Ada", "Bea"))
    put("student_photos/A.jpg", face(1))
    put("student_photos/IMG_1.jpg", face(2))
    by_file = {"IMG_1.jpg": ["o", "99999", str(bea), "n", str(ada), "y"], "A.jpg": ["o", "number:B", "y"]}
    _code, said = run(COMMAND, "suggest")
    order = [one["key"].rpartition("/")[2] for one in said["suggestions"]]
    typed = [word for name in order for word in by_file[name]]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(typed) + "\n"))
    output = io.StringIO()
    call_command(COMMAND, "interactive", stdout=output)
    said = output.getvalue()
    assert "There is no student 99999." in said
    assert f"Make it the photo of Bea (ID {bea})? [y]es [n]o " in said
    assert "2 assigned, 0 refused, 0 declined, 0 without a suggestion." in said
    for pk, seed in ((ada, 2), (bea, 1)):
        photo = StudentPhoto.objects.of_profile().get(student=pk, replaced_at=None)
        assert likeness(storage_for().read(str(photo.file), max_bytes=2**26), face(seed)) < 6
