import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from photostore.models import AuditEntry, StoredFile
from students.models import AttendancePhoto, Student
from students.tests.school import face
from testing.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)
PERMISSIONS = [
    f"{verb}_{model}"
    for verb in ("view", "add", "change", "delete")
    for model in ("attendancephoto", "student")
]


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(make_person("dora", *PERMISSIONS, is_staff=True))
    return client


@pytest.fixture
def ada(db):
    return Student.objects.create(name="Ada", student_number="S-1")


def add(staff, ada, image, **fields):
    form = {"student": ada.pk, "date": "2026-11-20", "session": "AM", "image": image} | fields
    return staff.post("/admin/students/attendancephoto/add/", form)


def test_a_photo_is_added_replaced_and_removed(staff, ada):
    assert add(staff, ada, SimpleUploadedFile("a.jpg", face(1))).status_code == 302
    photo = AttendancePhoto.objects.get()
    page = f"/admin/students/attendancephoto/{photo.pk}/change/"
    assert (
        staff.get(page).status_code == 200
        and staff.get("/admin/students/attendancephoto/").status_code == 200
    )
    assert staff.post(page, {"image": SimpleUploadedFile("b.jpg", face(2))}).status_code == 302
    second = AttendancePhoto.objects.get()
    assert second.sha256 != photo.sha256 and second.slot == photo.slot
    staff.post(f"/admin/students/attendancephoto/{second.pk}/delete/", {"post": "yes"})
    assert not AttendancePhoto.objects.exists() and not StoredFile.objects.filter(live=True, kind="original")
    assert StoredFile.objects.filter(kind="original").count() == 2, "both are in the history"
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "channel")) == [
        ("attendance.upload", "admin"),
        ("attendance.upload", "admin"),
        ("attendance.delete", "admin"),
    ]


def test_a_text_file_is_refused_beside_its_field(staff, ada):
    answer = add(staff, ada, SimpleUploadedFile("a.jpg", b"hello"))
    assert answer.status_code == 200 and b"is not a picture" in answer.content
    assert not AttendancePhoto.objects.exists()
    assert AuditEntry.objects.get().outcome == "refused"


def test_a_second_photo_of_the_half_day_is_told_and_the_first_stays(staff, ada):
    add(staff, ada, SimpleUploadedFile("a.jpg", face(1)))
    first = AttendancePhoto.objects.get()
    answer = add(staff, ada, SimpleUploadedFile("b.jpg", face(2)))
    assert b"already" in answer.content
    assert AttendancePhoto.objects.get().sha256 == first.sha256


@pytest.mark.parametrize("address", ["", "{pk}/change/", "{pk}/delete/", "{pk}/history/", "add/"])
def test_the_leave_to_see_photos_alone_opens_no_student(staff, ada, address):
    add(staff, ada, SimpleUploadedFile("a.jpg", face(1)))
    page = "/admin/students/attendancephoto/" + address.format(pk=AttendancePhoto.objects.get().pk)
    of_photos = [f"{verb}_attendancephoto" for verb in ("view", "add", "change", "delete")]
    client = Client()
    client.force_login(make_person("nina", *of_photos, is_staff=True))
    answer = client.get(page)
    assert answer.status_code == 403 and "Ada" not in answer.content.decode()
    assert "attendance" not in client.get("/admin/").content.decode().lower()
