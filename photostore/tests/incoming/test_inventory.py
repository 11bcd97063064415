"""What is on its way in has its day: neither missing nor orphaned before, gone for good after."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from photostore.models import QuarantinedFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import fill, grow_old, leave, run, tell

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = "incoming/7/4b1d3c3e-9f1c-4c92-8d1e-4f8d8f6f1a11"
UNOWNED = "incoming/7/5c2e4d4f-0a2d-4da3-9e2f-5a9e9a7a2b22"
HOURS = 3600


@pytest.fixture(autouse=True)
def claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_uploads(keys: Collection[str]) -> set[str]:
        return {OPEN} & set(keys)

    tell(monkeypatch, arriving_keys=open_uploads)
    fill(5)
    leave(OPEN, b"half of it")
    leave(UNOWNED, b"given up")


def age(hours: int) -> None:
    for key in (OPEN, UNOWNED):
        grow_old(key, seconds=hours * HOURS)


@pytest.mark.parametrize(("hours", "orphaned", "young"), [(23, [], 1), (25, [UNOWNED], 0)])
def test_verify_media_waits_a_day(hours: int, orphaned: list[str], young: int) -> None:
    age(hours)
    code, told = run("verify_media")
    assert [found["key"] if isinstance(found, dict) else found for found in told["orphaned"]] == orphaned
    assert (told["missing"], told["damaged"], told["counts"]["young"]) == ([], [], young)
    assert code == (1 if orphaned else 0)


def test_the_sweep_leaves_it_for_a_day_whatever_it_is_told(own_storage: None, tmp_path: Path) -> None:
    age(23)
    _code, told = run("cleanup_orphaned_photos", "--older-than", "1h", "--confirm")
    assert told["done"] == {"set_aside": 0, "removed": 0, "left": 0}
    age(25)
    _code, told = run("cleanup_orphaned_photos", "--confirm")
    assert told["done"] == {"set_aside": 0, "removed": 1, "left": 0}
    assert storage_for().stat(OPEN) is not None and storage_for().stat(UNOWNED) is None
    assert not QuarantinedFile.objects.exists(), "it was never a photo of anybody"
