"""Photos on the wrong student are moved, removed, exchanged or merged by a person, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.models import Operation
from photostore.tests.inventory_files import run
from students.models import FormerStudentNumber, Student, StudentPhoto
from students.photos import current_photo, upload_photo
from students.recovery.change import ChangePhoto
from students.recovery.reassign import by_hand
from students.tests.commands import OPERATOR
from students.tests.killing import kill_everywhere
from students.tests.losing import lose
from students.tests.reseeding import forget_everything, links, tree, undo_last
from students.tests.school import enrol, face, hand_in
from students.versions import take_in
from testing.kills.commands import one_of


@pytest.fixture
def pair(api: Any, each_storage: str) -> tuple[Student, Student]:
    """Ada has one photo; Bea's own was replaced by one that is Ada's."""
    ada = enrol(api, "Ada", student_number="S-1", photo=face(1))
    bea = enrol(api, "Bea", student_number="S-2", photo=face(2))
    assert hand_in(api, bea["id"], face(3)).status_code == 200
    return Student.objects.get(pk=ada["id"]), Student.objects.get(pk=bea["id"])


def faces(student: Student, slot: str = "profile") -> tuple[str, list[str]]:
    """The current photo and the former ones, by the bytes as they were handed in."""
    photos = StudentPhoto.objects.filter(student=student, slot=slot)
    current = photos.filter(replaced_at=None).first()
    former = photos.exclude(replaced_at=None).order_by("uploaded_at")
    return (current.source_sha256 if current else ""), list(former.values_list("source_sha256", flat=True))


def source(seed: int) -> str:
    return take_in(face(seed), filename="a.jpg", origin="api").clean.source_sha256


def is_sound() -> None:
    assert run("verify_media", "--checksum")[0] == 0


def taken_back_and_done_again(before: Any) -> None:
    after = tree(), links()
    operation = Operation.objects.get(undoes=None)
    undone = undo_last()
    assert not undone.skipped, [one.note for one in undone.left()]
    assert (tree(), links()) == before
    is_sound()
    assert run("undo_photo_operation", str(Operation.objects.get(undoes=operation).pk))[0] == 0
    assert (tree(), links()) == after


def test_a_photo_that_went_to_the_wrong_one_is_moved(pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    before = tree(), links()
    code, said = run("move_version", "number:S-2", bea.photo_sha256[:8], str(ada.pk))
    assert (code, said["photos"]) == (0, 1), said
    assert faces(ada) == (source(3), [source(1)])
    assert faces(bea) == (source(2), []), "the one before is the photo again"
    is_sound()
    taken_back_and_done_again(before)


def test_a_former_version_is_moved_and_becomes_a_former_one(pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    before = tree(), links()
    former = bea.photos.exclude(replaced_at=None).get()
    assert run("move_version", str(bea.pk), former.sha256, str(ada.student_id))[0] == 0
    assert faces(ada) == (source(1), [source(2)])
    assert faces(bea) == (source(3), [])
    is_sound()
    taken_back_and_done_again(before)


@pytest.mark.parametrize("which", ["current", "former", "only"])
def test_a_version_is_removed(pair: tuple[Student, Student], which: str) -> None:
    ada, bea = pair
    student = ada if which == "only" else bea
    before = tree(), links()
    photo = student.photos.filter(replaced_at__isnull=which != "former").get()
    assert run("remove_version", str(student.pk), photo.sha256)[0] == 0
    expected = {"current": (source(2), []), "former": (source(3), []), "only": ("", [])}
    assert faces(student) == expected[which]
    is_sound()
    taken_back_and_done_again(before)


def test_two_photos_are_exchanged(pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    before = tree(), links()
    assert run("swap_photos", str(ada.pk), str(bea.pk))[1]["photos"] == 2
    assert (faces(ada)[0], faces(bea)[0]) == (source(3), source(1))
    is_sound()
    taken_back_and_done_again(before)


def test_one_who_was_entered_twice_is_one(api: Any, pair: tuple[Student, Student]) -> None:
    """The photo of the one that stays stays; every other one is in the history, and numbers are not lost."""
    ada, bea = pair
    for student, slots in ((ada, ["2026-11-20_AM"]), (bea, ["2026-11-20_AM", "2026-11-20_PM"])):
        for place, slot in enumerate(slots):
            incoming = take_in(face(10 + place + student.pk), filename="a.jpg", origin="api")
            upload_photo(student=student, slot=slot, incoming=incoming, actor=OPERATOR)
    before = tree(), links()
    attended = faces(bea, "2026-11-20_AM")[0]
    assert run("merge_students", str(ada.pk), str(bea.pk))[0] == 0
    assert not Student.objects.filter(pk=bea.pk).exists()
    assert faces(ada) == (source(1), [source(2), source(3)])
    assert faces(ada, "2026-11-20_AM")[1] == [attended]
    assert faces(ada, "2026-11-20_PM")[0]
    assert FormerStudentNumber.objects.get().student_number == "S-2"
    is_sound()
    undone = undo_last()
    assert not undone.skipped, [one.note for one in undone.left()]
    assert (tree(), links()) == before
    again = Student.objects.get(pk=bea.pk)
    assert (again.name, again.student_number, again.student_id) == ("Bea", "S-2", bea.student_id)
    assert not FormerStudentNumber.objects.exists()
    is_sound()


def test_the_one_that_stays_gets_the_number_where_it_has_none(api: Any, each_storage: str) -> None:
    keep = enrol(api, "Ada")
    duplicate = enrol(api, "Ada L.", student_number="S-9", photo=face(1))
    assert run("merge_students", str(keep["id"]), "number:S-9")[0] == 0
    student = Student.objects.get()
    assert (student.pk, student.student_number, bool(student.photo_sha256)) == (keep["id"], "S-9", True)
    undo_last()
    assert Student.objects.get(pk=duplicate["id"]).student_number == "S-9"
    assert Student.objects.get(pk=keep["id"]).student_number is None


def test_what_makes_no_sense_is_refused_and_changes_nothing(pair: tuple[Student, Student], api: Any) -> None:
    ada, bea = pair
    empty = enrol(api, "Cem")
    before = tree(), links()
    for arguments in (
        ("move_version", str(ada.pk), "0" * 64, str(bea.pk)),
        ("move_version", str(ada.pk), ada.photo_sha256[:3], str(bea.pk)),
        ("move_version", str(ada.pk), ada.photo_sha256, str(ada.pk)),
        ("remove_version", "number:S-77", ada.photo_sha256),
        ("swap_photos", str(ada.pk), str(ada.pk)),
        ("swap_photos", str(ada.pk), str(empty["id"])),
        ("merge_students", str(ada.pk), str(ada.pk)),
    ):
        code, said = run(*arguments)
        assert (code, bool(said["error"])) == (2, True), arguments
    assert (tree(), links()) == before
    assert not Operation.objects.exists()


def test_two_photos_are_exchanged_over_rest(api: Any, pair: tuple[Student, Student]) -> None:
    ada, bea = pair
    before = tree(), links()
    answer = api.post(f"/api/students/{ada.pk}/swap-photo/", {"student": bea.pk})
    assert (answer.status_code, answer.json()["id"]) == (200, ada.pk), answer.content
    assert (faces(ada)[0], faces(bea)[0]) == (source(3), source(1))
    undo_last()
    assert (tree(), links()) == before
    address = f"/api/students/{ada.pk}/swap-photo/"
    assert api.post(address, {"student": ada.pk}).status_code == 409
    assert api.post(address, {"student": 4711}).status_code == 404
    assert api.post(address, {"student": "x"}).status_code == 400
    assert (tree(), links()) == before


def test_an_exchange_over_rest_that_broke_off_is_not_done_twice(
    api: Any, pair: tuple[Student, Student]
) -> None:
    """The worker died when it had written down what it was about to do; the client sends it again."""
    ada, bea = pair
    photos = [current_photo(student) for student in pair]
    assert photos[0] and photos[1]
    parts = [by_hand._given(photos[1], ada, live=True), by_hand._given(photos[0], bea, live=True)]
    operation = Operation.objects.create(command="swap_photos", channel="api")
    operation.steps.create(number=1, kind="move_photos", details={"parts": parts})
    answer = api.post(f"/api/students/{ada.pk}/swap-photo/", {"student": bea.pk})
    assert (answer.status_code, answer.json()["code"]) == (409, "broke_off")
    assert (faces(ada)[0], faces(bea)[0]) == (source(3), source(1))


def test_who_lost_the_current_photo_gets_the_one_before(pair: tuple[Student, Student]) -> None:
    """Only when asked for; and only the student's own."""
    ada, bea = pair
    for student in (ada, bea):
        own = [f"photos/students/{student.student_id}/history/{student.photo_sha256}"]
        own += [f"photos/students/{student.student_id}/profile.jpg", f"student_photos/student_{student.pk}_"]
        lose("default", *own)
        lose("safe", *own)
    before = links()
    assert run("restore_student_photos")[1]["photos_missing"] == 2
    assert links() == before
    code, said = run("restore_student_photos", "--previous")
    assert code == 0, said
    assert faces(bea) == (source(2), [source(3)])
    assert faces(ada) == (source(1), []), "she has no other one"
    assert any("an earlier version is the photo again" in one for one in said["left_for_a_person"])
    assert "gone" in next(undo_last().left()).note, "no undo goes back to a photo without bytes"
    assert faces(bea) == (source(2), [source(3)])


