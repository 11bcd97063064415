"""Looking for viruses in bytes that nobody can see yet."""

from __future__ import annotations

from typing import BinaryIO


def scan(file: BinaryIO) -> None:
    """Look through the whole of `file`, which can seek, before it is kept. No scanner is configured yet."""
