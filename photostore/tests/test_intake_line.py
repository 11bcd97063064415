"""Many files at once, and files that grow: the rest of the service goes on."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from photostore.errors import Busy, InvalidFile
from photostore.intake import ImageLimits, take_in, take_in_image
from testing.pictures import portrait, saved

PHOTOS = ImageLimits(
    formats=frozenset({"jpeg", "bmp"}), max_bytes=10 * 2**20, keep_format=True, max_side=None
)


def test_who_comes_to_a_full_line_is_sent_away_soon(monkeypatch: Any) -> None:
    rendered: Callable[..., Any] = take_in._rendered
    go_on = Event()

    def slowly(*args: Any) -> Any:
        go_on.wait(60)
        return rendered(*args)

    monkeypatch.setattr(take_in, "_rendered", slowly)
    photo = saved(portrait(1, 60, 80), "JPEG")

    def hand_in(_number: int = 0) -> Any:
        return take_in_image(photo, filename="a.jpg", limits=PHOTOS)

    with ThreadPoolExecutor(12) as line:
        first = [line.submit(hand_in) for _ in range(12)]
        while take_in._LINE._value:  # type: ignore[attr-defined] # until all twelve stand there
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(Busy):
            hand_in()
        assert time.monotonic() - began < 5
        go_on.set()
        assert {one.result().source_format for one in first} == {"jpeg"}
    assert hand_in().picture.width == 60, "the line moves on"


def packed(side: int) -> bytes:
    """A black BMP of `side` by `side` pixels, run-length encoded: 66 bytes a row of 8,000."""
    runs, rest = divmod(side, 255)
    row = b"\xff\x00" * runs + (bytes([rest, 0]) if rest else b"") + b"\x00\x00"
    pixels, palette = row * side + b"\x00\x01", bytes(1024)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    at = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + info + palette + pixels


def test_half_a_megabyte_does_not_become_hundreds() -> None:
    bomb = packed(8000)
    assert len(bomb) < 600_000
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(bomb, filename="a.bmp", limits=PHOTOS)
    assert refusal.value.code == "packed_bmp"
    assert take_in_image(packed(500), filename="a.bmp", limits=PHOTOS).picture.width == 500
