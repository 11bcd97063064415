"""Which strings may be storage keys. The keys themselves are built elsewhere; here they are only judged."""

from __future__ import annotations

import re

from django.core.exceptions import SuspiciousFileOperation

MAX_KEY_BYTES = 1024  # S3's own limit
MAX_SEGMENT_BYTES = 255  # what ext4, XFS and APFS take for one name
# What nearly every key looks like, judged in one go: a page of links asks hundreds of times.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,254})*")
# The name of a file that is being written, or was when its writer died.
_PARTIAL = re.compile(r"\.[0-9a-f]{32}\.part")
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


def is_partial(name: str) -> bool:
    """Whether a file of this name is one that is being written, or was when its writer died."""
    return _PARTIAL.fullmatch(name) is not None


def split(key: str) -> tuple[list[str], str]:
    """The folders and the name. Raises as `check_key`."""
    *folders, name = check_key(key).split("/")
    return folders, name


def split_for_writing(key: str) -> tuple[list[str], str]:
    """The same; raises `SuspiciousFileOperation` also for the name of a draft."""
    folders, name = split(key)
    if is_partial(name):
        raise SuspiciousFileOperation("This name is kept for files that are being written.")
    return folders, name


def _is_segment(segment: str) -> bool:
    return segment not in ("", ".", "..") and len(segment.encode()) <= MAX_SEGMENT_BYTES
