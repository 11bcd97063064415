"""Opening a file some folders below another without following a link, in one call where Linux has it."""

from __future__ import annotations

import ctypes
import os
import sys

_OPENAT2 = 437  # the same number on every architecture
_NO_SYMLINKS, _BENEATH = 0x04, 0x08
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(folder: int, path: str, flags: int) -> int | None:
    """A descriptor; None where there is no such call or it fails: going folder by folder says why."""
    if _libc is None:
        return None
    how = _How(flags | os.O_CLOEXEC, 0, _NO_SYMLINKS | _BENEATH)
    descriptor = _libc.syscall(_OPENAT2, folder, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    return descriptor if descriptor >= 0 else None
