"""Matching by eye as somebody in the office does it: a real Chromium, by keys and by touch."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from photostore.audit import Actor
from photostore.models import Operation
from photostore.storage import storage_for
from students.enrolment import create_student
from students.models import StagedMatch, Student, StudentPhoto
from students.photos import upload_photo
from students.tests.photo_zips import Imported
from students.tests.reseeding import undo_last
from students.tests.school import face
from students.versions import take_in
from testing.browser import both_windows, screenshot
from testing.jobs import run_jobs
from testing.people import DISK, make_person
from testing.pictures import portrait, saved
from testing.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEST_ACTOR = Actor("", "a test", "command")
PAGE = "/admin/students/student/by-eye/unowned/"
MOST_KEYS_FOR_40 = 160
IMPORTER = [f"{what}_{model}" for what in ("view", "add", "change") for model in ("student", "import")]
IMPORTER += ["view_operation", "change_operation"]


@pytest.fixture(autouse=True)
def one_house(served: Service, settings: Any, quick_passwords: None, own_storage: None) -> None:
    """The test looks into the same folders as the server, and makes passwords that it can check."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    settings.PHOTO_BACKUP_DIR = served.folder / "backups"
    settings.STORAGES = settings.STORAGES | {
        alias: {"BACKEND": DISK, "OPTIONS": {"location": served.folder / folder}}
        for alias, folder in {"default": "media", "safe": "safe"}.items()
    }
    for folder in ("student_photos", "photos"):  # what another test left belongs to nobody now
        shutil.rmtree(served.folder / "media" / folder, ignore_errors=True)
    storage_for().prepare()


def sign_in(page: Page, name: str = "olga") -> None:
    page.goto(f"/admin/login/?next={PAGE}")
    page.fill("#id_username", name)
    page.fill("#id_password", f"{name}-secret")
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.fixture
def office(page: Page) -> Page:
    make_person("olga", "view_student", "change_student", is_staff=True)
    return page


def enrolled(name: str, number: str, class_name: str = "7B", photo: bytes = b"") -> Student:
    fields = {"name": name, "student_number": number, "class_name": class_name}
    student = create_student(fields=fields, actor=TEST_ACTOR)
    if photo:
        incoming = take_in(photo, filename="then.jpg", origin=StudentPhoto.Origin.API)
        upload_photo(student=student, incoming=incoming, actor=TEST_ACTOR)
    return student


def put(name: str, data: bytes) -> None:
    storage_for().put(f"student_photos/{name}", data, content_type="image/jpeg")


