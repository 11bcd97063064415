"""Uploads that a client sends to the bucket itself, by presigned links, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from photostore import keys
from photostore.errors import FileMissing
from photostore.register import mounted_storage
from photostore.storage.key_rules import check_key
from photostore.storage.s3 import S3Storage
from photostore.storage.s3_client import s3_errors

# Each link is good for so long; asking for the state of an upload gives new ones.
LINK_LIFE = timedelta(hours=1)
# S3 takes parts of 5 MiB and more; R2 wants them of one size, except the last.
PART_BYTES = 8 * 1_048_576
_GONE = frozenset({"NoSuchUpload", "NoSuchKey"})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A multipart upload that was begun and neither finished nor given up."""

    key: str
    multipart_id: str
    begun_at: datetime


def put_link(key: str, *, byte_size: int, content_type: str) -> str:
    """A link for one PUT of exactly so many bytes of this type: the signature covers both headers."""
    return _link("put_object", key, ContentLength=byte_size, ContentType=content_type)


def begin_multipart(key: str, *, content_type: str) -> str:
    """Its id at the storage. Raises `StorageUnavailable`."""
    storage = _bucket()
    with s3_errors():
        begun = storage.client.create_multipart_upload(
            Bucket=storage.bucket_name, Key=check_key(key), ContentType=content_type
        )
    return begun["UploadId"]


def part_sizes(byte_size: int) -> list[int]:
    """How many bytes each part has, in order."""
    whole, rest = divmod(byte_size, PART_BYTES)
    return [PART_BYTES] * whole + ([rest] if rest else [])


def part_links(key: str, multipart_id: str, sizes: Sequence[int]) -> list[str]:
    """A link for the PUT of each part, numbered from 1, each bound to its length."""
    return [
        _link("upload_part", key, UploadId=multipart_id, PartNumber=number, ContentLength=size)
        for number, size in enumerate(sizes, 1)
    ]


def arrived_parts(key: str, multipart_id: str) -> dict[int, tuple[int, str]] | None:
    """Size and ETag of each part that has arrived, by its number; None where no such upload is open.

    Once they are joined Amazon says None and others go on listing them: look for the object first.
    """
    storage = _bucket()
    place: dict[str, Any] = {"Bucket": storage.bucket_name, "Key": check_key(key), "UploadId": multipart_id}
    parts: dict[int, tuple[int, str]] = {}
    with s3_errors():
        try:
            for page in storage.client.get_paginator("list_parts").paginate(**place):
                for part in page.get("Parts", ()):
                    parts[part["PartNumber"]] = (part["Size"], part["ETag"])
        except ClientError as error:
            if _code(error) in _GONE:
                return None
            raise
    return parts


def join_parts(key: str, multipart_id: str, parts: dict[int, tuple[int, str]]) -> None:
    """Make one object of them. Raises `StorageUnavailable`."""
    storage = _bucket()
    with s3_errors():
        storage.client.complete_multipart_upload(
            Bucket=storage.bucket_name,
            Key=check_key(key),
            UploadId=multipart_id,
            MultipartUpload={
                "Parts": [{"PartNumber": number, "ETag": etag} for number, (_, etag) in sorted(parts.items())]
            },
        )


def abort_multipart(key: str, multipart_id: str) -> None:
    """Let the storage forget the parts; nothing happens where it has. Raises `StorageUnavailable`."""
    storage = _bucket()
    with suppress(FileMissing), s3_errors():
        try:
            storage.client.abort_multipart_upload(
                Bucket=storage.bucket_name, Key=check_key(key), UploadId=multipart_id
            )
        except ClientError as error:
            if _code(error) not in _GONE:
                raise


def unfinished_multiparts() -> Iterator[Unfinished]:
    """Every multipart upload under `keys.INCOMING` that is still open. Raises `StorageUnavailable`."""
    storage = _bucket()
    with s3_errors():
        pages = storage.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=storage.bucket_name, Prefix=keys.INCOMING
        )
        for page in pages:
            for found in page.get("Uploads", ()):
                yield Unfinished(found["Key"], found["UploadId"], found["Initiated"])


def _link(method: str, key: str, **values: Any) -> str:
    """Signed by botocore: some hundreds of microseconds, and no request."""
    storage = _bucket()
    with s3_errors():
        return storage.client.generate_presigned_url(
            method,
            Params={"Bucket": storage.bucket_name, "Key": check_key(key), **values},
            ExpiresIn=int(LINK_LIFE.total_seconds()),
        )


def _bucket() -> S3Storage:
    storage = mounted_storage()
    assert isinstance(storage, S3Storage)
    return storage


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
