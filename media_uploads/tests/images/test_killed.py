"""Killed at any step: the image is there whole or not at all, and sweep and outbox do the rest."""

from __future__ import annotations

from typing import Any

import pytest

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import check_consistent, kept, stored
from photostore.inventory import orphans
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from testing.kills.commands import killed_after

pytestmark = pytest.mark.django_db(transaction=True)

# Three thumbnails and the picture itself.
FILES = 4


@pytest.mark.s3
@pytest.mark.parametrize("files", range(FILES + 1))
def test_killed_while_an_upload_is_written(danas: Any, dana: Any, files: int, each_storage: str) -> None:
    """Before each file, and between the bytes and the row."""
    image = kept(danas, is_primary="true")
    assert killed_after(files, "media_uploads.tests.images.handing_in:take", dana.pk, 2)
    assert str(UserImage.objects.get().pk) == image["id"]
    left = list(orphans())
    assert len(left) == files, "for the sweep to find"
    for file in left:
        storage_for().remove(file.key)
    check_consistent()
    kept(danas, 3, is_primary="true")
    check_consistent()


@pytest.mark.parametrize("files", range(FILES))
def test_killed_while_a_deleted_image_is_removed(danas: Any, files: int, each_storage: str) -> None:
    kept(danas, 1)
    doomed = UserImage.objects.get()
    kept(danas, 2)
    assert killed_after(1 + files, "media_uploads.tests.images.handing_in:delete", doomed.pk)
    assert UserImage.objects.count() == 1, "the row went first"
    assert len(stored()) == 2 * FILES - files
    finish_all_commits()
    assert len(stored()) == FILES
    check_consistent()
