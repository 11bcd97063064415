"""`/api/debug/r2-status/`, `/api/test-r2-storage/`: what staff learn of the storage, and what nobody does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from media_uploads.tests.images.handing_in import kept, r2_environment, stored
from photostore.models import AuditEntry
from photostore.storage.configuration import storages_from_environment
from testing.people import client_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)

STATUS = "/api/debug/r2-status/"
TEST = "/api/test-r2-storage/"
STEPS = ["write", "read", "delete", "look"]


@pytest.fixture
def bobs(bob: Any) -> APIClient:
    """Staff without any permission: enough here."""
    return client_of(bob)


def secrets_of(settings: Any) -> set[str]:
    names = {"access_key", "secret_key", "security_token", "endpoint_url", "bucket_name", "location"}
    found = {settings.SECRET_KEY, str(settings.MEDIA_ROOT)}
    for alias in settings.STORAGES.values():
        found |= {str(said) for name, said in alias.get("OPTIONS", {}).items() if name in names and said}
    return found


@pytest.mark.s3
def test_what_it_is_and_how_long_it_took(bobs: Any, settings: Any, each_storage: str) -> None:
    for method, address, steps in (("get", STATUS, ["reach"]), ("post", TEST, STEPS)):
        answer = getattr(bobs, method)(address)
        assert answer.status_code == 200
        said = answer.json()
        assert (said["success"], said["images_go_to"]) == (True, "default")
        for place in said["storages"]:
            assert (place["storage"], place["succeeded"]) == (each_storage, True)
            assert list(place["milliseconds"]) == steps
            assert all(taken >= 0 for taken in place["milliseconds"].values())
        aliases = [place["aliases"] for place in said["storages"]]
        assert aliases == ([["default", "safe"]] if each_storage == "s3" else [["default"], ["safe"]])
        assert not [secret for secret in secrets_of(settings) if secret in answer.content.decode()]
    assert stored() == stored("safe") == {}, "the trial's own files are gone"
    assert AuditEntry.objects.get(action="storage.test").actor_name == "bob"


@pytest.mark.parametrize(("method", "address"), [("get", STATUS), ("post", TEST)])
def test_staff_only(danas: Any, method: str, address: str) -> None:
    assert getattr(danas, method)(address).status_code == 403
    assert getattr(client_of(), method)(address).status_code == 401
    assert (
        getattr(client_of(make_person("sam", is_staff=True)), method)(address.rstrip("/")).status_code == 200
    )
    other = {"get": "post", "post": "get"}[method]
    assert getattr(client_of(make_person("tim", is_staff=True)), other)(address).status_code == 405


def test_r2_with_a_public_bucket_shows_nothing_secret(
    bobs: Any, settings: Any, s3_server: Any, s3_bucket: str, s3_client: Any, tmp_path: Path
) -> None:
    environment = r2_environment(s3_server, s3_bucket) | {
        "R2_PUBLIC_DOMAIN": "pictures.example.org",
        "R2_PUBLIC_BUCKET_NAME": f"{s3_bucket}-public",
    }
    s3_client.create_bucket(Bucket=f"{s3_bucket}-public")
    storages = storages_from_environment(environment, media_root=tmp_path)
    settings.STORAGES = settings.STORAGES | storages
    try:
        for answer in (bobs.get(STATUS), bobs.post(TEST)):
            said = answer.json()
            assert (said["success"], said["images_go_to"]) == (True, "public")
            assert [(place["aliases"], place["storage"]) for place in said["storages"]] == [
                (["default", "safe"], "r2"),
                (["public"], "r2"),
            ]
            text = answer.content.decode()
            assert not [value for value in environment.values() if value in text]
            assert not [secret for secret in secrets_of(settings) if secret in text]
    finally:
        s3_client.delete_bucket(Bucket=f"{s3_bucket}-public")


def test_a_bucket_that_is_gone(
    bobs: Any, settings: Any, s3_alias: dict[str, Any], s3_client: Any, caplog: Any
) -> None:
    gone = s3_alias | {"OPTIONS": s3_alias["OPTIONS"] | {"bucket_name": "no-such-bucket"}}
    settings.STORAGES = settings.STORAGES | {"default": gone, "safe": gone}
    for answer, step in ((bobs.get(STATUS), "reach"), (bobs.post(TEST), "write")):
        assert answer.status_code == 200
        assert answer.json()["success"] is False
        assert list(answer.json()["storages"][0]["milliseconds"]) == [step]
        assert "no-such-bucket" not in answer.content.decode()
    assert AuditEntry.objects.get(action="storage.test").code == "storage_unavailable"


def test_a_disk_that_is_not_mounted(bobs: Any, danas: Any, settings: Any) -> None:
    kept(danas)
    media = settings.MEDIA_ROOT
    media.rename(media.with_name("away"))
    media.mkdir()
    try:
        for answer in (bobs.get(STATUS), bobs.post(TEST)):
            assert answer.json()["success"] is False
            assert str(media) not in answer.content.decode()
    finally:
        media.rmdir()
        media.with_name("away").rename(media)
    assert bobs.post(TEST).json()["success"] is True
