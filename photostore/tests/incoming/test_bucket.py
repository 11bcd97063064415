"""Presigned uploads, held to their terms by a real S3 server."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from photostore.errors import StorageUnavailable
from photostore.incoming import bucket
from photostore.storage import storage_for

pytestmark = pytest.mark.django_db

KEY = "incoming/7/4b1d3c3e-9f1c-4c92-8d1e-4f8d8f6f1a11"
JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture(autouse=True)
def on_s3(own_storage: None, settings: Any, s3_alias: dict[str, Any]) -> None:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias, "safe": s3_alias}


def put(link: str, data: bytes, headers: dict[str, str] | None = None) -> int:
    return requests.put(link, data=data, headers=headers, timeout=20).status_code


def test_a_put_of_that_size_and_type_arrives() -> None:
    link = bucket.put_link(KEY, byte_size=5, content_type="image/jpeg")
    assert put(link, b"a jpg", JPEG) == 200
    assert storage_for().read(KEY, max_bytes=10) == b"a jpg"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (b"a jpeg", JPEG),
        (b"jpg", JPEG),
        (b"a jpg", {"Content-Type": "text/html"}),
        (b"a jpg", {}),
    ],
    ids=["longer", "shorter", "another type", "no type"],
)
def test_any_other_is_refused_by_the_server(data: bytes, headers: dict[str, str]) -> None:
    link = bucket.put_link(KEY, byte_size=5, content_type="image/jpeg")
    assert put(link, data, headers) == 403
    assert storage_for().stat(KEY) is None


def test_a_link_is_for_its_key_and_its_method() -> None:
    link = bucket.put_link(KEY, byte_size=5, content_type="image/jpeg")
    assert put(link.replace("/7/", "/8/"), b"a jpg", JPEG) == 403
    assert put(link, b"a jpg", JPEG) == 200
    assert requests.get(link, timeout=20).status_code == 403
    assert requests.delete(link, timeout=20).status_code == 403


def test_a_link_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "LINK_LIFE", timedelta(seconds=1))
    link = bucket.put_link(KEY, byte_size=5, content_type="image/jpeg")
    import time

    time.sleep(2.1)
    assert put(link, b"a jpg", JPEG) == 403


def test_parts_become_one_object() -> None:
    data = os.urandom(2 * bucket.PART_BYTES + 100)
    sizes = bucket.part_sizes(len(data))
    assert sizes == [bucket.PART_BYTES, bucket.PART_BYTES, 100]
    multipart = bucket.begin_multipart(KEY, content_type="video/mp4")
    for number, link in enumerate(bucket.part_links(KEY, multipart, sizes)):
        start = number * bucket.PART_BYTES
        assert put(link, data[start : start + sizes[number] - 1]) == 403, "a part of another length"
        assert put(link, data[start : start + sizes[number]]) == 200
    parts = bucket.arrived_parts(KEY, multipart)
    assert parts is not None and [size for size, _etag in parts.values()] == sizes
    assert storage_for().stat(KEY) is None, "nothing is there before they are joined"
    bucket.join_parts(KEY, multipart, parts)
    assert storage_for().read(KEY, max_bytes=len(data)) == data


def test_an_aborted_one_is_gone_and_aborting_again_is_nothing() -> None:
    multipart = bucket.begin_multipart(KEY, content_type="video/mp4")
    assert [found.key for found in bucket.unfinished_multiparts()] == [KEY]
    (link,) = bucket.part_links(KEY, multipart, [5])
    assert put(link, b"a mp4") == 200
    bucket.abort_multipart(KEY, multipart)
    bucket.abort_multipart(KEY, multipart)
    assert bucket.arrived_parts(KEY, multipart) is None
    assert list(bucket.unfinished_multiparts()) == []
    assert put(link, b"a mp4") == 404


def test_unfinished_ones_say_since_when() -> None:
    multipart = bucket.begin_multipart(KEY, content_type="video/mp4")
    (found,) = bucket.unfinished_multiparts()
    assert found.multipart_id == multipart
    assert abs(timezone.now() - found.begun_at) < timedelta(minutes=1)


def test_a_server_that_is_unavailable_is_not_read_as_missing(s3_server: Any) -> None:
    multipart = bucket.begin_multipart(KEY, content_type="video/mp4")
    s3_server.stop()
    try:
        with pytest.raises(StorageUnavailable):
            bucket.arrived_parts(KEY, multipart)
        with pytest.raises(StorageUnavailable):
            bucket.abort_multipart(KEY, multipart)
        with pytest.raises(StorageUnavailable):
            list(bucket.unfinished_multiparts())
    finally:
        s3_server.start()
