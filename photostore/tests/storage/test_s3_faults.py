"""A bucket gone, a wrong key, a server slow or dead: never read as "absent", and never for long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from photostore.errors import StorageUnavailable
from photostore.storage.s3 import S3Storage
from photostore.storage.s3_client import s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from testing.s3_server import S3Server

JPEG = "image/jpeg"


@pytest.fixture
def impatient(s3_options: dict[str, Any]) -> S3Storage:
    return S3Storage(**s3_options, connect_timeout_seconds=0.3, read_timeout_seconds=0.3, max_attempts=1)


def every_way_to_ask(storage: S3Storage) -> list[Callable[[], object]]:
    return [
        lambda: storage.stat("a"),
        lambda: storage.exists("a"),
        lambda: storage.stream("a"),
        lambda: storage.stream("a", start=2, end=2),
        lambda: storage.read("a", max_bytes=10),
        lambda: storage.put("a", b"x", content_type=JPEG),
        lambda: storage.copy("a", "b", content_type=JPEG),
        lambda: storage.move("a", "b"),
        lambda: storage.remove("a"),
        lambda: list(storage.scan()),
        lambda: storage.listdir(""),
        storage.ping,
    ]


def assert_unavailable(storage: S3Storage) -> None:
    for attempt in every_way_to_ask(storage):
        began = time.monotonic()
        with pytest.raises(StorageUnavailable) as away:
            attempt()
        assert time.monotonic() - began < 6
        for secret in (storage.bucket_name, storage.endpoint_url, "127.0.0.1", storage.secret_key):
            assert str(secret) not in str(away.value)


def test_a_bucket_that_is_not_there(s3_options: dict[str, Any]) -> None:
    assert_unavailable(S3Storage(**s3_options | {"bucket_name": f"missing-{uuid4().hex[:8]}"}))


def test_a_wrong_secret(s3_options: dict[str, Any]) -> None:
    assert_unavailable(S3Storage(**s3_options | {"secret_key": "wrong"}))


def test_no_credentials_at_all(s3_options: dict[str, Any]) -> None:
    assert_unavailable(
        S3Storage(
            **s3_options | {"access_key": None, "secret_key": None, "endpoint_url": "http://127.0.0.1:9"}
        )
    )


def test_a_server_that_is_stopped(s3_server: S3Server, impatient: S3Storage) -> None:
    impatient.put("a", b"kept", content_type=JPEG)
    s3_server.stop()
    try:
        assert_unavailable(impatient)
    finally:
        s3_server.start()
    assert impatient.read("a", max_bytes=10) == b"kept"


def test_a_server_that_does_not_answer(
    s3_server: S3Server, s3_options: dict[str, Any], impatient: S3Storage
) -> None:
    """What was sent meanwhile may still be done when it wakes up: "away" does not mean "not done"."""
    impatient.put("untouched", b"kept", content_type=JPEG)
    s3_server.pause()
    try:
        assert_unavailable(impatient)
    finally:
        s3_server.resume()
    assert S3Storage(**s3_options).read("untouched", max_bytes=10) == b"kept"


def test_a_stream_cut_off_is_no_short_file(
    s3_server: S3Server, s3_options: dict[str, Any], impatient: S3Storage
) -> None:
    size = 30_000_000
    S3Storage(**s3_options).put("big", bytes(size), content_type=JPEG)  # a busy machine needs its time for it
    chunks = impatient.stream("big", chunk_bytes=100_000)
    next(chunks)
    s3_server.stop()
    try:
        with pytest.raises(StorageUnavailable):
            b"".join(chunks)
    finally:
        chunks.close()
        s3_server.start()


def test_a_body_altered_on_its_way_is_refused(
    s3_options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = S3Storage(**s3_options)
    put_object = storage.client.put_object
    with monkeypatch.context() as patch:
        patch.setattr(storage.client, "put_object", lambda **sent: put_object(**sent | {"Body": b"altered!"}))
        with pytest.raises(StorageUnavailable):
            storage.put("a", b"original", content_type=JPEG)
    assert storage.stat("a") is None


def test_the_scan_asks_once_for_each_page(s3_options: dict[str, Any]) -> None:
    storage = S3Storage(**s3_options, list_page_size=10)
    for number in range(95):
        storage.put(f"photos/{number:03}", b"x", content_type=JPEG)

    assert [found.key for found in storage.scan()] == [f"photos/{number:03}" for number in range(95)]
    assert storage.list_request_count == 10


def test_names_that_are_no_keys_are_told_apart(s3_client: S3Client, s3_options: dict[str, Any]) -> None:
    storage = S3Storage(**s3_options)
    for key in ("a", "folder/", "b//c", "d\\e"):
        s3_client.put_object(Bucket=s3_options["bucket_name"], Key=key, Body=b"")
    assert [found.key for found in storage.scan()] == ["a"]
    unusable = {found.key for found in storage.walk(kinds=frozenset({"unusable"}))}
    assert unusable == {"folder/", "b//c", "d\\\\e"}
    assert list(storage.partials()) == list(storage.symlinks()) == []


def test_what_a_move_left_half_done_is_finished(s3_options: dict[str, Any]) -> None:
    storage = S3Storage(**s3_options)
    storage.put("one", b"x", content_type=JPEG)
    storage.copy("one", "two", content_type=JPEG)
    storage.move("one", "two")
    assert [found.key for found in storage.scan()] == ["two"]


def test_one_client_serves_every_alias_and_a_fork_makes_its_own(s3_options: dict[str, Any]) -> None:
    one, two = S3Storage(**s3_options), S3Storage(**s3_options | {"bucket_name": "other"})
    assert one.client is two.client
    assert one.client is one.client
    here = one.client
    real = os.getpid
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: real() + 1)
        assert one.client is not here


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
def test_only_a_missing_key_is_a_missing_file(status: int) -> None:
    for code in ("AccessDenied", "NoSuchBucket", "404", "InternalError", "SlowDown", ""):
        answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        with pytest.raises(StorageUnavailable), s3_errors():
            raise ClientError(answer, "GetObject")


def test_a_signed_link_needs_credentials(s3_options: dict[str, Any]) -> None:
    storage = S3Storage(**s3_options | {"access_key": None, "secret_key": None})
    with pytest.raises(StorageUnavailable):
        storage.url("a")
