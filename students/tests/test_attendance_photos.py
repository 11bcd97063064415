"""`/api/students/{id}/attendance-photos/` and the bytes behind them."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from photostore.models import QuarantinedFile, StoredFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from students import identity
from students.models import AttendancePhoto, Student
from testing.people import body_of, client_of
from testing.pictures import portrait

pytestmark = pytest.mark.django_db(transaction=True)


def face(seed, kind="JPEG"):
    buffer = io.BytesIO()
    portrait(seed, width=300, height=400).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def send(api, student, seed=1, query="", **fields):
    fields = {"date": "2026-11-20", "session": "AM"} | fields
    file = SimpleUploadedFile("today.jpg", face(seed))
    return api.post(
        f"/api/students/{student.pk}/attendance-photos/{query}", fields | {"image": file}, format="multipart"
    )


@pytest.fixture
def ada(db):
    return Student.objects.create(name="Ada", student_number="S-1")


@pytest.mark.s3
def test_a_photo_is_kept_under_its_documented_name_and_names_its_half_day(api, ada, each_storage):
    answer = send(api, ada)
    assert answer.status_code == 201, answer.content
    key = f"photos/students/{ada.student_id}/attendance/2026-11-20_AM.jpg"
    assert answer.json()["image"] == key
    stored = storage_for().read(key, max_bytes=10**7)
    assert identity.read(stored) == identity.Identity(
        ada.student_id, identity.number_hash("S-1"), "2026-11-20_AM"
    )
    assert body_of(api.get(answer.json()["photo"])) == stored
    listed = api.get(f"/api/students/{ada.pk}/attendance-photos/").json()["results"]
    assert [entry["session"] for entry in listed] == ["AM"]


def test_the_same_half_day_again_is_a_conflict_unless_it_is_to_be_replaced(api, ada):
    first = send(api, ada, seed=1).json()
    refused = send(api, ada, seed=2)
    assert (refused.status_code, refused.json()["code"]) == (409, "attendance_photo_exists")
    assert AttendancePhoto.objects.get().sha256 == first["sha256"]
    replaced = send(api, ada, seed=2, query="?replace=true")
    assert replaced.status_code == 201
    shown = body_of(api.get(replaced.json()["photo"]))
    assert identity.read(shown) and replaced.json()["sha256"] != first["sha256"]
    former = StoredFile.objects.get(sha256=first["sha256"], kind="original")
    assert not former.live and storage_for().stat(former.key)
    assert api.get(first["image_url"].replace("http://testserver", "")).status_code == 404


def test_the_same_picture_as_profile_photo_and_attendance_photo_is_two_files(api, ada):
    picture = face(7)
    api.post(
        f"/api/students/{ada.pk}/upload-photo/",
        {"profile_photo": SimpleUploadedFile("a.jpg", picture)},
        format="multipart",
    )
    send(api, ada, seed=7)
    send(api, ada, seed=7, session="PM")
    assert StoredFile.objects.filter(kind="original").values("key").distinct().count() == 3


@pytest.mark.parametrize(
    "fields", [{"date": "2026-02-30"}, {"session": "NIGHT"}, {"date": ""}, {"date": "\0"}]
)
def test_no_half_day_no_photo(api, ada, fields):
    assert send(api, ada, **fields).status_code == 400
    assert not AttendancePhoto.objects.exists() and not StoredFile.objects.exists()


@pytest.mark.parametrize("name", ["2026-02-30_AM", "2026-11-20_XX", "2026-11-20_PM"])
def test_no_such_half_day_is_not_found(api, ada, name):
    send(api, ada)
    assert api.get(f"/api/photos/students/{ada.student_id}/attendance/{name}.jpg").status_code == 404


def test_whoever_may_only_look_cannot_add(ada, vera, bob):
    assert send(client_of(vera), ada).status_code == 403
    assert client_of(vera).get(f"/api/students/{ada.pk}/attendance-photos/").status_code == 200
    assert client_of(bob).get(f"/api/students/{ada.pk}/attendance-photos/").status_code == 403
    assert not AttendancePhoto.objects.exists()


def test_deleting_the_student_by_sql_sets_the_photos_aside(api, ada):
    sha256 = send(api, ada).json()["sha256"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM students_student WHERE id = %s", [ada.pk])
    assert not AttendancePhoto.objects.exists() and not StoredFile.objects.exists()
    finish_all_commits()
    aside = QuarantinedFile.objects.get()
    assert aside.sha256 == sha256
    left = [file.key for file in storage_for().scan()]
    assert left == [f"quarantine/{aside.operation}/{aside.key}"]
