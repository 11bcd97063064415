"""`manage.py cleanup_pending_uploads`: what nobody confirmed goes, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore.models import AuditEntry, PendingRemoval
from photostore.register.after_commit import finish_all_commits
from photostore.tests.inventory_files import run
from profile_pictures.models import ProfilePictureUpload
from profile_pictures.tests.handing_in import check_consistent, confirmed, everything, expire, pending, stored
from testing.kills.commands import Killing, one_of

pytestmark = pytest.mark.django_db(transaction=True)


def clean(*arguments: str) -> dict[str, Any]:
    code, said = run("cleanup_pending_uploads", *arguments)
    assert said["exit_code"] == code
    return said


def waits_since(upload_id: int, ago: timedelta) -> None:
    ProfilePictureUpload.objects.filter(pk=upload_id).update(uploaded_at=timezone.now() - ago)


@pytest.mark.s3
def test_expired_ones_go_with_their_bytes(danas: Any, eriks: Any, each_storage: str) -> None:
    late, foreign, young = pending(danas, 1), pending(eriks, 2), pending(danas, 3)
    today = confirmed(danas, 4)
    expire(late["id"]), expire(foreign["id"])
    assert clean("--dry-run")["found"] == 2
    assert ProfilePictureUpload.objects.count() == 4
    assert clean()["removed"] == 2
    assert set(ProfilePictureUpload.objects.values_list("pk", flat=True)) == {young["id"], today["id"]}
    assert set(stored(prefix="profile_pictures/")) == {young["image"], today["image"]}
    check_consistent()
    assert AuditEntry.objects.filter(action="picture.expire", channel="command").count() == 2
    assert clean()["removed"] == 0, "a second time is nothing"


def test_killed_before_every_step_and_run_again(danas: Any, eriks: Any, each_storage: str) -> None:
    today = confirmed(danas, 4)
    every = one_of(each_storage)
    cleaning, killed = Killing(every=every), True
    while killed:
        late, foreign = pending(danas, 1), pending(eriks, 2)
        expire(late["id"]), expire(foreign["id"])
        killed = cleaning.life("cleanup_pending_uploads")
        assert ProfilePictureUpload.objects.get().pk == today["id"], cleaning.killed
        assert set(stored(prefix="profile_pictures/")) == {today["image"]}, cleaning.killed
        check_consistent()
    assert cleaning.was_killed_often(6)


def test_older_than(danas: Any) -> None:
    old, young = pending(danas, 1), pending(danas, 2)
    kept = confirmed(danas, 3)
    for upload in (old, kept):
        waits_since(upload["id"], timedelta(hours=3))
    assert clean("--older-than", "2h")["removed"] == 1
    assert set(ProfilePictureUpload.objects.values_list("pk", flat=True)) == {young["id"], kept["id"]}
    check_consistent()


def test_a_second_one_at_the_same_time_exits_at_once(danas: Any) -> None:
    from django.db import connections

    late = pending(danas)
    expire(late["id"])
    held = connections.create_connection("default")
    with held.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('photostore.commands', 0))")
        before = everything()
        assert clean()["exit_code"] == 2
        assert everything() == before
    held.close()


def test_with_the_storage_unavailable_the_rows_go_and_the_bytes_follow(danas: Any, settings: Any) -> None:
    late = pending(danas)
    expire(late["id"])
    away = settings.MEDIA_ROOT.with_name("away")
    settings.MEDIA_ROOT.rename(away)
    assert clean()["removed"] == 1
    away.rename(settings.MEDIA_ROOT)
    assert PendingRemoval.objects.count() == 4
    finish_all_commits()
    assert stored() == {}
    check_consistent()