class Keys:
    """Presses them one by one, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


def heading(page: Page) -> Any:
    return page.locator(".eye-now h2")


def staged(page: Page, count: int) -> None:
    """Picks are sent beside what somebody does meanwhile."""
    for _ in range(100):
        if StagedMatch.objects.count() == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{StagedMatch.objects.count()} are staged and not {count}")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.exhaustive
def test_forty_photos_by_keys_in_at_most_160_presses(office: Page) -> None:
    """A third has a card to choose, of the others somebody types the first letters of the name."""
    lasts = ("Ahlberg", "Brandt", "Castillo", "Dumont", "Eriksson", "Fontana", "Gruber", "Hansen")
    firsts = ("Ada", "Bea", "Cleo", "Dora", "Emil")
    students = {}
    for n in range(40):
        name = f"{firsts[n // 8]} {lasts[n % 8]}"
        file = f"{name.split()[1]}_{name.split(maxsplit=1)[0]}.jpg" if n % 3 == 0 else f"IMG_{n:04}.jpg"
        students[file] = enrolled(name, f"N{n}")
        put(file, saved(portrait(n, 60, 80), "JPEG"))
    sign_in(office)
    keys = Keys(office)
    for left in range(40, 0, -1):
        expect(office.locator("[data-left-count]")).to_have_text(f"{left} left")
        file = office.locator(".eye-now").get_attribute("data-item").rpartition("/")[2]  # type: ignore[union-attr]
        student = students[file]
        if file.startswith("IMG"):
            first, last = student.name.lower().split()
            # An initial and the beginning of the other name are enough among forty.
            keys.press(last[0], "Space", first[0], "Enter")
        else:
            keys.press("1")
        expect(office.locator("[data-status]")).to_contain_text(student.name)
    expect(office.locator("[data-left-count]")).to_have_text("0 left")
    staged(office, 40)
    with office.expect_navigation():
        keys.press("Enter")  # the link to all picks has the focus
    assert keys.count <= MOST_KEYS_FOR_40
    assert not StudentPhoto.objects.exists(), "nothing is done before the last yes"
    with office.expect_navigation():
        office.get_by_role("button", name="Yes, assign these 40 photos").press("Enter")
    expect(office.get_by_text("40 photos were assigned.")).to_be_visible()
    given = dict(StudentPhoto.objects.current().values_list("student__name", "original_filename"))
    assert given == {student.name: file for file, student in students.items()}
    assert Operation.objects.filter(command="match_profile_photos").count() == 1
    assert not undo_last().skipped
    assert not StudentPhoto.objects.current().exists()
    assert {file.key for file in storage_for().scan("student_photos/")} == {
        f"student_photos/{file}" for file in students
    }


@both_windows
def test_cards_search_neighbours_later_nobody_and_undo(office: Page, window: Any) -> None:
    ada, bea = enrolled("Ada Lovelace", "S-17", "8A", face(1)), enrolled("Béa Øster", "S-18", "8B")
    sami = enrolled("Sami Nurmi", "S-19", "8B")
    for name, seed in (("S-17.jpg", 2), ("IMG_9.jpg", 3), ("IMG_10.jpg", 4), ("IMG_11.jpg", 5)):
        put(name, face(seed))
    sign_in(office)
    expect(heading(office)).to_contain_text("1/4 student_photos/IMG_9.jpg")
    assert fits(office)
    # Later, and straight to a neighbour.
    office.locator(".eye-now [data-later-button]").click()
    expect(heading(office)).to_contain_text("2/4")
    office.locator(".eye-now .eye-neighbours button").last.click()
    expect(heading(office)).to_contain_text("4/4 student_photos/S-17.jpg")
    card = office.locator(".eye-now .eye-card")
    expect(card).to_contain_text("The file name is this student's number.")
    card.locator("img").evaluate("image => image.decode()")
    screenshot(office, "by_eye")
    card.click()
    # Not a student; then a search within a class, by touch.
    expect(heading(office)).to_contain_text("2/4")
    office.get_by_role("button", name="Not a student").locator("visible=true").click()
    expect(heading(office)).to_contain_text("3/4")
    office.locator("[data-class]").select_option("8B")
    expect(office.locator("[data-found] .eye-card")).to_have_count(2)
    office.get_by_role("searchbox").fill("bea ost")
    expect(office.locator("[data-found] .eye-card")).to_have_count(1)
    screenshot(office, "by_eye_search")
    office.locator("[data-found] .eye-card").click()
    # What was left for later comes last; a name that begins with a key's letter is typed with a capital.
    expect(heading(office)).to_contain_text("1/4")
    keys = Keys(office)
    keys.press("Shift+S", "a", "m", "Enter")
    expect(office.locator("[data-left-count]")).to_have_text("0 left")
    staged(office, 4)
    # Taken back, and something else is said: arrows choose, and Enter.
    keys.press("u")
    expect(heading(office)).to_contain_text("1/4")
    expect(office.locator("[data-left-count]")).to_have_text("1 left")
    staged(office, 3)
    keys.press("?")
    expect(office.get_by_text("the photo before, the next photo")).to_be_visible()
    screenshot(office, "by_eye_help")
    keys.press("?", "ArrowRight", "ArrowLeft", "/")
    office.keyboard.type("nurmi")
    expect(office.locator("[data-found] .eye-card")).to_have_count(1)
    keys.press("ArrowDown", "Enter")
    staged(office, 4)
    office.locator("[data-picks]").click()
    expect(office.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    expect(office.get_by_role("heading", name="Not a student")).to_be_visible()
    assert fits(office)
    screenshot(office, "by_eye_picks")
    with office.expect_navigation():
        office.get_by_role("button", name="Yes, assign these 3 photos").click()
    given = dict(StudentPhoto.objects.current().values_list("student", "original_filename"))
    assert given == {ada.pk: "S-17.jpg", bea.pk: "IMG_11.jpg", sami.pk: "IMG_9.jpg"}


def test_what_an_import_left_is_matched_and_committed_with_it(office: Page, api: Any) -> None:
    for name, number in (("Ada Byron", "1815"), ("Bea Curie", "1867"), ("Bea Curie", "1868")):
        enrolled(name, number)
    files = {"1815.jpg": face(1), "IMG_2.jpg": face(2), "Curie_Bea.jpg": face(3), "IMG_3.jpg": face(4)}
    batch = Imported(api, files)
    user = make_person("olive", *IMPORTER, is_staff=True)
    sign_in(office, user.username)
    office.goto(f"/admin/students/student/photo-imports/{batch.id}/")
    office.get_by_role("link", name="Match by eye what is left").click()
    expect(heading(office)).to_contain_text("1/3 Curie_Bea.jpg")
    expect(office.locator(".eye-now .eye-neighbours")).to_contain_text("Ada Byron")
    keys = Keys(office)
    keys.press("2", "n", "b", "Enter")
    expect(office.locator("[data-left-count]")).to_have_text("0 left")
    assert not StudentPhoto.objects.exists()
    with office.expect_navigation():
        keys.press("Enter")
    with office.expect_navigation():
        office.get_by_role("button", name="Yes, assign these 2 photos").press("Enter")
    run_jobs()
    expect(office.get_by_role("link", name="Undo this import")).to_be_visible()
    current = StudentPhoto.objects.current().values_list("student__student_number", "original_filename")
    assert dict(current) == {"1815": "1815.jpg", "1868": "Curie_Bea.jpg", "1867": "IMG_3.jpg"}
    assert Operation.objects.filter(undoes=None).count() == 1


def test_the_page_stays_open_while_the_session_ends(office: Page) -> None:
    """Nothing is lost that was said before, and what was not kept says so and is said again."""
    enrolled("Ada Lovelace", "S-17")
    bea = enrolled("Bea", "S-18", photo=face(1))
    put("S-17.jpg", face(2))
    put("S-18.jpg", face(3))
    sign_in(office)
    keys = Keys(office)
    keys.press("1")
    staged(office, 1)
    Session.objects.all().delete()
    keys.press("1")
    expect(office.get_by_text("Not saved yet.")).to_be_visible()
    expect(heading(office)).to_contain_text("2/2")
    assert StagedMatch.objects.count() == 1
    # Signed in again elsewhere: the page goes on, and shows faces whose links would have expired.
    other = office.context.new_page()
    sign_in(other)
    other.close()
    office.locator(".eye-now .eye-card img").evaluate("image => image.decode()")
    keys.press("1")
    staged(office, 2)
    assert StagedMatch.objects.filter(student_id=bea.student_id).exists()


def test_whoever_hears_the_page_is_told_what_happens(office: Page) -> None:
    enrolled("Ada Lovelace", "S-17")
    put("S-17.jpg", face(2))
    put("T.jpg", face(3))
    sign_in(office)
    heard = office.locator(".eye-now").aria_snapshot()
    assert 'img "Photo student_photos/S-17.jpg"' in heard
    for button in ("Ada Lovelace", "Later", "Not a student", "Undo"):
        expect(office.locator(".eye-now").get_by_role("button", name=button)).to_be_visible()
    assert heading(office).evaluate("one => one === document.activeElement")
    Keys(office).press("n")
    expect(office.get_by_role("status")).to_have_text("Not a student.")
    assert heading(office).evaluate("one => one === document.activeElement")
