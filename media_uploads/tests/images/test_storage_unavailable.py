"""A storage that is unavailable, slow or not ours: 503, never "not found", and nothing half done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import (
    at,
    check_consistent,
    everything,
    face,
    hand_in,
    kept,
    listed,
    stored,
)
from photostore.errors import StorageFull, StorageUnavailable
from photostore.models import AuditEntry, PendingRemoval
from photostore.register.after_commit import finish_all_commits

pytestmark = pytest.mark.django_db(transaction=True)

IMPATIENT = {"connect_timeout_seconds": 1, "read_timeout_seconds": 1, "max_attempts": 1}


@pytest.fixture
def bucket(settings: Any, s3_alias: dict[str, Any]) -> dict[str, Any]:
    """Photos live in a bucket, and nobody waits for long."""
    alias = s3_alias | {"OPTIONS": s3_alias["OPTIONS"] | IMPATIENT}
    settings.STORAGES = settings.STORAGES | {"default": alias, "safe": alias}
    return alias


def is_503(answer: Any, code: str = "storage_unavailable") -> bool:
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"
    return (answer.status_code, answer.json()["code"]) == (503, code)


def check_unavailable(api: Any, image: dict[str, Any]) -> None:
    """What a storage that does not answer means for each call; the rows are as before."""
    rows = list(UserImage.objects.order_by("pk").values())
    began = time.monotonic()
    assert is_503(hand_in(api, face(2), is_primary="true"))
    assert is_503(api.get(at(image, "serve")))
    assert is_503(api.get(at(image, "serve"), headers={"range": "bytes=0-9"}))
    assert time.monotonic() - began < 20
    assert listed(api, "dana")["count"] == 1, "looking at the list does not need the storage"
    assert api.post(at(image, "set_primary")).status_code == 200
    assert [row | {"is_primary": False} for row in UserImage.objects.order_by("pk").values()] == rows
    assert AuditEntry.objects.get(outcome="refused", action="image.upload").code == "storage_unavailable"


def test_a_server_that_does_not_answer(danas: Any, bucket: Any, s3_server: Any) -> None:
    image = kept(danas)
    s3_server.pause()
    try:
        check_unavailable(danas, image)
    finally:
        s3_server.resume()
    assert hand_in(danas, face(2)).status_code == 200


def test_a_server_that_is_down(danas: Any, bucket: Any, s3_server: Any) -> None:
    image = kept(danas)
    s3_server.stop()
    try:
        check_unavailable(danas, image)
    finally:
        s3_server.start()
    assert hand_in(danas, face(2)).status_code == 200
    check_consistent()


def test_a_bucket_that_is_gone(danas: Any, bucket: Any, settings: Any) -> None:
    image = kept(danas)
    gone = bucket | {"OPTIONS": bucket["OPTIONS"] | {"bucket_name": "no-such-bucket"}}
    settings.STORAGES = settings.STORAGES | {"default": gone, "safe": gone}
    check_unavailable(danas, image)


def test_a_wrong_key(danas: Any, bucket: Any, settings: Any) -> None:
    image = kept(danas)
    wrong = bucket | {"OPTIONS": bucket["OPTIONS"] | {"secret_key": "wrong"}}
    settings.STORAGES = settings.STORAGES | {"default": wrong, "safe": wrong}
    check_unavailable(danas, image)


def test_an_image_is_deleted_although_its_bytes_have_to_wait(danas: Any, bucket: Any, s3_server: Any) -> None:
    image = kept(danas)
    s3_server.stop()
    try:
        assert danas.delete(at(image, "delete")).status_code == 200
    finally:
        s3_server.start()
    assert listed(danas, "dana")["count"] == 0
    assert PendingRemoval.objects.count() == len(stored()) == 4
    finish_all_commits()
    assert stored() == {}
    check_consistent()


@pytest.mark.parametrize(
    ("error", "code"), [(StorageFull, "storage_full"), (StorageUnavailable, "storage_unavailable")]
)
def test_an_upload_that_cannot_be_written_changes_nothing(
    danas: Any, monkeypatch: pytest.MonkeyPatch, error: Any, code: str
) -> None:
    image = kept(danas, is_primary="true")
    before = everything()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("photostore.storage.disk.DiskStorage.put_many", fail)
        assert is_503(hand_in(danas, face(2), is_primary="true"), code)
    assert everything() == before
    assert AuditEntry.objects.get(outcome="refused", action="image.upload").code == code
    assert UserImage.objects.get(is_primary=True).pk.hex == image["id"].replace("-", "")


# --- presigned links --------------------------------------------------------------------------------


@pytest.fixture
def short_lived(settings: Any) -> Iterator[None]:
    settings.MEDIA_LINK_SECONDS = 1
    yield


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_presigned_link_opens_exactly_one_file(danas: Any, bucket: Any) -> None:
    first, second = kept(danas, 1), kept(danas, 2)
    with urlopen(first["url"], timeout=20) as answer:
        data, kind = answer.read(), answer.headers["Content-Type"]
    assert (len(data), kind) == (first["size_bytes"], "image/jpeg")
    for url in first["thumbnails"].values():
        assert status_of(url) == 200
    keys = {str(image.pk): image.key for image in UserImage.objects.all()}
    other = first["url"].replace(keys[first["id"]], keys[second["id"]])
    assert status_of(other) == 403, "somebody else's image under this signature"
    assert status_of(first["url"][:-1] + ("0" if first["url"][-1] != "0" else "1")) == 403
    assert status_of(first["url"].replace("X-Amz-Expires=", "X-Amz-Expires=9")) == 403
    assert status_of(first["url"].partition("?")[0]) in {400, 403}, "unsigned"


def test_a_presigned_link_expires(danas: Any, bucket: Any, short_lived: None) -> None:
    url = kept(danas)["url"]
    assert status_of(url) == 200
    time.sleep(3.1)
    assert status_of(url) == 403
    assert status_of(listed(danas, "dana")["images"][0]["url"]) == 200, "a list has fresh ones"


@pytest.mark.s3
def test_a_link_to_a_deleted_image_leads_nowhere(danas: Any, each_storage: str) -> None:
    image = kept(danas)
    danas.delete(at(image, "delete"))
    if each_storage == "s3":
        assert status_of(image["url"]) == 404
    else:
        assert danas.get(image["url"]).status_code == 404
