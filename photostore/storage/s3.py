"""Photos in a bucket of S3, or of R2 and others that speak its protocol."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage as DjangoStoragesS3

from photostore.errors import Conflict, FileMissing
from photostore.storage.base import CHUNK_BYTES, EVERY_KIND, FileStat, Kind, PhotoStorage
from photostore.storage.bodies import measured
from photostore.storage.chunks import Chunks, Source
from photostore.storage.key_rules import check_key, is_key
from photostore.storage.presign import Bucket, presigned_get
from photostore.storage.s3_client import (
    ClientOptions,
    Connection,
    client_config,
    connection_for,
    s3_errors,
    status_of,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

LINK_LIFE = timedelta(minutes=5)


class S3Storage(PhotoStorage, DjangoStoragesS3):  # type: ignore[misc]  # django-storages has no types
    """Takes django-storages' options and those below. `list_request_count`: LISTs, one per 1,000 keys."""

    takes_uploads_itself = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_config = client_config(self._client_options)
        self.list_request_count = 0
        self._made: tuple[int, Connection] | None = None  # with the process that made it

    def get_default_settings(self) -> dict[str, Any]:
        """django-storages' defaults, and ours beside them."""
        return {
            **super().get_default_settings(),
            "addressing_style": "path",
            "cache_control": "private, max-age=300",
            "connect_timeout_seconds": 3.0,
            "read_timeout_seconds": 10.0,
            "max_attempts": 3,
            "list_page_size": 1000,
        }

    @property
    def kind(self) -> str:
        """See `PhotoStorage`. R2 has one region, and no other service has a region of this name."""
        return "r2" if self.region_name == "auto" else "s3"

    @cached_property
    def _client_options(self) -> ClientOptions:
        return ClientOptions(**{option.name: getattr(self, option.name) for option in fields(ClientOptions)})

    @property
    def client(self) -> S3Client:
        return self._here.client

    @property
    def _here(self) -> Connection:
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), connection_for(self._client_options))
        return self._made[1]

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        content_type: str,
        durable: bool = True,  # noqa: ARG002 - a bucket knows only durable
    ) -> None:
        """See `PhotoStorage`. Carries an MD5, so a body that was cut off or altered on its way is refused."""
        check_key(key)
        with measured(data) as body, s3_errors():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=key,
                Body=body.file,
                ContentLength=body.byte_size,
                ContentMD5=body.md5,
                ContentType=content_type,
                CacheControl=self.cache_control,
            )

    def stat(self, key: str) -> FileStat | None:
        head = self._head(key)
        return head and FileStat(key, head["ContentLength"], head["LastModified"])

    def _head(self, key: str) -> HeadObjectOutputTypeDef | GetObjectOutputTypeDef | None:
        check_key(key)
        try:
            with s3_errors():
                try:
                    return self.client.head_object(Bucket=self.bucket_name, Key=key)
                except ClientError as error:
                    if status_of(error) != 404:
                        raise
                # A HEAD cannot say whether the object is missing or the whole bucket. A GET can.
                found = self.client.get_object(Bucket=self.bucket_name, Key=key)
                found["Body"].close()
                return found
        except FileMissing:
            return None

    def stream(
        self, key: str, *, start: int = 0, end: int | None = None, chunk_bytes: int = CHUNK_BYTES
    ) -> Chunks:
        """See `PhotoStorage`. One GET; a connection that breaks on the way raises `StorageUnavailable`."""
        if end is not None and end <= start:
            if self.stat(key) is None:
                raise FileMissing
            body: Source = io.BytesIO()
        else:
            body = self._body(check_key(key), start, end)
        return Chunks(body, byte_count=None, chunk_bytes=chunk_bytes, errors=s3_errors)

    def _body(self, key: str, start: int, end: int | None) -> Source:
        last = "" if end is None else end - 1
        # An empty file has no first byte, so a range over all of it would be refused.
        wanted: dict[str, Any] = {"Range": f"bytes={start}-{last}"} if start or end is not None else {}
        with s3_errors():
            try:
                return self.client.get_object(Bucket=self.bucket_name, Key=key, **wanted)["Body"]
            except ClientError as error:
                if status_of(error) != 416:
                    raise
                return io.BytesIO()  # it starts beyond the end

    def open_file(self, key: str) -> None:
        """`None`: see `PhotoStorage`."""

    def copy(self, source: str, target: str, *, content_type: str) -> None:
        """See `PhotoStorage`. The bytes stay on the server."""
        with s3_errors():
            self.client.copy_object(
                Bucket=self.bucket_name,
                Key=check_key(target),
                CopySource={"Bucket": self.bucket_name, "Key": check_key(source)},
                MetadataDirective="REPLACE",
                ContentType=content_type,
                CacheControl=self.cache_control,
            )

    def move(self, source: str, target: str) -> None:
        """See `PhotoStorage`. A copy, then a removal.

        The look at the target comes before the copy, so two moves to one target need a lock of their own.
        """
        head, there = self._head(source), self._head(target)
        if head is None:
            raise FileMissing
        if there is None:
            self.copy(source, target, content_type=head["ContentType"])
        elif there["ETag"] != head["ETag"]:
            raise Conflict(code="file_exists")
        self.remove(source)

    def remove(self, key: str, *, durable: bool = True) -> bool:  # noqa: ARG002 - see `put`
        """See `PhotoStorage`. Always `True`: asking first would double the requests."""
        with s3_errors():
            self.client.delete_object(Bucket=self.bucket_name, Key=check_key(key))
        return True

    def walk(self, prefix: str = "", *, kinds: frozenset[Kind] = EVERY_KIND) -> Iterator[FileStat]:
        """See `PhotoStorage`. A bucket holds files and names that are not keys, nothing else."""
        if kinds.isdisjoint({"file", "unusable"}):
            return
        for page in self._pages(prefix):
            for entry in page.get("Contents", ()):
                key = entry["Key"]
                kind: Kind = "file" if is_key(key) else "unusable"
                if kind in kinds:
                    shown = key if kind == "file" else repr(key)[1:-1]
                    yield FileStat(shown, entry["Size"], entry["LastModified"], kind)

    def _pages(self, prefix: str, **more: Any) -> Iterator[Any]:
        while True:
            with s3_errors():
                page = self.client.list_objects_v2(
                    Bucket=self.bucket_name, Prefix=prefix, MaxKeys=self.list_page_size, **more
                )
            self.list_request_count += 1
            yield page
            if not page["IsTruncated"]:
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def presigned_url(
        self, key: str, *, valid_from: datetime, expires_at: datetime, content_disposition: str | None = None
    ) -> str:
        """See `PhotoStorage`. Takes about 10 µs and no request."""
        check_key(key)
        if self.custom_domain:
            return f"https://{self.custom_domain}/{quote(key)}"
        return presigned_get(
            self._presigning_bucket,
            key,
            self._here.keys(),
            valid_from=valid_from,
            expires_at=expires_at,
            content_disposition=content_disposition,
        )

    @cached_property
    def _presigning_bucket(self) -> Bucket:
        there = self.client.meta
        place = (there.endpoint_url, self.bucket_name)
        return Bucket.at(*place, region=there.region_name, style=self.addressing_style)

    def ping(self) -> None:
        """See `PhotoStorage`. One LIST of one key: the smallest right that every credential here has."""
        with s3_errors():
            self.client.list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)

    def prepare(self) -> None:
        """Nothing: the operator makes the bucket."""

    def is_prepared(self) -> bool:
        """`True`: there is nothing to prepare, and what is asked next says whether the bucket answers."""
        return True

    def url(self, name: str | None, *_: Any, **__: Any) -> str:
        """A link for five to six minutes, the same one within a minute."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        until = now + LINK_LIFE + timedelta(minutes=1)
        return self.presigned_url(name or "", valid_from=now, expires_at=until)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Folders and files directly in `name`, sorted; both empty where there is nothing."""
        path = f"{check_key(name.strip('/'))}/" if name.strip("/") else ""
        folders: list[str] = []
        files: list[str] = []
        for page in self._pages(path, Delimiter="/"):
            folders += [entry["Prefix"][len(path) : -1] for entry in page.get("CommonPrefixes", ())]
            files += [entry["Key"][len(path) :] for entry in page.get("Contents", ()) if entry["Key"] != path]
        return folders, files
