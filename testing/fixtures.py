"""Fixtures for every package's tests: a real S3 server for the session, a fresh bucket for each test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from photostore.storage.configuration import S3
from testing.database import migrated_database

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from testing.s3_server import S3Server


def pytest_collection_finish() -> None:
    """What is there now stays: to look through all modules and tests for garbage, again and again, took a
    sixteenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(autouse=True)
def no_language_of_the_test_before() -> Iterator[None]:
    """A request leaves its language active in its thread until the next request."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def static_files_are_listed_once() -> Iterator[None]:
    """Every client of Django's makes all middleware anew, and each WhiteNoise would look at 200 files: a
    fifth of the suite's time."""
    listed: dict[str, Any] = {}
    lists = WhiteNoiseMiddleware.add_files_from_finders

    def list_once(self: WhiteNoiseMiddleware) -> None:
        if not listed:
            lists(self)
            listed.update(self.files)
        self.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", list_once)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Instead of pytest-django's: a copy of a migrated database takes a tenth of a second, migrating five."""
    from django.db import connection

    with django_db_blocker.unblock(), migrated_database(os.environ["DATABASE_URL"]) as name:
        connection.settings_dict["NAME"] = name
        yield
        connection.close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The server, running. A test that stops or pauses it must leave it running."""
    from testing.s3_server import running
    from testing.servers import kept_s3_server

    if kept := kept_s3_server():
        yield kept
        return
    with running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server) -> S3Client:
    """A client of the tests' own, to look at a bucket without going through the service."""
    return s3_server.client()


@pytest.fixture
def s3_bucket(s3_client: S3Client) -> str:
    """The name of an empty bucket. It goes with its server: emptying it costs a request for each object."""
    name = f"photos-{uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3_options(s3_server: S3Server, s3_bucket: str) -> dict[str, Any]:
    return {
        "bucket_name": s3_bucket,
        "access_key": s3_server.access_key,
        "secret_key": s3_server.secret_key,
        "region_name": s3_server.region,
        "endpoint_url": s3_server.endpoint_url,
    }


@pytest.fixture
def s3_alias(s3_options: dict[str, Any]) -> dict[str, Any]:
    """The whole alias, to be put into `settings.STORAGES`."""
    return {"BACKEND": S3, "OPTIONS": s3_options}
