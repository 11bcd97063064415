"""The admin as staff use it: a real Chromium, the real gunicorn, PostgreSQL and a disk."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings
from playwright.sync_api import Page, expect

from photostore.audit import Actor
from photostore.models import AuditEntry, QuarantinedFile
from photostore.storage import storage_for
from students.enrolment import create_student
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.tests.school import face
from students.versions import stored_bytes, take_in
from testing.browser import both_windows, choose_by_key, each_window, screenshot
from testing.people import DISK, make_person
from testing.service import Service

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEST_ACTOR = Actor("", "a test", "command")
LIST = "/admin/students/student/"


@pytest.fixture(autouse=True)
def one_house(served: Service, settings: Any, quick_passwords: None, own_storage: None) -> None:
    """The test looks into the same folders as the server, and makes passwords that it can check."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    settings.PHOTO_BACKUP_DIR = served.folder / "backups"
    settings.STORAGES = settings.STORAGES | {
        alias: {"BACKEND": DISK, "OPTIONS": {"location": served.folder / folder}}
        for alias, folder in {"default": "media", "safe": "safe"}.items()
    }


@pytest.fixture
def staff(page: Page, alice: Any) -> Page:
    sign_in(page, "alice")
    return page


@pytest.fixture
def zoe() -> Student:
    """With a photo today and one from before."""
    student = enrolled("Zoë Lefèvre", "2041", face(1), class_name="7A")
    return upload_photo(student=student, incoming=picture(face(2)), actor=TEST_ACTOR).student


def picture(data: bytes) -> Any:
    return take_in(data, filename="photo.jpg", origin="import")


def enrolled(name: str, number: str | None = None, photo: bytes | None = None, **fields: Any) -> Student:
    return create_student(
        fields={"name": name, "student_number": number, **fields},
        actor=TEST_ACTOR,
        incoming=picture(photo) if photo else None,
    )


def sign_in(page: Page, name: str, password: str | None = None) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", password or f"{name}-secret")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def file(tmp_path: Path, data: bytes, name: str = "photo.jpg") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def save(page: Page, button: str = "_continue") -> None:
    with page.expect_navigation():
        page.click(f"button[name={button}]")


def open_student(page: Page, student: Student) -> None:
    page.goto(f"{LIST}{student.pk}/change/")


def shown_sha256(page: Page, student: Student) -> str:
    """The photo that the page links as today's, fetched by its link: of the bytes themselves."""
    link = page.locator("[data-photo-panel] a").first.get_attribute("href")
    body = page.request.get(str(link)).body()
    return hashlib.sha256(body).hexdigest()


def is_drawn(page: Page, selector: str) -> bool:
    """Whether the browser has decoded the picture and shows it."""
    image = page.locator(selector).first
    expect(image).to_be_visible()
    image.evaluate("image => image.decode()")
    return bool(image.evaluate("image => image.naturalWidth > 0"))


