"""Rows and files for the documented service, in the database that ours already lives in."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command

from bench.documented.models import PICTURES, Image, MediaItem, Person


def people(count: int, picture: str = "") -> None:
    """`picture` is the path of everybody's photo."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    Person.objects.bulk_create(Person(name=f"Person {number}") for number in range(count))
    if picture:
        for person in Person.objects.all():
            person.picture.save("photo.jpg", ContentFile(Path(picture).read_bytes()))


def images(count: int, picture: str) -> None:
    """Dana's; `picture` is the path of the one file that all of them show."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    dana = get_user_model()._default_manager.get(username="dana")
    first = Image(user=dana)
    for name in PICTURES:
        getattr(first, name).save("photo.jpg", ContentFile(Path(picture).read_bytes()), save=False)
    first.save()
    files = {name: getattr(first, name).name for name in PICTURES}
    Image.objects.bulk_create(Image(user=dana, **files) for _number in range(count - 1))


def media(count: int, video: str) -> None:
    """The first one has the bytes of `video`, the others none."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    first = MediaItem(owner_id=1, original_filename="clip.mp4")
    first.picture.save("clip.mp4", ContentFile(Path(video).read_bytes()))
    MediaItem.objects.bulk_create(
        MediaItem(
            owner_id=1,
            original_filename=f"{number}.jpg",
            **{name: f"{name}/{number}.webp" for name in PICTURES},
        )
        for number in range(1, count)
    )
