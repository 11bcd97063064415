"""Scratch files: beside what is stored, nameless, and full when the disk is."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.storage import storage_for


@pytest.mark.usefixtures("each_storage")
def test_written_and_read_without_a_name() -> None:
    storage = storage_for()
    storage.prepare()
    with storage.scratch() as file:
        file.write(b"a video")
        file.seek(0)
        assert file.read() == b"a video"
        assert list(storage.walk()) == []


def test_on_a_disk_it_lies_on_that_disk(settings: Any) -> None:
    import os

    storage = storage_for()
    storage.prepare()
    with storage.scratch() as file:
        assert os.fstat(file.fileno()).st_dev == settings.MEDIA_ROOT.stat().st_dev
        assert os.fstat(file.fileno()).st_nlink == 0
