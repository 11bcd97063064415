"""`verify_media` looks at every file field of every app that is installed, also those that come later."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from photostore.inventory.fields import file_fields
from photostore.models import StoredFile
from photostore.tests.shelf import keep, run

FIELDS = {f"{model.__name__}.{field.name}": (model, field) for model, field in file_fields()}
VALUES: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (models.BooleanField, False),
    (models.IntegerField, 1),
    (models.DateTimeField, timezone.now()),
    (models.DateField, timezone.now().date()),
    (models.UUIDField, uuid.uuid4()),
    (models.JSONField, {}),
)
# What a constraint asks for beside the key.
WITH_IT: dict[str, dict[str, Any]] = {
    "Student.profile_photo": {"photo_sha256": "a" * 64},
    "ProfilePictureUpload.image": {"expires_at": timezone.now()},
}


def made(model: type[models.Model], **given: Any) -> Any:
    """A row that the database takes, whatever the model asks for."""
    values = {
        field.name: _value(field)
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.null or field.has_default() or getattr(field, "generated", False))
    }
    (row,) = model._default_manager.bulk_create([model(**values | given)])
    return row


def _value(field: Any) -> Any:
    if field.is_relation:
        return field.related_model._default_manager.first() or made(field.related_model)
    if field.choices:
        return field.choices[0][0]
    found = [value for kind, value in VALUES if isinstance(field, kind)]
    return found[0] if found else "" if field.blank else "x"


def test_every_app_is_looked_at() -> None:
    known = {"Student.profile_photo", "StudentPhoto.file", "AttendancePhoto.file"}
    assert known | {"ProfilePictureUpload.image", "User.profile_picture"} <= set(FIELDS)
    assert {"UserImage.image", "MediaFile.file"} <= set(FIELDS)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_value_that_nobody_keeps_is_missing(name: str, each_storage: str) -> None:
    model, field = FIELDS[name]
    keep("a/kept.jpg", b"ada")
    row = made(model, **{field.name: "a/kept.jpg"}, **WITH_IT.get(name, {}))
    said = run("verify_media")[1]
    assert (said["missing"], said["counts"]["missing"]) == ([], 0)

    model._default_manager.filter(pk=row.pk).update(**{field.name: "a/lost.jpg"})
    code, said = run("verify_media")
    assert (code, said["missing"], said["counts"]["missing"]) == (1, ["a/lost.jpg"], 1)
    assert said["counts"]["present"] == said["counts"]["files"] == 1


@pytest.mark.django_db
def test_a_registered_value_without_bytes_counts_once(each_storage: str) -> None:
    model, field = FIELDS["Student.profile_photo"]
    keep("a/kept.jpg", b"ada")
    StoredFile.objects.update(key="a/gone.jpg")
    made(model, **{field.name: "a/gone.jpg"}, **WITH_IT["Student.profile_photo"])
    said = run("verify_media", "--checksum")[1]
    assert (said["missing"], said["counts"]["missing"], said["counts"]["present"]) == (["a/gone.jpg"], 1, 0)


@pytest.mark.django_db
def test_it_is_one_query_whatever_the_number_of_rows(django_assert_num_queries: Any) -> None:
    from photostore.inventory.fields import unregistered

    model, field = FIELDS["Student.profile_photo"]
    for number in range(30):
        made(model, **{field.name: f"a/{number}.jpg"}, **WITH_IT["Student.profile_photo"])
    with django_assert_num_queries(1):
        assert len(list(unregistered())) == 30
    assert connection.vendor == "postgresql"
