"""libvips, made safe before its first use. Nothing else in the project imports pyvips.

One thread per job: the web server's workers are the parallelism. No operation cache: it would keep the
pixels of people's photos alive. Of the loaders only those of the allow-list work; the others were not
written for hostile files.

It may be imported before a process forks but not used: its threads do not survive the fork, and the child
would wait for them for ever. A server that preloads must take in its first picture in the workers.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

# Read by libvips when it is loaded, so before the import.
os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips

pyvips.cache_set_max(0)
pyvips.operation_block_set("VipsForeignLoad", True)
for _loader in ("Jpeg", "Png", "Webp", "Nsgif", "Heif", "Tiff"):
    pyvips.operation_block_set(f"VipsForeignLoad{_loader}", False)


def _share_one_heap() -> None:
    """Keeps the process's memory flat, photo after photo.

    glibc gives every new thread a heap of its own and holds on to what is freed there. libvips starts
    threads per photo: after forty photos of 12 MP that was 35 MiB more than the 30 MiB that one needs.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:  # glibc only
        arena_max = -8
        mallopt(arena_max, 1)


_share_one_heap()


def _readable(text: Any) -> str:
    """What libvips logs may quote the file, which need not be text; the way of pyvips fails on that."""
    raw = pyvips.ffi.string(text)
    return raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)


vars(pyvips)["_to_string"] = _readable  # its log handler asks for this one

Image = pyvips.Image
Source = pyvips.Source
Error = pyvips.Error
BLOB = pyvips.GValue.blob_type
INT = pyvips.GValue.gint_type
INT_ARRAY = pyvips.GValue.array_int_type

__all__ = ["BLOB", "INT", "INT_ARRAY", "Error", "Image", "Source"]
