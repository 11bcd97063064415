"""One boto3 client for a process and a set of credentials, and one place where its errors become ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from photostore.errors import FileMissing, StorageFull, StorageUnavailable
from photostore.storage.presign import Keys

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client

# It cannot mean that the bucket is missing, as the bare 404 that a HEAD gets may.
_ABSENT = frozenset({"NoSuchKey"})
_FULL = frozenset({"InsufficientStorage", "QuotaExceeded", "507"})


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """All that makes two clients different, under the names of the storage's own options."""

    access_key: str | None
    secret_key: str | None = field(repr=False)
    security_token: str | None = field(repr=False)
    region_name: str | None
    endpoint_url: str | None
    addressing_style: Literal["path", "virtual"]
    connect_timeout_seconds: float
    read_timeout_seconds: float
    max_attempts: int


@dataclass(frozen=True, slots=True)
class Connection:
    """A client, safe for threads, and the credentials that it signs with (a role's renew themselves)."""

    client: S3Client
    credentials: Credentials | None

    def keys(self) -> Keys:
        """Today's credentials. Raises `StorageUnavailable` when there are none."""
        if self.credentials is None:
            raise StorageUnavailable
        try:
            frozen = self.credentials.get_frozen_credentials()
        except BotoCoreError as error:  # a role that could not be renewed
            raise StorageUnavailable from error
        if not frozen.access_key or not frozen.secret_key:
            raise StorageUnavailable
        return _keys(frozen.access_key, frozen.secret_key, frozen.token)


def client_config(options: ClientOptions) -> Config:
    """The one botocore configuration: everything that differs from its defaults, and why.

    Three attempts of at most 3 s to connect and 10 s to answer bound how long a person waits. R2 does not
    know the newer checksums that botocore sends unless told not to; `put` sends an MD5, which both check.
    """
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": options.addressing_style},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=options.connect_timeout_seconds,
        read_timeout=options.read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": options.max_attempts},
        max_pool_connections=32,  # threads of one worker that talk at once
        tcp_keepalive=True,
    )


_keys = lru_cache(maxsize=16)(Keys)
_lock = Lock()


def connection_for(options: ClientOptions) -> Connection:
    """The connection of this process: making one takes 0.1 to 0.3 s, so every alias and thread shares it."""
    with _lock:  # boto3's sessions are not safe for threads; its clients are
        return _connection(options, os.getpid())  # a fork must not share its parent's sockets


@lru_cache(maxsize=16)
def _connection(options: ClientOptions, _process_id: int) -> Connection:
    session = boto3.Session(
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        aws_session_token=options.security_token,
    )
    client = session.client(
        "s3",
        region_name=options.region_name,
        endpoint_url=options.endpoint_url,
        config=client_config(options),
    )
    return Connection(client, session.get_credentials())


@contextmanager
def s3_errors() -> Iterator[None]:
    """Whatever botocore raises, as `FileMissing` when the object is surely absent, else as
    `StorageUnavailable`.

    The sentences name neither the bucket nor the endpoint; the cause keeps both for the log.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _ABSENT:
            raise FileMissing from error
        raise (StorageFull() if code in _FULL else StorageUnavailable()) from error
    except (BotoCoreError, OSError) as error:
        raise StorageUnavailable from error


def status_of(error: ClientError) -> int:
    """The HTTP status behind an error, 0 when there was none."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
