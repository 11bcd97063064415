"""Files that must be refused, each with its code, and polyglots that must lose their payload."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from PIL import Image

from testing.phone import phone_jpeg
from testing.pictures import heic, portrait, saved

PAYLOAD = b"<script>alert('PAYLOAD')</script>"


class Hostile(NamedTuple):
    """A file and the code with which a channel for photos refuses it; None: taken, without its PAYLOAD."""

    name: str
    filename: str
    data: bytes
    code: str | None


@cache
def hostile() -> tuple[Hostile, ...]:
    """The corpus, for limits that take JPEG, PNG, GIF, WebP, HEIC and AVIF and the default sizes."""
    parts = (_strangers, _truncated, _wrong_names, _lying_headers, _bombs, _polyglots)
    return tuple(file for part in parts for file in part())


def _strangers() -> Iterator[Hostile]:
    picture = portrait(1, 60, 80)
    code = "unsupported_format"
    yield Hostile("empty", "photo.jpg", b"", "empty_file")
    yield Hostile("text called .jpg", "photo.jpg", b"Dear school, here is my photo.", code)
    yield Hostile("TIFF", "photo.tiff", saved(picture, "TIFF"), code)
    yield Hostile("TIFF called .jpg", "photo.jpg", saved(picture, "TIFF"), code)
    yield Hostile("BMP", "photo.bmp", saved(picture, "BMP"), code)
    yield Hostile("PSD behind .png", "photo.png", b"8BPS\0\1" + bytes(6) + b"\0\3" + bytes(100), code)
    fits = b"SIMPLE  =                    T".ljust(80) + b"BITPIX  =                    8".ljust(80)
    yield Hostile("FITS behind .png", "photo.png", fits.ljust(2880), code)
    yield Hostile("SVG", "photo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'>" + PAYLOAD + b"</svg>", code)
    yield Hostile("SVG called .png", "photo.png", b"<?xml version='1.0'?><svg/>", code)
    yield Hostile("PDF called .jpg", "photo.jpg", b"%PDF-1.7\n" + bytes(100), code)
    yield Hostile("PostScript called .jpg", "photo.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", code)
    yield Hostile("one byte", "photo.jpg", b"\xff", code)


def _truncated() -> Iterator[Hostile]:
    picture = portrait(2, 300, 400)
    whole = {
        "jpg": phone_jpeg(2, 0.5),
        "png": saved(picture, "PNG"),
        "webp": saved(picture, "WEBP"),
        "gif": saved(picture, "GIF"),
        "heic": heic(picture),
        "avif": saved(picture, "AVIF"),
    }
    for ending, data in whole.items():
        for label, kept in (("half", len(data) // 2), ("nine tenths", len(data) * 9 // 10), ("the head", 24)):
            yield Hostile(f"{label} of a {ending}", f"photo.{ending}", data[:kept], "undecodable")


def _wrong_names() -> Iterator[Hostile]:
    jpeg, png = phone_jpeg(3, 0.1), saved(portrait(3, 60, 80), "PNG")
    yield Hostile("JPEG called .php", "photo.jpg.php", jpeg, "wrong_extension")
    yield Hostile("JPEG with a newline in its ending", "photo.jpg\n", jpeg, "wrong_extension")
    yield Hostile("JPEG with NUL in its ending", "photo.php\0.jp\0g", jpeg, "wrong_extension")
    for ending in ("txt", "svg", "html", "exe", "mp4", "pdf"):
        yield Hostile(f"PNG called .{ending}", f"photo.{ending}", png, "wrong_extension")


def _lying_headers() -> Iterator[Hostile]:
    picture = portrait(4, 120, 160)
    jpeg, png = saved(picture, "JPEG"), saved(picture, "PNG")
    yield Hostile("JPEG says ten times the rows", "a.jpg", with_jpeg_size(jpeg, 120, 1600), "undecodable")
    yield Hostile("JPEG says ten times the columns", "a.jpg", with_jpeg_size(jpeg, 1200, 160), "undecodable")
    yield Hostile("JPEG says no rows", "a.jpg", with_jpeg_size(jpeg, 120, 0), "undecodable")
    yield Hostile("PNG says ten times the rows", "a.png", with_png_size(png, 120, 1600), "undecodable")
    yield Hostile("PNG says half the columns", "a.png", with_png_size(png, 60, 160), "undecodable")
    yield Hostile("PNG says nothing wide", "a.png", with_png_size(png, 0, 160), "undecodable")
    yield Hostile("JPEG says 4 gigapixels", "a.jpg", with_jpeg_size(jpeg, 65500, 65500), "too_many_pixels")
    yield Hostile("PNG says 4 gigapixels", "a.png", with_png_size(png, 65500, 65500), "too_many_pixels")


def _bombs() -> Iterator[Hostile]:
    yield Hostile("PNG of 400 megapixels in 50 kB", "a.png", png_bomb(20_000), "too_many_pixels")
    # One small frame on a screen of 65,535 by 65,535, and a large frame on a screen of 1 by 1.
    gif = bytearray(saved(Image.new("P", (4, 4)), "GIF"))
    at = gif.index(b"\x2c", 13)
    gif[6:10] = struct.pack("<HH", 1, 1)
    gif[at + 5 : at + 9] = struct.pack("<HH", 65535, 65535)
    yield Hostile("GIF with a frame far larger than its screen", "a.gif", bytes(gif), "too_many_pixels")


def _polyglots() -> Iterator[Hostile]:
    picture = portrait(5, 120, 160)
    jpeg, png, gif = saved(picture, "JPEG"), saved(picture, "PNG"), saved(picture, "GIF")
    archive = b"PK\x03\x04" + PAYLOAD + b"PK\x05\x06" + bytes(18)
    yield Hostile("JPEG with a ZIP behind it", "a.jpg", jpeg + archive, None)
    yield Hostile("JPEG with a script as comment", "a.jpg", saved(picture, "JPEG", comment=PAYLOAD), None)
    yield Hostile("PNG with a script behind it", "a.png", png + PAYLOAD, None)
    text = b"Comment\0" + PAYLOAD
    yield Hostile("PNG with a script as text", "a.png", png[:33] + png_chunk(b"tEXt", text) + png[33:], None)
    yield Hostile("GIF with a script behind it", "a.gif", gif + b"*/=1;" + PAYLOAD, None)
    comment = b"\x21\xfe" + bytes([len(PAYLOAD)]) + PAYLOAD + b"\0"
    colours = 3 * 2 ** ((gif[10] & 7) + 1)
    yield Hostile(
        "GIF with a script as comment", "a.gif", gif[: 13 + colours] + comment + gif[13 + colours :], None
    )


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_png_size(png: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its header, checksum right."""
    return png[:8] + png_chunk(b"IHDR", struct.pack(">II", width, height) + png[24:29]) + png[33:]


def with_jpeg_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same (baseline) file with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def png_bomb(side: int) -> bytes:
    """A valid black PNG of side by side pixels, one bit each: tiny to send, huge to open."""
    return png((side, side), bytes((side + 7) // 8 + 1) * side, bits=1, kind=0)


def png(size: tuple[int, int], rows: bytes, *, bits: int, kind: int) -> bytes:
    """A PNG of these rows as they are, which Pillow cannot write in every kind."""
    header = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in parts)
