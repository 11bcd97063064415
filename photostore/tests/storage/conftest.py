"""The same tests on both homes of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from photostore.storage import PhotoStorage
from photostore.storage.disk import DiskStorage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def disk(root: Path) -> DiskStorage:
    return DiskStorage(root)


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest) -> PhotoStorage:
    if request.param == "disk":
        return request.getfixturevalue("disk")
    from photostore.storage.s3 import S3Storage

    return S3Storage(**request.getfixturevalue("s3_options"))
