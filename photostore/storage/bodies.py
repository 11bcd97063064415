"""Bytes on their way into a bucket: measured first, and rewindable, so that a retry sends the same again."""

from __future__ import annotations

import io
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5
from typing import BinaryIO, cast

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """A file object at its beginning, with what `Content-Length` and `Content-MD5` say of it."""

    file: BinaryIO
    byte_size: int
    md5: str


@contextmanager
def measured(data: bytes | BinaryIO) -> Iterator[Body]:
    """The body of a request. `data` is read from where it stands; large copies go to a temporary file."""
    if isinstance(data, bytes):
        yield _measure(io.BytesIO(data))
    elif data.seekable() and data.tell() == 0:
        yield _measure(data)
    else:  # botocore rewinds to zero, so what does not begin there needs a copy that does
        with tempfile.SpooledTemporaryFile(max_size=PIECE_BYTES) as copy:
            file = cast(BinaryIO, copy)
            shutil.copyfileobj(data, file, PIECE_BYTES)
            file.seek(0)
            yield _measure(file)


def _measure(file: BinaryIO) -> Body:
    digest, byte_size = md5(usedforsecurity=False), 0
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
        byte_size += len(piece)
    file.seek(0)
    return Body(file, byte_size, b64encode(digest.digest()).decode())
