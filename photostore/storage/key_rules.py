"""Which strings may be storage keys. The keys themselves are built elsewhere; here they are only judged."""

from __future__ import annotations

import re

from django.core.exceptions import SuspiciousFileOperation

MAX_KEY_BYTES = 1024  # S3's own limit
MAX_SEGMENT_BYTES = 255  # what ext4, XFS and APFS take for one name
# What nearly every key looks like, judged in one go: a page of links asks hundreds of times.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,254})*")
_CONTROL = frozenset(map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029]))


def check_key(key: str) -> str:
    """The key itself, when it is relative, plain and short enough for every storage.

    Raises `SuspiciousFileOperation` for an empty key, an empty, `.` or `..` segment, a leading slash, a
    backslash, a control character, anything that is not Unicode, a segment over 255 bytes and a key
    over 1,024.
    """
    if not is_key(key):
        raise SuspiciousFileOperation(f"Not a storage key: {key[:MAX_KEY_BYTES]!a}")
    return key


def is_key(key: str) -> bool:
    """Whether `check_key` would let it pass."""
    if len(key) <= MAX_KEY_BYTES and _PLAIN.fullmatch(key):
        return True
    try:
        byte_size = len(key.encode())
    except UnicodeEncodeError:  # a file name on disk that is not UTF-8 arrives with surrogates
        return False
    if not 0 < byte_size <= MAX_KEY_BYTES or "\\" in key or not _CONTROL.isdisjoint(key):
        return False
    return all(map(_is_segment, key.split("/")))


def _is_segment(segment: str) -> bool:
    return segment not in ("", ".", "..") and len(segment.encode()) <= MAX_SEGMENT_BYTES