@pytest.mark.usefixtures("pair")
def test_a_younger_photo_of_before_the_reseed_may_be_the_current_one() -> None:
    """The student was entered again and has a photo; the orphan is younger than that."""
    forget_everything()
    again = Student.objects.create(name="Bea", student_number="S-2")
    upload_photo(student=again, incoming=take_in(face(5), filename="a.jpg", origin="api"), actor=OPERATOR)
    Student.objects.filter(pk=again.pk).update(photo_updated_at="2020-01-01T00:00:00Z")
    before = tree(), links()
    assert run("migrate_orphaned_photos", "--migrate")[0] == 0
    assert faces(again)[0] == source(5), "the present one stays"
    assert not undo_last().skipped
    assert (tree(), links()) == before
    assert run("migrate_orphaned_photos", "--migrate", "--newest-is-current")[0] == 0
    again.refresh_from_db()
    assert faces(again)[0] != source(5)
    assert run("migrate_orphaned_photos", "--list", "--newest-is-current")[0] == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_run_again(pair: tuple[Student, Student], each_storage: str) -> None:
    """An exchange is never left by half, and never done twice; so are its undo, and a merging."""
    ada, bea = pair
    kill_everywhere("swap_photos", str(ada.pk), str(bea.pk), every=one_of(each_storage), at_least=15)
    kill_everywhere("merge_students", str(ada.pk), str(bea.pk), every=one_of(each_storage), at_least=20)


def test_half_an_exchange_is_taken_back(
    pair: tuple[Student, Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one got another photo at the same moment."""
    ada, bea = pair
    perform = ChangePhoto.perform

    def meddled(self: Any, step: Any) -> None:
        if step.details["student"] == bea.pk:
            monkeypatch.setattr(ChangePhoto, "perform", perform)
            incoming = take_in(face(6), filename="a.jpg", origin="api")
            upload_photo(student=bea, incoming=incoming, actor=OPERATOR)
        perform(self, step)

    monkeypatch.setattr(ChangePhoto, "perform", meddled)
    code, said = run("swap_photos", str(ada.pk), str(bea.pk))
    assert (code, "another photo by now" in said["error"]) == (2, True), said
    assert (faces(ada), faces(bea)[0]) == ((source(1), []), source(6))
    is_sound()
