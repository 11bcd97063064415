"""Files that a row of another system names: served as they are, until they are adopted."""

from __future__ import annotations

import hashlib

from django.core.exceptions import SuspiciousFileOperation

from photostore.delivery.links import SignedLink
from photostore.errors import FileMissing
from photostore.intake import FORMATS, sniff
from photostore.models import StoredFile
from photostore.registration import apps
from photostore.storage import storage_for

SNIFFED_BYTES = 128


def legacy_file(link: SignedLink) -> StoredFile | None:
    """What the link stands for, while the row that it was made for names it and no other row does."""
    if any(app.legacy_mark(link.key) == link.version for app in apps()):
        return as_it_is(link.key)
    return None


def as_it_is(key: str) -> StoredFile | None:
    """A row (never saved) for a file that the register does not know; None where it is no picture.

    The file has not been read, so no sha256 is known: the ETag is of its size and time.
    """
    storage = storage_for()
    try:
        there = storage.stat(key)
        start = b"".join(storage.stream(key, end=SNIFFED_BYTES))
    except (FileMissing, SuspiciousFileOperation):
        return None
    picture = sniff(start)
    if there is None or picture is None:
        return None
    seen = f"{key} {there.byte_size} {there.modified_at.timestamp()}"
    return StoredFile(
        key=key,
        sha256=hashlib.sha256(seen.encode()).hexdigest(),
        byte_size=there.byte_size,
        content_type=FORMATS[picture].content_type,
        written_at=there.modified_at,
    )
