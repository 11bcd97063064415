"""Killed at any step: the image is there whole or not at all, and sweep and outbox do the rest."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from media_uploads.images.intake import take_in
from media_uploads.images.use_cases import delete_image, upload_image
from media_uploads.models import UserImage
from media_uploads.tests.images.album import check_consistent, face, kept, stored
from photostore.audit import Actor
from photostore.inventory import orphans
from photostore.register.settling import settle_everything
from photostore.storage import storage_for
from testing.killing import killed_before_step

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = Actor("", "", "api")
# Three thumbnails and the picture itself.
FILES = 4


@pytest.fixture(autouse=True)
def taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the fork: libvips has threads of its own, which a forked process lacks."""
    clean = take_in(face(2), filename="a.jpg")
    monkeypatch.setattr("media_uploads.images.use_cases.take_in", lambda data, filename: clean)


@pytest.mark.s3
@pytest.mark.parametrize("step", range(FILES))
def test_killed_while_an_upload_is_written(danas: Any, dana: Any, step: int, each_storage: str) -> None:
    image = kept(danas, is_primary="true")
    assert killed_before_step(
        step,
        lambda: upload_image(user=dana, data=face(2), filename="a.jpg", actor=ACTOR, is_primary=True),
    )
    assert str(UserImage.objects.get(is_primary=True).pk) == image["id"]
    left = list(orphans())
    assert len(left) == step, "for the sweep to find"
    for file in left:
        storage_for().remove(file.key)
    check_consistent()
    kept(danas, 3, is_primary="true")
    check_consistent()


def test_killed_between_the_bytes_and_the_row(danas: Any, dana: Any, monkeypatch: Any) -> None:
    import os

    def die(*args: Any, **kwargs: Any) -> None:
        os._exit(9)

    connection.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr("media_uploads.images.use_cases.publish", die)
        upload_image(user=dana, data=face(2), filename="a.jpg", actor=ACTOR)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WEXITSTATUS(status) == 9
    assert not UserImage.objects.exists()
    assert len(list(orphans())) == FILES
    kept(danas, 3)


@pytest.mark.parametrize("step", range(FILES))
def test_killed_while_a_deleted_image_is_removed(danas: Any, step: int, each_storage: str) -> None:
    kept(danas, 1)
    doomed = UserImage.objects.get()
    kept(danas, 2)
    assert killed_before_step(step, lambda: delete_image(image_id=doomed.pk, actor=ACTOR))
    assert UserImage.objects.count() == 1, "the row went first"
    assert len(stored()) == 2 * FILES - step
    settle_everything()
    assert len(stored()) == FILES
    check_consistent()
