"""Draining: once, twice, killed in between, and against somebody who publishes the key anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from photostore import keys
from photostore.locks import advisory_lock
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.register import after_commit, outbox, publish, store
from photostore.storage import storage_for
from photostore.tests.owned_files import DOCUMENTED, OWNER, content, file_set, keys_in, make_public

pytestmark = [pytest.mark.django_db, pytest.mark.s3]

FIRST, SECOND = b"first", b"second"


def give_up() -> None:
    StoredFile.objects.all().delete()


def forget_the_work(rows: list[PendingRemoval]) -> None:
    """As if the process had died before it could cross off what it had done."""
    PendingRemoval.objects.bulk_create(rows)


def test_draining_twice_is_draining_once() -> None:
    make_public(FIRST, keep_aside=True)
    give_up()
    assert outbox.drain(OWNER) == 4
    kept = keys_in()
    assert outbox.drain(OWNER) == 0
    assert keys_in() == kept


def test_a_drain_that_was_killed_before_it_crossed_off_is_done_again_without_harm(each_storage: str) -> None:
    made = make_public(FIRST, keep_aside=True)
    give_up()
    rows = list(PendingRemoval.objects.all())
    outbox.drain(OWNER)
    kept, listed = keys_in(), list(QuarantinedFile.objects.values())
    forget_the_work(rows)
    assert outbox.drain(OWNER) == 4
    assert (keys_in(), list(QuarantinedFile.objects.values())) == (kept, listed)
    assert content(next(iter(kept))) == FIRST
    assert made.original.key not in kept


def test_a_drain_that_was_killed_between_the_move_and_its_row_writes_the_row(each_storage: str) -> None:
    made = make_public(FIRST, keep_aside=True)
    give_up()
    removal = PendingRemoval.objects.exclude(operation=None).get()
    assert removal.operation is not None
    aside = keys.quarantined(removal.operation, made.original.key)
    storage_for().move(made.original.key, aside)
    outbox.drain(OWNER)
    assert QuarantinedFile.objects.get().key == made.original.key
    assert content(aside) == FIRST


def test_what_was_gone_before_is_not_listed_as_set_aside() -> None:
    made = make_public(FIRST, keep_aside=True)
    storage_for().remove(made.original.key)
    give_up()
    outbox.drain(OWNER)
    assert not QuarantinedFile.objects.exists()
    assert not PendingRemoval.objects.exists()


def test_a_key_that_was_published_anew_is_not_removed(each_storage: str) -> None:
    make_public(FIRST)
    give_up()
    new = file_set(SECOND)
    store(new)
    with transaction.atomic():
        publish(OWNER, new)
    assert ("default", DOCUMENTED) in {(row.storage_alias, row.key) for row in PendingRemoval.objects.all()}
    after_commit.finish_all_commits()
    assert content(DOCUMENTED) == content("safe/thing_1.jpg", "safe") == SECOND
    assert content(file_set(FIRST).original.key) is None
    assert not PendingRemoval.objects.exists()


def test_the_very_same_version_published_anew_is_neither_removed_nor_set_aside(each_storage: str) -> None:
    made = make_public(FIRST, keep_aside=True)
    give_up()
    make_public(FIRST, keep_aside=True)
    assert content(made.original.key) == content(DOCUMENTED) == FIRST
    assert not QuarantinedFile.objects.exists()
    assert not PendingRemoval.objects.exists()


def test_a_storage_that_is_unavailable_leaves_the_work_for_later(settings: Any) -> None:
    make_public(FIRST)
    give_up()
    media = settings.MEDIA_ROOT
    media.rename(media.with_name("unplugged"))
    assert outbox.drain(OWNER) == 1  # the safe copy lies elsewhere
    assert PendingRemoval.objects.count() == 3
    media.with_name("unplugged").rename(media)
    assert outbox.drain(OWNER) == 3
    assert keys_in() | keys_in("safe") == set()


def test_leftovers_are_left_alone_until_they_are_abandoned() -> None:
    make_public(FIRST)
    give_up()
    assert after_commit.drain_leftovers() == 0
    PendingRemoval.objects.update(queued_at=timezone.now() - timedelta(minutes=2))
    assert after_commit.drain_leftovers() == 4


@pytest.mark.django_db(transaction=True)
def test_an_owner_whose_files_are_being_changed_is_left_to_whoever_changes_them() -> None:
    from threading import Event, Thread

    make_public(FIRST)
    give_up()
    held, done = Event(), Event()

    def another_process() -> None:
        try:
            with advisory_lock(OWNER.lock):
                held.set()
                done.wait(10)
        finally:
            connection.close()

    thread = Thread(target=another_process)
    thread.start()
    assert held.wait(10)
    try:
        assert after_commit.finish_all_commits() == 0
        assert PendingRemoval.objects.count() == 4
    finally:
        done.set()
        thread.join()
    assert after_commit.finish_all_commits() == 4
