"""`purge_quarantine` ends what is old, but never the last bytes of a photo that the register expects."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore import keys
from photostore.models import Operation, QuarantinedFile
from photostore.storage import storage_for
from photostore.tests.inventory_files import keep, run, set_aside
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)
EXPORT, OTHER = "users/ada/images/copy.jpg", "users/ada/images/other.jpg"
PHOTO = "users/ada/images/photo.jpg"


@pytest.fixture
def old(each_storage: str) -> Operation:
    """A copy of a registered photo and another file, both set aside long ago."""
    keep(PHOTO, EXPORT.encode(), live=False)
    aside = set_aside(EXPORT, OTHER)
    QuarantinedFile.objects.update(quarantined_at=timezone.now() - timedelta(days=40))
    return aside


def purge(*more: str) -> dict[str, Any]:
    code, said = run("purge_quarantine", *more)
    assert code == 0
    return {name: said[name] for name in ("files", "bytes", "kept", "purged")}


@pytest.mark.parametrize("damaged", [False, True])
def test_the_last_bytes_of_a_photo_stay_until_it_is_back(old: Operation, damaged: bool) -> None:
    storage_for().remove(PHOTO)
    if damaged:
        storage_for().put(PHOTO, b"x" * len(EXPORT), content_type="image/jpeg")
    going = {"files": 1, "bytes": len(OTHER), "kept": 1}
    assert purge("--dry-run") == going | {"purged": 0}
    assert len(QuarantinedFile.objects.all()) == 2
    assert purge() == going | {"purged": 1}
    assert stored()[keys.quarantined(old.pk, EXPORT)] == EXPORT.encode()
    assert purge() == {"files": 0, "bytes": 0, "kept": 1, "purged": 0}

    storage_for().put(PHOTO, EXPORT.encode(), content_type="image/jpeg")
    assert purge() == {"files": 1, "bytes": len(EXPORT), "kept": 0, "purged": 1}
    assert stored() == {PHOTO: EXPORT.encode()}


@pytest.mark.s3
def test_a_whole_photo_needs_no_second_copy(old: Operation) -> None:
    assert purge()["purged"] == 2
    assert stored() == {PHOTO: EXPORT.encode()}
