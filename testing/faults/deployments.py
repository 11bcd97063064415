"""A whole service for one accident: a database, a storage, a server, a client, a record of promises."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from testing.database import migrated_database, open_folder, url_of
from testing.faults.client import Answer, Client
from testing.faults.promises import Promises
from testing.faults.view import Bucket, Storage, View, look
from testing.s3_server import S3Server
from testing.service import Service, settings_in

NAME, PASSWORD = "head", secrets.token_urlsafe(12)
ADMINISTRATOR = """
INSERT INTO users_user (username, password, first_name, last_name, email, profile_picture,
    is_superuser, is_staff, is_active, date_joined) VALUES (%s, %s, '', '', '', '', true, true, true, now())
"""
UNFINISHED = """
SELECT 'brought up to date', key FROM photostore_storedfile WHERE written_at IS NULL
UNION ALL SELECT 'removed', key FROM photostore_pendingremoval
"""


@dataclass
class Deployment:
    """The service and everything from which to see what became of the photos."""

    database_url: str
    storages: Mapping[str, Storage]
    service: Service
    promises: Promises = field(default_factory=Promises)

    @cached_property
    def client(self) -> Client:
        return Client(self.service.url, self.promises, NAME, PASSWORD)

    def folder(self, alias: str) -> Path:
        storage = self.storages[alias]
        assert isinstance(storage, Path)
        return storage

    def delete(self, student: int) -> Answer:
        """Delete a student. Answered or not: once the row is gone, the bytes must lie in quarantine."""
        before = self.view()
        answer = self.client.delete(student)
        if answer.status == 204 or student not in {row.id for row in self.view().students}:
            self.promises.deleted([student], before)
        return answer

    def view(self) -> View:
        return look(self.database_url, self.storages)

    def unfinished(self, *, patience_seconds: float = 0) -> list[str]:
        """What an accident interrupted and that is not finished yet, after time enough for it."""
        deadline = time.monotonic() + patience_seconds
        while (waiting := self.query(UNFINISHED)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return [f"{key} waits to be {what}" for what, key in waiting]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def execute(self, *statements: str) -> None:
        """SQL by hand; each statement on its own."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def deployed(
    *,
    postgres: str | None = None,
    s3: S3Server | None = None,
    endpoint_url: str = "",
    workers: int = 2,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Deployment]:
    """A running service on the server `postgres`, the tests' own unless given; its workers return in no time.

    Its photos are in a folder, or in a bucket of `s3` (by way of `endpoint_url`).
    """
    server = postgres or os.environ["DATABASE_URL"]
    with open_folder() as folder, migrated_database(server) as name:
        given = settings_in(folder, url_of(server, name)) | dict(settings or {})
        roots = {"default": "MEDIA_ROOT", "safe": "SAFE_MEDIA_ROOT"}
        storages: dict[str, Storage] = {alias: Path(given[root]) for alias, root in roots.items()}
        if s3 is not None:
            bucket = Bucket(s3.client(), f"faults-{uuid4().hex[:12]}")
            bucket.client.create_bucket(Bucket=bucket.name)
            del given["SAFE_MEDIA_ROOT"]
            given |= s3.environment(bucket.name) | {"AWS_S3_ENDPOINT_URL": endpoint_url}
            storages = dict.fromkeys(storages, bucket)
        with psycopg.connect(given["DATABASE_URL"]) as connection:
            # One round, because the service hashes it anew at the first sign-in.
            connection.execute(ADMINISTRATOR, [NAME, PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1)])
        service = Service(given, folder / "service", workers=workers, preload=True)
        try:
            service.start()
            yield Deployment(given["DATABASE_URL"], storages, service)
        finally:
            service.stop()
