"""A whole service for one accident: a database, a storage, a server, a client, a record of promises."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from testing.s3_server import S3Server
from testing.service import HOME, Service, service_environment
from testing.torture.client import Answer, Client
from testing.torture.places import Bucket, Disk, Place
from testing.torture.promises import Promises
from testing.torture.view import View, look

NAME, PASSWORD = "head", secrets.token_urlsafe(12)
UNFINISHED = """
SELECT 'brought up to date', key FROM photostore_storedfile WHERE written_at IS NULL
UNION ALL SELECT 'removed', key FROM photostore_pendingremoval
"""


class Databases:
    """Databases that are as after the first start, each made from one template."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url

    @cached_property
    def _template(self) -> str:
        name = f"torture_{uuid4().hex[:12]}"
        self._execute("CREATE DATABASE {}", name)
        environment = {
            "DATABASE_URL": self._url(name),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DJANGO_SUPERUSER_USERNAME": NAME,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        subprocess.run(
            [sys.executable, "-m", "config.first_start"],
            check=True,
            cwd=HOME,
            env=service_environment(environment),
            stdout=subprocess.DEVNULL,
        )
        return name

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The DATABASE_URL of a new one, gone afterwards."""
        name = f"torture_{uuid4().hex[:12]}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, self._template)
        try:
            yield self._url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def close(self) -> None:
        """Remove the template, if one was made."""
        if "_template" in self.__dict__:
            self._execute("DROP DATABASE {} WITH (FORCE)", self.__dict__.pop("_template"))

    def _url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{name}"))

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass
class House:
    """The service and everything from which to see what became of the photos."""

    database_url: str
    places: Mapping[str, Place]
    service: Service
    promises: Promises = field(default_factory=Promises)

    @cached_property
    def client(self) -> Client:
        return Client(self.service.url, self.promises, NAME, PASSWORD)

    def delete(self, student: int) -> Answer:
        """Delete a student. Answered or not: once the row is gone, the bytes must lie in quarantine."""
        before = self.view()
        answer = self.client.delete(student)
        if answer.status == 204 or student not in {row.id for row in self.view().students}:
            self.promises.deleted([student], before)
        return answer

    def view(self) -> View:
        return look(self.database_url, self.places)

    def unfinished(self, *, patience_seconds: float = 0) -> list[str]:
        """What an accident interrupted and nobody has finished yet, after having had time for it."""
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
def house(
    database_url: str,
    folder: Path,
    *,
    s3: S3Server | None = None,
    endpoint_url: str = "",
    workers: int = 2,
    preload: bool = False,
    **environment: str,
) -> Iterator[House]:
    """A running service; its photos are below `folder`, or in a bucket of `s3` (by way of `endpoint_url`)."""
    given = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PHOTOKEEP_STATE_DIR": str(folder / "var"),
        "MEDIA_ROOT": str(folder / "media"),
        "PHOTO_BACKUP_DIR": str(folder / "backups"),
        **environment,
    }
    places: dict[str, Place] = {}
    if s3 is None:
        given.setdefault("SAFE_MEDIA_ROOT", str(folder / "safe"))
        places["default"] = Disk(Path(given["MEDIA_ROOT"]))
        places["safe"] = Disk(Path(given["SAFE_MEDIA_ROOT"]))
    else:
        bucket = f"torture-{uuid4().hex[:12]}"
        client = s3.client()
        client.create_bucket(Bucket=bucket)
        given |= s3.environment(bucket)
        given["AWS_S3_ENDPOINT_URL"] = endpoint_url or s3.endpoint_url
        places["default"] = places["safe"] = Bucket(client, bucket)
    service = Service(given, folder / "service", workers=workers, preload=preload)
    try:
        service.start()
        yield House(database_url, places, service)
    finally:
        service.stop()
