"""Rows and files for the documented service, in the database that ours already lives in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command

from bench.documented.models import PICTURES, Image, MediaItem, Person, Pictured


def people(count: int, picture: str = "") -> None:
    """Without photos, or with the one at the path `picture`."""
    _fill(Person, count, picture, name="Somebody")


def images(count: int, picture: str) -> None:
    dana = get_user_model()._default_manager.get(username="dana")
    _fill(Image, count, picture, user_id=dana.pk)


def media(count: int, video: str) -> None:
    _fill(MediaItem, count, video, owner_id=1, original_filename="clip.mp4")


def _fill(model: type[Pictured], count: int, path: str, **fields: Any) -> None:
    """So many rows that show the same file."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    first = model(**fields)
    if path:
        for name in PICTURES:
            getattr(first, name).save("photo.jpg", ContentFile(Path(path).read_bytes()), save=False)
    first.save()
    files = {name: getattr(first, name).name for name in PICTURES}
    model.objects.bulk_create([model(**fields, **files) for _number in range(count - 1)], batch_size=1_000)
