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
from photostore.intake import ImageLimits, line, take_in, take_in_image
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

    with ThreadPoolExecutor(12) as threads:
        first = [threads.submit(hand_in) for _ in range(12)]
        while line._LINE._value:  # type: ignore[attr-defined] # until all twelve stand there
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(Busy):
            hand_in()
        assert time.monotonic() - began < 5
        go_on.set()
        assert {one.result().source_format for one in first} == {"jpeg"}
    assert hand_in().picture.width == 60, "the line moves on"


def in_turns(monkeypatch: Any) -> tuple[Callable[[str], Any], Event]:
    """Hands a small photo in for somebody; no decoder comes to an end before the event."""
    rendered: Callable[..., Any] = take_in._rendered
    go_on = Event()

    def slowly(*args: Any) -> Any:
        go_on.wait(60)
        return rendered(*args)

    monkeypatch.setattr(take_in, "_rendered", slowly)
    photo = saved(portrait(1, 60, 80), "JPEG")

    def hand_in(person: str) -> Any:
        with line.on_behalf_of(lambda: person):
            return take_in_image(photo, filename="a.jpg", limits=PHOTOS)

    return hand_in, go_on


def test_one_person_with_many_connections_leaves_the_line_to_others(monkeypatch: Any) -> None:
    hand_in, go_on = in_turns(monkeypatch)
    with ThreadPoolExecutor(40) as threads:
        greedy = [threads.submit(hand_in, "greedy") for _ in range(26)]
        while sum(one.done() for one in greedy) < 26 - line.PLACES_PER_PERSON - line.WAITING_PER_PERSON:
            time.sleep(0.01)
        others = [threads.submit(hand_in, f"person {number}") for number in range(8)]
        time.sleep(0.05)
        assert line._LINE._value >= line.PLACES - 2 - 8  # type: ignore[attr-defined]
        go_on.set()
        assert {one.result().source_format for one in others} == {"jpeg"}
        assert [type(one.exception()) for one in greedy].count(type(None)) == 8, "two, and six after them"
        assert {type(one.exception()) for one in greedy} == {Busy, type(None)}
    assert not line._persons.placed
    assert not line._persons.waiting


def test_who_waits_for_the_large_decoder_holds_no_place_in_the_line() -> None:
    def once() -> None:
        with line.decoder(large=True):
            pass

    with ThreadPoolExecutor(6) as threads:
        with line.decoder(large=True):
            free = line._LINE._value  # type: ignore[attr-defined]
            waiting = [threads.submit(once) for _ in range(line.WAITING_FOR_LARGE)]
            while line._AT_THE_LARGE_DECODER._value:  # type: ignore[attr-defined]
                time.sleep(0.01)
            assert line._LINE._value == free  # type: ignore[attr-defined]
            with pytest.raises(Busy):
                once()
            with line.decoder(large=False):
                pass
        for one in waiting:
            one.result()


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
    assert refusal.value.code in {"too_costly", "too_many_pixels"}
    assert take_in_image(packed(500), filename="a.bmp", limits=PHOTOS).picture.width == 500
