"""`cleanup_media_uploads`, and what the inventory thinks of uploads on their way."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from media_uploads.direct.use_cases import ending
from media_uploads.direct.use_cases.ending import owner_of
from media_uploads.models import DirectUpload, MediaFile
from media_uploads.tests.announced import announce, complete, sent
from media_uploads.tests.handing_in import check_consistent, persona_of, picture, stored
from photostore.incoming import bucket
from photostore.locks import try_lock, unlock
from photostore.models import PendingRemoval
from photostore.storage import storage_for
from photostore.tests.inventory_files import grow_old, run
from testing.kills.commands import Killing

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_048_576
DAY = 24 * 3600


@pytest.fixture
def persona(dana: Any, each_storage: str) -> Any:
    return persona_of(dana)


def expire() -> None:
    DirectUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.s3
def test_what_has_expired_goes_with_its_bytes(danas: Any, persona: Any, each_storage: str) -> None:
    done = sent(danas, persona, picture())
    assert complete(danas, done).status_code == 201
    sent(danas, persona, picture(2))
    announce(danas, persona, bytes(20 * MB), "a.mp4")
    expire()
    fresh = sent(danas, persona, picture(3))
    expired_left = DirectUpload.objects.expired().count()
    assert expired_left == 0, "the channel sweeps a few along the way"
    assert run("cleanup_media_uploads")[1]["removed"] == 0
    assert [key.rpartition("/")[2] for key in stored(prefix="incoming/")] == [fresh["id"]]
    assert MediaFile.objects.count() == 1


def test_the_command_ends_them_all(danas: Any, persona: Any, each_storage: str) -> None:
    for seed in range(3):
        sent(danas, persona, picture(seed))
    announce(danas, persona, bytes(20 * MB), "a.mp4")
    expire()
    assert run("cleanup_media_uploads", "--dry-run")[1] | {"exit_code": 0} == {
        "found": 4,
        "removed": 0,
        "aborted": 0,
        "loose": 0,
        "dry_run": True,
        "exit_code": 0,
    }
    code, told = run("cleanup_media_uploads")
    assert (code, told["removed"]) == (0, 4)
    assert not stored() and not DirectUpload.objects.exists() and not PendingRemoval.objects.exists()
    if each_storage == "s3":
        assert list(bucket.unfinished_multiparts()) == []
    assert run("cleanup_media_uploads")[1]["found"] == 0


def test_killed_before_every_step_and_run_again(danas: Any, persona: Any, each_storage: str) -> None:
    cleaning, killed = Killing(), True
    while killed:
        for seed in range(2):
            sent(danas, persona, picture(seed))
        announce(danas, persona, bytes(20 * MB), "a.mp4")
        expire()
        killed = cleaning.life("cleanup_media_uploads")
        assert not stored() and not DirectUpload.objects.exists(), cleaning.killed
        assert not PendingRemoval.objects.exists(), cleaning.killed
        if each_storage == "s3":
            assert list(bucket.unfinished_multiparts()) == [], cleaning.killed
    assert cleaning.was_killed_often(4)


def test_older_than(danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    assert run("cleanup_media_uploads", "--older-than", "1h")[1]["removed"] == 0
    DirectUpload.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert run("cleanup_media_uploads", "--older-than", "1h")[1]["removed"] == 1
    assert complete(danas, upload).status_code == 404


def test_one_that_is_being_completed_is_left_alone(danas: Any, persona: Any) -> None:
    import threading

    from django.db import connection

    sent(danas, persona, picture())
    expire()
    owner, held, done = owner_of(DirectUpload.objects.get().pk), threading.Event(), threading.Event()

    def hold() -> None:
        try:
            assert try_lock(owner.lock)
            held.set()
            done.wait(60)
            unlock(owner.lock)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(20)
    assert run("cleanup_media_uploads")[1]["removed"] == 0
    done.set()
    holder.join()
    assert run("cleanup_media_uploads")[1]["removed"] == 1


@pytest.mark.s3
def test_parts_that_no_row_knows_are_aborted(danas: Any, persona: Any, each_storage: str) -> None:
    if each_storage == "disk":
        assert list(ending.unowned_multiparts(timedelta())) == []
        return
    announce(danas, persona, bytes(20 * MB), "a.mp4")
    known = DirectUpload.objects.get()
    bucket.begin_multipart("incoming/1/unowned file", content_type="video/mp4")
    assert run("cleanup_media_uploads")[1]["aborted"] == 0, "it is young"
    time.sleep(2.1)  # the server counts whole seconds
    assert [found.key for found in ending.unowned_multiparts(timedelta())] == ["incoming/1/unowned file"]
    assert run("cleanup_media_uploads", "--older-than", "0s")[1]["aborted"] == 1
    assert list(bucket.unfinished_multiparts()) == []
    assert not DirectUpload.objects.filter(pk=known.pk).exists()


def test_bytes_that_nobody_waits_for_go(danas: Any, persona: Any, monkeypatch: Any) -> None:
    open_still = sent(danas, persona, picture())
    storage_for().put("incoming/1/late", b"sent when all was over", content_type="video/mp4")
    assert run("cleanup_media_uploads")[1]["loose"] == 0, "it is young"
    monkeypatch.setattr(bucket, "LINK_LIFE", timedelta(seconds=-5))
    assert run("cleanup_media_uploads", "--dry-run")[1]["loose"] == 1
    assert "incoming/1/late" in stored()
    assert run("cleanup_media_uploads")[1]["loose"] == 1
    assert "incoming/1/late" not in stored()
    assert complete(danas, open_still).status_code == 201


def test_the_inventory_waits_for_an_open_upload(danas: Any, persona: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("photostore.inventory.diff.YOUNG_INCOMING", timedelta(seconds=-5))
    sent(danas, persona, picture())
    code, told = run("verify_media")
    assert (code, told["orphaned"], told["missing"], told["damaged"]) == (0, [], [], [])


def test_what_a_crash_left_is_an_orphan_after_a_day(danas: Any, persona: Any, each_storage: str) -> None:
    kept = sent(danas, persona, picture())
    assert complete(danas, kept).status_code == 201
    unowned_file = "incoming/1/00000000-0000-4000-8000-000000000000"
    storage_for().put(unowned_file, b"begun, and then the power went", content_type="image/jpeg")
    assert run("verify_media")[1]["orphaned"] == []
    if each_storage == "s3":
        return  # nothing can be made old there
    grow_old(unowned_file, seconds=DAY + 60)
    assert run("verify_media")[0] == 1
    assert run("cleanup_orphaned_photos", "--confirm")[1]["done"]["removed"] == 1
    assert run("verify_media")[0] == 0
    check_consistent()
