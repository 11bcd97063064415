"""Put, replace, remove: bytes, rows, copies, and what a failure leaves between them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from photostore.errors import ExportsPending, StorageUnavailable
from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from photostore.owners import Owner
from photostore.register import publish, retire, store
from photostore.register.after_commit import finish_all_commits, finish_commit
from photostore.storage import storage_for
from photostore.tests.owned_files import (
    DOCUMENTED,
    OWNER,
    content,
    file_set,
    keys_in,
    make_public,
    outbox,
    register,
)

pytestmark = [pytest.mark.django_db, pytest.mark.s3]

FIRST, SECOND = b"first", b"second"


def test_an_original_its_derivative_and_its_copies_are_there_and_registered(each_storage: str) -> None:
    made = make_public(FIRST)
    assert content(made.original.key) == content(DOCUMENTED) == content("safe/thing_1.jpg", "safe") == FIRST
    assert content(made.derivatives[0].key) == b"small first"
    rows = {(row["storage_alias"], row["key"]): row["kind"] for row in register()}
    assert rows == {
        ("default", made.original.key): "original",
        ("default", made.derivatives[0].key): "derivative",
        ("default", DOCUMENTED): "export",
        ("safe", "safe/thing_1.jpg"): "export",
    }
    assert all(row["written_at"] for row in register())
    assert not outbox()


def test_a_replaced_original_stays_but_is_not_live(each_storage: str) -> None:
    old, new = make_public(FIRST), make_public(SECOND)
    live = dict(StoredFile.objects.filter(kind="original").values_list("key", "live"))
    assert live == {old.original.key: False, new.original.key: True}
    assert (content(old.original.key), content(DOCUMENTED)) == (FIRST, SECOND)


def test_a_documented_name_that_changes_leaves_one_file(each_storage: str) -> None:
    make_public(FIRST)
    make_public(SECOND, documented="documented/thing_1.png")
    assert content(DOCUMENTED) is None
    assert content("documented/thing_1.png") == content("safe/thing_1.jpg", "safe") == SECOND
    assert not outbox()


def test_the_same_bytes_again_are_the_same_rows(each_storage: str) -> None:
    make_public(FIRST)
    pks = {row["id"] for row in register()}
    make_public(SECOND)
    make_public(FIRST)
    assert pks <= {row["id"] for row in register()}
    assert content(DOCUMENTED) == FIRST
    assert StoredFile.objects.get(kind="original", live=True).sha256 == file_set(FIRST).original.sha256


def test_a_retired_original_gives_up_its_documented_names_and_keeps_itself(each_storage: str) -> None:
    made = make_public(FIRST)
    with OWNER.locked():
        retire(OWNER)
        assert content(DOCUMENTED) == FIRST, "before the commit nothing goes"
        finish_commit(OWNER)
    assert content(DOCUMENTED) is content("safe/thing_1.jpg", "safe") is None
    assert content(made.original.key) == FIRST
    assert not outbox()


def test_two_owners_do_not_touch_each_other() -> None:
    make_public(FIRST)
    other = make_public(SECOND, Owner("tests.thing", "10"), documented="documented/thing_10.jpg")
    StoredFile.objects.filter(kind="original", **OWNER.files).delete()
    finish_all_commits()
    assert content(other.original.key) == content("documented/thing_10.jpg") == SECOND


def test_one_key_cannot_have_two_rows() -> None:
    make_public(FIRST)
    row = StoredFile.objects.get(key=DOCUMENTED)
    row.pk = None
    with pytest.raises(IntegrityError, match="photostore_one_row_per_file"), transaction.atomic():
        row.save(force_insert=True)


def test_a_copy_without_an_original_cannot_be_registered() -> None:
    make_public(FIRST)
    row = StoredFile.objects.get(key=DOCUMENTED)
    row.pk, row.parent, row.key = None, None, "other.jpg"
    with pytest.raises(IntegrityError, match="photostore_children_have_a_parent"), transaction.atomic():
        row.save(force_insert=True)


# --- the order of a change --------------------------------------------------------------------------


def test_dying_before_the_commit_leaves_orphans_and_the_old_file_in_its_place() -> None:
    old = make_public(FIRST)
    rows = register()
    new = file_set(SECOND)
    with OWNER.locked():
        store(new)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            publish(OWNER, new)
            _ = 1 / 0
    finish_all_commits()
    assert register() == rows
    assert content(DOCUMENTED) == content(old.original.key) == FIRST
    assert content(new.original.key) == SECOND, "an orphan for the sweep"


def test_dying_after_the_commit_leaves_copies_that_the_next_start_brings_up(each_storage: str) -> None:
    make_public(FIRST)
    new = file_set(SECOND)
    with OWNER.locked():
        store(new)
        with transaction.atomic():
            publish(OWNER, new)
    assert content(DOCUMENTED) == FIRST, "the process died here"
    assert StoredFile.objects.filter(written_at=None).count() == 2
    assert finish_all_commits() == 2
    assert content(DOCUMENTED) == content("safe/thing_1.jpg", "safe") == SECOND
    assert not StoredFile.objects.filter(written_at=None).exists()
    assert finish_all_commits() == 0


@pytest.mark.parametrize("damaged", [SECOND[:3], b"other!"])
def test_a_damaged_original_does_not_spoil_its_copies(each_storage: str, damaged: bytes) -> None:
    made = make_public(SECOND)
    StoredFile.objects.filter(kind="export").update(written_at=None)  # a process died just before this
    storage_for().put(made.original.key, damaged, content_type="image/jpeg")
    assert finish_all_commits() == 0
    assert content(DOCUMENTED) == content("safe/thing_1.jpg", "safe") == SECOND, "the way back"
    assert StoredFile.objects.filter(written_at=None).count() == 2


def test_a_storage_that_is_unavailable_while_storing_registers_nothing(settings: Any) -> None:
    make_public(FIRST)
    rows = register()
    media = settings.MEDIA_ROOT
    media.rename(media.with_name("unplugged"))
    with pytest.raises(StorageUnavailable):
        store(file_set(SECOND))
    media.with_name("unplugged").rename(media)
    assert register() == rows


def test_a_copy_that_cannot_be_written_says_that_the_change_is_saved_and_a_retry_heals(settings: Any) -> None:
    make_public(FIRST)
    safe = settings.MEDIA_ROOT.with_name("safe")
    safe.rename(safe.with_name("unplugged"))
    with pytest.raises(ExportsPending) as failed:
        make_public(SECOND)
    assert failed.value.code == "exports_pending"
    assert StoredFile.objects.get(kind="original", live=True).sha256 == file_set(SECOND).original.sha256
    safe.with_name("unplugged").rename(safe)
    assert content("safe/thing_1.jpg", "safe") == FIRST, "still behind"
    with OWNER.locked():
        finish_commit(OWNER)
    assert content("safe/thing_1.jpg", "safe") == content(DOCUMENTED) == SECOND


def test_one_owner_whose_original_is_lost_does_not_stop_the_others(settings: Any) -> None:
    for number, data in ((1, FIRST), (2, SECOND)):
        make_public(data, Owner("tests.thing", str(number)), documented=f"documented/thing_{number}.jpg")
    StoredFile.objects.filter(key__startswith="documented/").update(written_at=None)
    storage_for().remove(file_set(FIRST).original.key)
    storage_for().remove("documented/thing_2.jpg")
    finish_all_commits()
    assert content("documented/thing_2.jpg") == SECOND
    behind = StoredFile.objects.filter(written_at=None)
    assert [row.key for row in behind] == ["documented/thing_1.jpg"]


# --- the trigger ------------------------------------------------------------------------------------


def by_the_orm() -> None:
    StoredFile.objects.get(kind="original").delete()


def in_bulk() -> None:
    StoredFile.objects.filter(kind="original").delete()


def everything_at_once() -> None:
    StoredFile.objects.all().delete()


def by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM photostore_storedfile WHERE kind = 'original'")


def all_by_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM photostore_storedfile")


WAYS = [by_the_orm, in_bulk, everything_at_once, by_sql, all_by_sql]


@pytest.mark.parametrize("remove", WAYS)
def test_whoever_deletes_the_original_all_its_files_go_after_the_commit(
    remove: Any, each_storage: str
) -> None:
    made = make_public(FIRST)
    files = {("default", made.original.key), ("default", made.derivatives[0].key)}
    files |= {("default", DOCUMENTED), ("safe", "safe/thing_1.jpg")}
    remove()
    assert outbox() == files
    assert not StoredFile.objects.exists()
    assert content(DOCUMENTED) == FIRST
    finish_all_commits()
    assert keys_in() | keys_in("safe") == set()
    assert not outbox()


@pytest.mark.parametrize("remove", WAYS)
def test_a_rolled_back_delete_keeps_the_files_and_queues_nothing(remove: Any) -> None:
    make_public(FIRST)
    rows, keys = register(), keys_in()
    with transaction.atomic():
        remove()
        transaction.set_rollback(True)
    finish_all_commits()
    assert (register(), keys_in(), outbox()) == (rows, keys, set())


def test_what_must_not_be_lost_is_set_aside_and_only_that(each_storage: str) -> None:
    made = make_public(FIRST, keep_aside=True)
    by_sql()
    finish_all_commits()
    row = QuarantinedFile.objects.get()
    assert (row.key, row.sha256, row.byte_size) == (made.original.key, made.original.sha256, len(FIRST))
    assert keys_in() | keys_in("safe") == {f"quarantine/{row.operation}/{made.original.key}"}
    assert content(f"quarantine/{row.operation}/{made.original.key}") == FIRST


def test_a_transaction_sets_aside_under_the_operation_that_it_announced() -> None:
    make_public(FIRST, keep_aside=True)
    announced = "6f3c1c0e-8d55-4f7e-9a35-2f1f6d2f8f10"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('photokeep.operation', %s, true)", [announced])
        cursor.execute("DELETE FROM photostore_storedfile")
    operations = set(PendingRemoval.objects.exclude(operation=None).values_list("operation", flat=True))
    assert [str(operation) for operation in operations] == [announced]
