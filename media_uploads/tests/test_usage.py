"""What somebody uses is counted by the database, whoever adds or removes, and claimed one by one."""

import threading
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from media_uploads.models import MediaFile, Persona, Usage, UserImage
from media_uploads.quota import QuotaExceeded, check_room, claim_room


@pytest.fixture
def user(db):
    return get_user_model().objects.create_user("ada")


def add_image(user, size=100):
    return UserImage.objects.create(
        user=user, image=f"users/ada/images/{uuid.uuid4()}.jpg", sha256="0" * 64, file_size=size,
        mime_type="image/jpeg", width=1, height=1, uploaded_at=timezone.now(),
    )  # fmt: skip


def add_file(persona, size=1000):
    now = timezone.now()
    return MediaFile.objects.create(
        persona=persona, user=persona.user, file=f"uploads/images/1/1/{uuid.uuid4()}.jpg", sha256="0" * 64,
        file_size=size, mime_type="image/jpeg", media_type="image", width=1, height=1, created_at=now,
        updated_at=now,
    )  # fmt: skip


def used(user):
    found = Usage.objects.filter(user=user).first()
    return (found.files, found.bytes) if found else None


def test_both_tables_count(user):
    persona = Persona.objects.create(user=user, name="Ada")
    image, file = add_image(user), add_file(persona)
    assert used(user) == (2, 1100)
    image.delete()
    assert used(user) == (1, 1000)
    MediaFile.objects.filter(pk=file.pk).update(file_size=50)
    assert used(user) == (1, 50)
    persona.delete()
    assert used(user) == (0, 0)


def test_deleting_a_person_by_sql_takes_everything_along(user):
    persona = Persona.objects.create(user=user, name="Ada")
    add_image(user), add_file(persona)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM users_user WHERE id = %s", [user.pk])
    assert not UserImage.objects.exists() and not MediaFile.objects.exists()
    assert not Persona.objects.exists() and not Usage.objects.exists()


def test_deleting_a_persona_by_sql_takes_its_files_along(user):
    add_file(Persona.objects.create(user=user, name="Ada"))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM media_uploads_persona")
    assert not MediaFile.objects.exists()
    assert used(user) == (0, 0)


def test_an_emptied_table_is_counted_anew(user):
    add_image(user), add_file(Persona.objects.create(user=user, name="Ada"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE media_files")
    assert used(user) == (1, 100)


def test_the_number_of_files_is_limited(user, settings):
    settings.USER_QUOTA_FILES = 1
    check_room(user.pk, 1)
    add_image(user)
    with pytest.raises(QuotaExceeded, match="You may keep 1 file, and"):
        check_room(user.pk, 1)


def test_the_bytes_are_limited(user, settings):
    settings.USER_QUOTA_BYTES = 1_048_576
    add_image(user, size=1_000_000)
    claim_room(user.pk, 48_576)
    with pytest.raises(QuotaExceeded, match=r"You may keep 1 MB\. 0\.0 MB are left"):
        claim_room(user.pk, 48_577)


@pytest.mark.django_db(transaction=True)
def test_twenty_race_for_the_last_place(settings):
    settings.USER_QUOTA_FILES = 5
    user = get_user_model().objects.create_user("ada")
    persona = Persona.objects.create(user=user, name="Ada")
    barrier, outcomes = threading.Barrier(20), []

    def upload():
        try:
            barrier.wait()
            with transaction.atomic():
                claim_room(user.pk, 10)
                add_file(persona, size=10)
            outcomes.append("kept")
        except QuotaExceeded:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=upload) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] * 5 + ["refused"] * 15
    assert used(user) == (5, 50)
