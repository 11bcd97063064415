"""`verify_media` looks at every file field of every app that is installed, also those that come later."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from photostore.audit import Actor
from photostore.models import StoredFile
from photostore.operations import run_operation, undo
from photostore.operations.quarantine import sha256_of
from photostore.references.fields import file_fields, named_by_fields
from photostore.tests.inventory_files import found, keep, leave, run
from testing.kept import stored

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
    known = {"Student.profile_photo", "StudentPhoto.file"}
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
    assert (said["counts"]["present"], said["counts"]["files"]) == (1, 2), "what a row names counts"


OLGA = Actor("", "olga", "command")


def swept(key: str) -> Any:
    """The sweep's act of one file: the operation, and whether it was done."""
    with run_operation("cleanup_orphaned_photos", OLGA) as runner:
        details = {
            "storage_alias": "default",
            "key": key,
            "sha256": sha256_of("default", key),
            "byte_size": 3,
        }
        done = runner.step("sweep_aside", subject=key, details=details)
    return runner.operation, done


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(FIELDS))
def test_what_a_row_names_is_nobodys_to_take_though_the_register_does_not_know_it(
    name: str, each_storage: str
) -> None:
    model, field = FIELDS[name]
    keep("a/kept.jpg", b"bea")
    row = made(model, **{field.name: "a/old.jpg"}, **WITH_IT.get(name, {}))
    leave("a/old.jpg", b"ada")
    leave("a/unowned.jpg", b"cyd")
    assert found() == {"orphaned": {"a/unowned.jpg"}}
    assert swept("a/old.jpg")[1] is False
    assert swept("a/unowned.jpg")[1] is True
    assert {"a/kept.jpg", "a/old.jpg"} <= stored().keys()

    # Taken once nobody named it; it comes back also where somebody does again.
    rows = model._default_manager.filter(pk=row.pk)
    rows.update(**{field.name: "a/other.jpg"})
    assert found() == {"orphaned": {"a/old.jpg"}}
    operation, done = swept("a/old.jpg")
    rows.update(**{field.name: "a/old.jpg"})
    assert done
    assert undo(operation, OLGA).skipped == 0
    assert stored()["a/old.jpg"] == b"ada"


@pytest.mark.django_db
def test_asking_for_many_files_is_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        named_by_fields(["default"], [f"a/{number}.jpg" for number in range(1_000)])


@pytest.mark.s3
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
    from photostore.inventory import listed
    from photostore.inventory.unregistered import unregistered
    from photostore.references import root_of

    model, field = FIELDS["Student.profile_photo"]
    for number in range(30):
        made(model, **{field.name: f"a/{number}.jpg"}, **WITH_IT["Student.profile_photo"])
    with listed(root_of("default")) as listing, django_assert_num_queries(1):
        assert len(list(unregistered(listing))) == 30
    assert connection.vendor == "postgresql"
