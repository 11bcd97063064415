"""Trying a storage out: can it be reached, and does what is written come back; with the time of each step.

Says what it is (disk, s3, r2) and never where it is: no folder, bucket, endpoint or key.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from photostore import keys
from photostore.errors import FileMissing, FileTooLarge, StorageUnavailable
from photostore.references.roots import StorageRoot
from photostore.register import mounted_storage

logger = logging.getLogger(__name__)

CHECK_BYTES = 4096


class _Broken(StorageUnavailable):
    """It answered, but not with what was written."""


@dataclass(slots=True)
class StorageCheck:
    """What came of it: milliseconds of each step that was tried, the last one being the one that failed."""

    succeeded: bool = True
    milliseconds: dict[str, float] = field(default_factory=dict)

    def step(self, name: str, step: Callable[[], object]) -> None:
        """Do it and take the time, unless a step before it failed."""
        if not self.succeeded:
            return
        started = time.perf_counter()
        try:
            step()
        except (StorageUnavailable, FileMissing, FileTooLarge):
            logger.exception("A storage failed its trial at the step %r.", name)
            self.succeeded = False
        self.milliseconds[name] = round((time.perf_counter() - started) * 1000, 1)


def reached(place: StorageRoot) -> StorageCheck:
    """Whether it answers, and is the place where the register's files were put."""
    check = StorageCheck()
    check.step("reach", place.confirm)
    return check


def round_trip(place: StorageRoot) -> StorageCheck:
    """Write a few bytes, read them back, and remove them again. What a failure leaves, the sweep takes."""
    key, data = keys.storage_check(uuid4()), secrets.token_bytes(CHECK_BYTES)
    storage, check = place.storage, StorageCheck()
    check.step("write", lambda: mounted_storage(place.alias).put(key, data, content_type="text/plain"))
    check.step("read", lambda: _compare(storage.read(key, max_bytes=CHECK_BYTES), data))
    check.step("delete", lambda: storage.remove(key))
    check.step("look", lambda: _compare(storage.stat(key), None))
    return check


def _compare(found: object, expected: object) -> None:
    if found != expected:
        raise _Broken
