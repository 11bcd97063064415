"""Links signed here are botocore's own, and a real server holds them to their terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

from photostore.storage.presign import Bucket, Keys, presigned_get
from photostore.storage.s3 import S3Storage

MOMENT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
MINUTES = timedelta(minutes=5)


@pytest.fixture
def at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: MOMENT.replace(tzinfo=None))


@lru_cache
def botocore_client(endpoint: str, style: Any, region: str, token: str | None) -> Any:
    return boto3.Session("AK:ID/x", "secret", token).client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )


@pytest.mark.usefixtures("at_that_moment")
@pytest.mark.parametrize("key", ["a.jpg", "with space/é ß.jpg", "a+b&c=d%20#?~*'()!.jpg", "照片/1.webp"])
@pytest.mark.parametrize("token", [None, "FQoG/+token=="])
@pytest.mark.parametrize("disposition", [None, "inline", "attachment; filename*=utf-8''%C3%A9%20b.jpg"])
@pytest.mark.parametrize(
    ("endpoint", "style", "region"),
    [
        ("http://127.0.0.1:8080", "path", "us-east-1"),
        ("https://storage.example.org:443", "path", "us-east-1"),
        ("https://acc.r2.cloudflarestorage.com", "path", "auto"),
        ("https://s3.eu-west-1.amazonaws.com", "virtual", "eu-west-1"),
    ],
)
def test_the_same_link_as_botocore(
    key: str, token: str | None, disposition: str | None, endpoint: str, style: Any, region: str
) -> None:
    client = botocore_client(endpoint, style, region, token)
    more = {"ResponseContentDisposition": disposition} if disposition else {}
    theirs = client.generate_presigned_url(
        "get_object", Params={"Bucket": "photos", "Key": key, **more}, ExpiresIn=300
    )
    ours = presigned_get(
        Bucket.at(endpoint, "photos", region=region, style=style),
        key,
        Keys("AK:ID/x", "secret", token),
        valid_from=MOMENT,
        expires_at=MOMENT + MINUTES,
        content_disposition=disposition,
    )

    assert ours == theirs.replace(":443", "")


def test_a_span_that_is_none_is_refused() -> None:
    bucket = Bucket.at("https://example.org", "photos", region="auto")
    for span in (timedelta(0), -MINUTES, timedelta(days=7, seconds=1)):
        with pytest.raises(ValueError, match="seven days"):
            presigned_get(bucket, "k", Keys("a", "b"), valid_from=MOMENT, expires_at=MOMENT + span)


def test_a_secret_is_not_shown() -> None:
    assert "hush" not in repr(Keys("name", "hush", "hush-token"))


@pytest.fixture
def bucket(s3_options: dict[str, Any]) -> S3Storage:
    storage = S3Storage(**s3_options)
    storage.put("photos/é 1.jpg", b"a face", content_type="image/jpeg")
    return storage


def link(storage: S3Storage, *, ends: timedelta = MINUTES, **more: Any) -> str:
    now = datetime.now(UTC).replace(microsecond=0)
    return storage.presigned_url(
        "photos/é 1.jpg", valid_from=now - timedelta(hours=1), expires_at=now + ends, **more
    )


def test_a_link_opens_one_photo(bucket: S3Storage) -> None:
    answer = requests.get(link(bucket, content_disposition='attachment; filename="x.jpg"'), timeout=10)

    assert answer.status_code == 200
    assert answer.content == b"a face"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="x.jpg"'


def test_ranges_through_a_link(bucket: S3Storage) -> None:
    answer = requests.get(link(bucket), headers={"Range": "bytes=2-"}, timeout=10)
    assert (answer.status_code, answer.content) == (206, b"face")


def test_an_expired_link_is_refused(bucket: S3Storage) -> None:
    assert requests.get(link(bucket, ends=timedelta(minutes=-1)), timeout=10).status_code == 403


def test_an_altered_link_is_refused(bucket: S3Storage) -> None:
    bucket.put("photos/other.jpg", b"another face", content_type="image/jpeg")
    good = link(bucket)
    for altered in (
        good.replace("%C3%A9%201.jpg", "other.jpg"),
        good.replace("X-Amz-Expires=3900", "X-Amz-Expires=39000"),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        f"{good}&response-content-type=text/html",
    ):
        assert altered != good
        assert requests.get(altered, timeout=10).status_code == 403


def test_nobody_reads_without_a_link(bucket: S3Storage) -> None:
    bare = link(bucket).partition("?")[0]
    for address in (bare, bare.rpartition("/photos/")[0]):
        answer = requests.get(address, timeout=10)
        assert 400 <= answer.status_code < 500  # Amazon says 403, Swift a 400 or a 412
        assert b"a face" not in answer.content
        assert b"photos/" not in answer.content


def test_every_url_is_signed_with_version_four(bucket: S3Storage) -> None:
    query = parse_qs(urlsplit(bucket.url("photos/é 1.jpg")).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert requests.get(bucket.url("photos/é 1.jpg"), timeout=10).content == b"a face"


def test_equal_terms_make_an_equal_link(s3_options: dict[str, Any]) -> None:
    terms = {"valid_from": MOMENT, "expires_at": MOMENT + MINUTES}
    assert S3Storage(**s3_options).presigned_url("k", **terms) == S3Storage(**s3_options).presigned_url(
        "k", **terms
    )


def test_a_public_bucket_gives_its_public_link(s3_options: dict[str, Any]) -> None:
    public = S3Storage(**s3_options, custom_domain="pictures.example.org")
    url = public.presigned_url("users/é/1.jpg", valid_from=MOMENT, expires_at=MOMENT + MINUTES)
    assert url == "https://pictures.example.org/users/%C3%A9/1.jpg"
