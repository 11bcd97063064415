"""People for the documented service, in the database that our school already lives in."""

from __future__ import annotations

from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management import call_command

from bench.documented.models import Person


def found(count: int, picture: str = "") -> None:
    """Makes the table and the people; `picture` is the path of everybody's photo."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    Person.objects.bulk_create(Person(name=f"Person {number}") for number in range(count))
    if picture:
        for person in Person.objects.all():
            person.picture.save("photo.jpg", ContentFile(Path(picture).read_bytes()))