def fits(page: Page) -> bool:
    """Whether nothing stands out of the window at its side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def names(page: Page) -> list[str]:
    return page.locator("#result_list .field-name a").all_inner_texts()


@both_windows
def test_sign_in_and_a_wrong_password(page: Page, alice: Any, window: Any) -> None:
    page.goto("/")
    assert fits(page)
    screenshot(page, "home_newcomer")
    sign_in(page, "alice", "wrong")
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    screenshot(page, "wrong_password")
    sign_in(page, "alice")
    expect(page).to_have_url(re.compile("/admin/$"))
    screenshot(page, "index")
    page.goto("/")
    expect(page.get_by_text("Students without a photo")).to_be_visible()
    screenshot(page, "home_staff")


@each_window
def test_nobody_yet_and_nobody_like_that(staff: Page, window: Any) -> None:
    staff.goto(LIST)
    expect(staff.get_by_role("heading", name="No students yet")).to_be_visible()
    assert fits(staff)
    screenshot(staff, "no_students")
    staff.goto(f"{LIST}?q=somebody")
    expect(staff.get_by_role("heading", name="No student matches")).to_be_visible()
    screenshot(staff, "no_match")


@each_window
def test_find_a_student(staff: Page, zoe: Student, window: Any) -> None:
    enrolled("Zoltán Kovács", "2042", class_name="7B")
    enrolled("Adaeze N'Diaye", "2043", face(3), class_name="7B")
    staff.goto(LIST)
    assert names(staff) == ["Adaeze N'Diaye", "Zoltán Kovács", "Zoë Lefèvre"]
    assert is_drawn(staff, ".admin-face")
    assert fits(staff)
    screenshot(staff, "list")
    staff.fill("#searchbar", "zoe lef")
    with staff.expect_navigation():
        staff.press("#searchbar", "Enter")
    assert names(staff) == ["Zoë Lefèvre"]
    staff.goto(LIST)
    staff.get_by_text("Filters").first.click()
    screenshot(staff, "filters")
    with staff.expect_navigation():
        staff.get_by_role("link", name="Without a photo").click()
    assert names(staff) == ["Zoltán Kovács"]
    staff.get_by_role("link", name="Zoltán Kovács").last.click()
    expect(staff.get_by_text("No photo yet.")).to_be_visible()
    screenshot(staff, "student_without_photo")


@each_window
def test_add_a_student_with_a_photo(staff: Page, tmp_path: Path, window: Any) -> None:
    staff.goto(f"{LIST}add/")
    staff.fill("#id_name", "Seán O'Neill")
    staff.fill("#id_student_number", "3001")
    staff.set_input_files("#id_new_photo", file(tmp_path, face(5)))
    assert is_drawn(staff, ".admin-photo img"), "a preview, before anything is saved"
    assert not Student.objects.exists()
    assert fits(staff)
    screenshot(staff, "add_preview")
    save(staff)
    student = Student.objects.get()
    assert student.name == "Seán O'Neill"
    assert shown_sha256(staff, student) == student.photo_sha256
    assert StudentPhoto.objects.of_profile().get().uploaded_by == "alice"


@each_window
def test_replace_the_photo_and_bring_the_first_one_back(
    staff: Page, zoe: Student, tmp_path: Path, window: Any
) -> None:
    first, second = StudentPhoto.objects.order_by("pk")
    open_student(staff, zoe)
    assert shown_sha256(staff, zoe) == second.sha256
    expect(staff.locator("[data-photo-preview-figure]")).to_be_hidden()
    staff.set_input_files("#id_new_photo", file(tmp_path, face(7)))
    assert is_drawn(staff, "[data-photo-preview-image]")
    assert fits(staff)
    screenshot(staff, "replace_preview")
    zoe.refresh_from_db()
    assert zoe.photo_sha256 == second.sha256, "nothing is saved yet"
    save(staff)
    third = StudentPhoto.objects.latest("pk")
    assert shown_sha256(staff, zoe) == third.sha256
    assert staff.locator(".admin-history li").count() == 3
    assert is_drawn(staff, ".admin-history li:last-child img")
    assert fits(staff)
    screenshot(staff, "history")
    with staff.expect_navigation():
        staff.locator(".admin-history li").last.get_by_role("button").click()
    expect(staff.get_by_text("The earlier photo was restored.")).to_be_visible()
    zoe.refresh_from_db()
    assert zoe.photo_sha256 == first.sha256 == shown_sha256(staff, zoe)
    assert hashlib.sha256(stored_bytes(first)).hexdigest() == first.sha256
    assert list(StudentPhoto.objects.of_profile().filter(replaced_at=None)) == [first]
    screenshot(staff, "restored")


@each_window
def test_a_text_file_is_refused_and_nothing_is_lost(
    staff: Page, zoe: Student, tmp_path: Path, window: Any
) -> None:
    before = zoe.photo_sha256
    open_student(staff, zoe)
    staff.fill("#id_first_name", "typed before the mistake")
    staff.set_input_files("#id_new_photo", file(tmp_path, b"Dear school, here is the photo.", "photo.jpg"))
    save(staff, "_save")
    expect(staff.get_by_text("not a picture").first).to_be_visible()
    expect(staff.locator("#id_first_name")).to_have_value("typed before the mistake")
    assert fits(staff)
    screenshot(staff, "refused")
    assert shown_sha256(staff, zoe) == before
    zoe.refresh_from_db()
    assert (zoe.photo_sha256, zoe.first_name) == (before, "")
    refusal = AuditEntry.objects.get(outcome="refused")
    assert (refusal.action, refusal.actor_name, refusal.channel) == ("photo.upload", "alice", "admin")


@each_window
def test_removing_the_photo_asks_first(staff: Page, zoe: Student, window: Any) -> None:
    open_student(staff, zoe)
    questions = []
    staff.once("dialog", lambda dialog: (questions.append(dialog.message), dialog.dismiss()))
    staff.get_by_role("button", name="Remove the photo").click()
    assert questions == ["Remove the photo? It stays in the history."]
    zoe.refresh_from_db()
    assert zoe.profile_photo, "No means no"
    staff.once("dialog", lambda dialog: dialog.accept())
    with staff.expect_navigation():
        staff.get_by_role("button", name="Remove the photo").click()
    expect(staff.get_by_text("No photo yet.")).to_be_visible()
    screenshot(staff, "removed")
    zoe.refresh_from_db()
    assert not zoe.profile_photo
    assert zoe.photos.count() == 2, "both can be brought back"


@each_window
def test_a_bulk_action_asks_first(staff: Page, zoe: Student, window: Any) -> None:
    enrolled("Adaeze N'Diaye", "2043", face(3))
    enrolled("Zoltán Kovács", "2042")
    staff.goto(LIST)
    for box in staff.locator("#result_list .action-select").all():
        box.check()
    staff.select_option("select[name=action]", label="Remove the photos")
    screenshot(staff, "bulk_selected")
    with staff.expect_navigation():
        staff.get_by_role("button", name="Run").click()
    expect(staff.get_by_text("This will change 2 students.")).to_be_visible()
    expect(staff.get_by_text("3 were selected")).to_be_visible()
    assert fits(staff)
    screenshot(staff, "bulk_asks")
    assert Student.objects.with_photo().count() == 2, "asking changes nothing"
    with staff.expect_navigation():
        staff.get_by_role("button", name="Yes, do it").click()
    expect(staff.get_by_text("Remove the photos: done for 2 students.")).to_be_visible()
    assert not Student.objects.with_photo().exists()
    assert StudentPhoto.objects.count() == 3


@each_window
def test_deleting_says_what_becomes_of_the_photos(staff: Page, zoe: Student, window: Any) -> None:
    open_student(staff, zoe)
    with staff.expect_navigation():
        staff.get_by_role("link", name="Delete student").click()
    expect(staff.get_by_text("2 photos are set aside for 30 days")).to_be_visible()
    assert fits(staff)
    screenshot(staff, "delete")
    assert Student.objects.exists()
    with staff.expect_navigation():
        staff.get_by_role("button", name="Yes, delete").click()
    assert not Student.objects.exists()
    rows = QuarantinedFile.objects.all()
    assert len(rows) == 2
    assert all(storage_for().stat(f"quarantine/{row.operation}/{row.key}") for row in rows)


@each_window
def test_vera_sees_and_has_no_buttons(page: Page, vera: Any, zoe: Student, window: Any) -> None:
    sign_in(page, "vera")
    page.goto(LIST)
    assert names(page) == ["Zoë Lefèvre"]
    open_student(page, zoe)
    assert is_drawn(page, "[data-photo-now]")
    assert page.locator(".admin-history li").count() == 2
    assert fits(page)
    screenshot(page, "vera")
    for offer in ("Remove the photo", "Restore this photo", "Save"):
        expect(page.get_by_role("button", name=offer)).to_have_count(0)
    expect(page.locator("#id_new_photo, #id_name")).to_have_count(0)
    before = zoe.photo_sha256
    for forged in ("photo/remove/", f"photo/{zoe.photos.last().sha256}/restore/", "change/", "delete/"):
        assert forge(page, f"{LIST}{zoe.pk}/{forged}") == 403, forged
    zoe.refresh_from_db()
    assert zoe.photo_sha256 == before


def forge(page: Page, path: str) -> int:
    """The status of a POST from the page itself: with its cookies and a valid CSRF token."""
    status: int = page.evaluate(
        """async (path) => {
            const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1]
                ?? document.querySelector("[name=csrfmiddlewaretoken]").value;
            const headers = {"X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded"};
            return (await fetch(path, {method: "POST", headers, body: "name=Forged&post=yes"})).status;
        }""",
        path,
    )
    return status


def test_bob_sees_nothing(page: Page, bob: Any, zoe: Student) -> None:
    sign_in(page, "bob")
    expect(page.get_by_text("Students")).to_have_count(0)
    screenshot(page, "bob")
    for path in (LIST, f"{LIST}{zoe.pk}/change/", "/admin/photostore/auditentry/"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_text("Zoë")).to_have_count(0)
    screenshot(page, "bob_refused")


@each_window
def test_the_audit_can_be_read_and_not_changed(page: Page, zoe: Student, window: Any) -> None:
    make_person("carol", "view_auditentry", "change_auditentry", "delete_auditentry", is_staff=True)
    sign_in(page, "carol")
    page.goto("/admin/photostore/auditentry/")
    expect(page.get_by_text("photo.upload").first).to_be_visible()
    assert fits(page)
    screenshot(page, "audit")
    with page.expect_navigation():
        page.locator("#result_list td a, #result_list th[data-label] a").first.click()
    expect(page.locator("[name=_save], [name=_continue]")).to_have_count(0)
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)
    entry = AuditEntry.objects.latest("pk")
    assert forge(page, f"/admin/photostore/auditentry/{entry.pk}/delete/") == 403
    assert forge(page, f"/admin/photostore/auditentry/{entry.pk}/change/") == 403
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until `selector` has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


def test_the_main_way_with_the_keyboard_alone(page: Page, alice: Any, zoe: Student, tmp_path: Path) -> None:
    page.goto("/admin/")
    tab_to(page, "#id_username")
    page.keyboard.type("alice")
    tab_to(page, "#id_password")
    page.keyboard.type("alice-secret")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, f"a[href='{LIST}']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "#searchbar")
    page.keyboard.type("zoe")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, f"a[href*='/{zoe.pk}/change/']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, "#id_new_photo")
    choose_by_key(page, file(tmp_path, face(8)))
    tab_to(page, "#id_name")
    page.keyboard.press("End")
    page.keyboard.type(" d'Aubigny")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    zoe.refresh_from_db()
    assert zoe.name == "Zoë Lefèvre d'Aubigny", "Enter in a field saves"
    assert zoe.photos.count() == 3
    open_student(page, zoe)
    tab_to(page, ".admin-history li:last-child button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    zoe.refresh_from_db()
    assert zoe.photo_sha256 == zoe.photos.order_by("pk")[0].sha256
