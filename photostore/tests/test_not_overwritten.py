"""What has a name or a row by now is neither overwritten by what comes back nor taken away."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest
from django.utils import timezone

from photostore.audit import Actor
from photostore.errors import Changed
from photostore.inventory.sweep import planned, take
from photostore.models import OperationStep, QuarantinedFile
from photostore.operations import run_operation, undo
from photostore.operations.quarantine import SetAside, aside_details, bring_back
from photostore.storage import storage_for
from photostore.tests.inventory_files import grow_old, keep, leave
from testing.kept import stored

pytestmark = pytest.mark.django_db
OLGA = Actor("", "olga", "command")
KEY = "users/ada/images/1.jpg"


def test_what_comes_back_overwrites_no_other_file() -> None:
    operation = uuid4()
    aside = f"quarantine/{operation}/{KEY}"
    leave(aside, b"before")
    leave(KEY, b"since")
    with pytest.raises(Changed):
        bring_back(operation, "default", KEY)
    assert stored() == {aside: b"before", KEY: b"since"}


def test_a_file_that_got_a_row_since_is_not_set_aside() -> None:
    keep(KEY, b"photo")
    details = {"storage_alias": "default", "key": KEY, "sha256": sha256(b"photo").hexdigest(), "byte_size": 5}
    with pytest.raises(Changed):
        SetAside().perform(OperationStep(operation_id=uuid4(), details=details))
    assert storage_for().read(KEY, max_bytes=100) == b"photo"
    assert not QuarantinedFile.objects.exists()


def test_the_sweep_leaves_what_was_written_anew_since_its_plan() -> None:
    keep("users/bob/images/1.jpg", b"bob")
    leave(KEY, b"before")
    grow_old(KEY)
    with planned(timezone.now() - timedelta(hours=1)) as plan:
        (taking,) = plan.takings()
        leave(KEY, b"since")
        with run_operation("cleanup_orphaned_photos", OLGA) as operation:
            assert take(taking, plan, operation) == "left"
    assert stored()[KEY] == b"since"


def test_an_undo_takes_the_newest_act_back_first() -> None:
    """A later act may stand on what an earlier one did."""
    names = [f"users/ada/images/{number}.jpg" for number in range(3)]
    with run_operation("cleanup_orphaned_photos", OLGA) as runner:
        for key in names:
            leave(key, b"photo")
            assert runner.step("sweep_aside", subject=key, details=aside_details("default", key))
    undone = undo(runner.operation, OLGA).operation
    assert undone is not None
    assert list(undone.steps.order_by("number").values_list("subject", flat=True)) == names[::-1]
    assert set(stored()) == set(names)
