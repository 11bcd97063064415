"""Files under documented names that no row knows, and tables that were emptied behind our back."""

import pytest
from django.core.management import call_command
from django.db import connection

from photostore.models import Operation, PendingRemoval, QuarantinedFile, StoredFile
from photostore.operations import last_undoable
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student
from students.tests.school import enrol, face, hand_in
from testing.kept import stored
from testing.kills.commands import killed_after
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)


LEGACY = face(99)


def upload_over(api, legacy):
    """A photo for Ada while another file lies under her documented name; she, and that key."""
    ada = enrol(api, "Ada")
    key = f"student_photos/student_{ada['id']}_profile.jpg"
    storage_for().put(key, legacy, content_type="image/jpeg")
    assert hand_in(api, ada["id"], face(1)).status_code == 200
    return ada, key


@pytest.mark.s3
def test_an_upload_sets_a_legacy_file_aside_before_it_takes_its_name(api, each_storage):
    ada, key = upload_over(api, LEGACY)
    aside = QuarantinedFile.objects.get()
    assert aside.key == key
    assert storage_for().read(f"quarantine/{aside.operation}/{key}", max_bytes=10**7) == LEGACY
    assert hand_in(api, ada["id"], face(2)).status_code == 200
    assert QuarantinedFile.objects.count() == 1


def test_what_an_upload_set_aside_is_listed_and_comes_back_once_its_place_is_free(api, each_storage):
    ada, key = upload_over(api, LEGACY)
    (listed,) = run("list_photo_operations")[1]["operations"]
    assert (listed["command"], listed["state"], listed["done"]) == ("upload", "done", 1)
    assert Operation.objects.get().channel == "api" and Operation.objects.get().actor_name
    assert last_undoable() is None, "--last means a command"

    code, said = run("undo_photo_operation", listed["id"])
    assert (code, said["reverted"], len(said["skipped"])) == (1, 0, 1)
    assert QuarantinedFile.objects.count() == 1
    assert api.delete(f"/api/students/{ada['id']}/photo/").status_code == 204
    assert storage_for().stat(key) is None
    assert run("undo_photo_operation", listed["id"])[0] == 0
    assert storage_for().read(key, max_bytes=10**7) == LEGACY
    assert not QuarantinedFile.objects.exists()


@pytest.mark.parametrize("steps", [3, 4, 5, 6])
def test_an_upload_that_dies_while_it_moves_the_file_loses_nothing(api, alice, steps):
    ada = enrol(api, "Ada")
    key = f"student_photos/student_{ada['id']}_profile.jpg"
    storage_for().put(key, face(99), content_type="image/jpeg")
    # After the throttle has counted and the journal says what will be moved.
    assert killed_after(steps, "students.tests.killing:upload", alice.pk, ada["id"], 1)
    assert face(99) in stored().values()
    assert run("undo_photo_operation", str(Operation.objects.get().pk))[0] == 0
    assert storage_for().read(key, max_bytes=10**7) == face(99)
    assert not QuarantinedFile.objects.exists()


def empty_the_table():
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE students_student RESTART IDENTITY CASCADE")


def test_after_a_truncate_nobody_inherits_a_face(api):
    empty_the_table()
    ada = enrol(api, "Ada", student_number="S-1", photo=face(1))
    shown = body_of(api.get(ada["photo"]))
    empty_the_table()
    assert not StoredFile.objects.exists() and not PendingRemoval.objects.exists()
    ben = enrol(api, "Ben", student_number="S-2")
    assert ben["id"] == ada["id"]
    assert api.get(f"/api/photos/students/{ben['student_id']}/profile.jpg").status_code == 404
    ada_again = enrol(api, "Ada", student_number="S-1")
    call_command("migrate_orphaned_photos", "--migrate")
    now = api.get(f"/api/students/{ada_again['id']}/").json()
    assert now["photo"] and not Student.objects.get(pk=ben["id"]).profile_photo
    assert len(body_of(api.get(now["photo"]))) == len(shown)


def test_the_same_file_again_heals_a_damaged_photo(api):
    ada = enrol(api, "Ada", photo=face(1))
    version = StoredFile.objects.get(kind="original")
    whole = storage_for().read(version.key, max_bytes=10**7)
    storage_for().put(version.key, whole[: len(whole) // 2], content_type="image/jpeg")
    assert api.get(ada["photo"]).status_code == 404
    assert hand_in(api, ada["id"], face(1)).json()["photo_changed"] is True
    assert body_of(api.get(ada["photo"])) == whole
