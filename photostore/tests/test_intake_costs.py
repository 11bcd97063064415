"""No picture costs more than a worker can spare, whatever it is packed in: measured in other processes."""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from photostore.errors import InvalidFile
from photostore.intake import ImageLimits, take_in_image, vips
from testing.pictures import portrait, saved

MOST_MEGABYTES = 600
MOST_SECONDS = 10
SIDE = 8192
_HOME = Path(__file__).resolve().parent.parent.parent
# Hands one file in and tells what it took, in the process and in the one that it may start.
_PROGRAM = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from photostore.errors import PhotostoreError
from photostore.intake import FORMATS, ImageLimits, take_in_image
kept = sys.argv[3] == "kept"
taken = set(FORMATS) - ({"heic", "avif"} if kept else set())
limits = ImageLimits(formats=frozenset(taken), max_bytes=20 * 2**20, animation=kept, keep_format=kept,
                     max_side=None if kept else 1920)
data = open(sys.argv[2], "rb").read()
try:
    code, shown = "", take_in_image(data, filename=sys.argv[2], limits=limits).picture.width
except PhotostoreError as refusal:
    code, shown = refusal.code, 0
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
# A process begins with the figure of the one that started it; this one counts from its own beginning.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"code": code, "width": shown, "seconds": sum(one.ru_utime + one.ru_stime for one in used),
                  "megabytes": max(peak, used[1].ru_maxrss) / 1024}))
"""


def cost(folder: Path, name: str, data: bytes, *, kept: bool) -> dict[str, Any]:
    """What it took to take `data` in as a media file (`kept`) or as a photo; checked against what it may."""
    file = folder / name
    file.write_bytes(data)
    command = [sys.executable, "-c", _PROGRAM, str(_HOME), str(file), "kept" if kept else "photo"]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert found["megabytes"] < MOST_MEGABYTES, found
    assert found["seconds"] < MOST_SECONDS, found
    return found


def flat(width: int, height: int, bands: int = 3, sample: str = "uchar") -> vips.Image:
    space = {1: "b-w", 3: "srgb", 4: "srgb"}[bands] if sample == "uchar" else "rgb16"
    return vips.Image.black(width, height, bands=bands).cast(sample).copy(interpretation=space)


def photo(width: int, height: int) -> vips.Image:
    tile = vips.Image.new_from_memory(portrait(1, 512, 512).tobytes(), 512, 512, 3, "uchar")
    tall = tile.copy(interpretation="srgb").replicate(-(-width // 512), -(-height // 512))
    return tall.crop(0, 0, width, height)


def moving(side: int, frames: int) -> vips.Image:
    """Frames of noise, each another one: what packs worst."""
    bands = [vips.Image.gaussnoise(side, side * frames, mean=128, sigma=60, seed=seed) for seed in range(3)]
    tall = bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb").copy_memory().copy()
    tall.set_type(vips.INT, "page-height", side)
    return tall


# 8,192 by 8,192 pixels, half transparent, lossless.
WEBP_BOMB = base64.b64decode(
    "UklGRu4AAABXRUJQVlA4WAoAAAAYAAAA/x8A/x8AVlA4TA4AAAAv/9//FwcQEQUMRET/A0VYSUa6AAAARXhpZgAASUkqAAgA"
    "AAAGABIBAwABAAAAAQAAABoBBQABAAAAVgAAABsBBQABAAAAXgAAACgBAwABAAAAAgAAABMCAwABAAAAAQAAAGmHBAABAAAA"
    "ZgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//"
    "AAACoAQAAQAAAAAgAAADoAQAAQAAAAAgAAAAAAAA"
)


def grey_jpeg(width: int, height: int) -> bytes:
    """A grey JPEG of any size, at once: each block of 8 by 8 pixels is the six bits 00 1010."""
    small = saved(Image.new("L", (8, 8), 128), "JPEG", quality=50)
    at, scan = small.index(b"\xff\xc0") + 5, small.index(b"\xff\xda") + 10
    head = small[:at] + struct.pack(">HH", height, width) + small[at + 4 : scan]
    return head + b"\x28\xa2\x8a" * -(-width // 8 * -(-height // 8) // 4) + b"\xff\xd9"


def test_a_lossless_webp_of_246_bytes_takes_no_gigabyte(tmp_path: Path) -> None:
    assert cost(tmp_path, "a.webp", WEBP_BOMB, kept=True)["code"] == "too_costly"


def test_a_large_picture_that_is_damaged_is_called_damaged(tmp_path: Path) -> None:
    large = grey_jpeg(4_500, 4_000)
    assert cost(tmp_path, "a.jpg", large[: len(large) // 2], kept=True)["code"] == "undecodable"


def test_a_photo_of_200_megapixels_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    found = cost(tmp_path, "a.jpg", grey_jpeg(16_320, 12_240), kept=False)
    assert (found["code"], found["width"]) == ("", 1920)
    assert found["megabytes"] < 120


def test_of_250_megapixels_only_what_can_be_shrunk_while_it_is_decoded_is_taken() -> None:
    whole = ImageLimits(formats=frozenset({"jpeg"}), max_bytes=20 * 2**20, max_side=None)
    for limits, size in ((whole, (9_000, 8_000)), (replace(whole, max_side=1920), (20_000, 12_504))):
        with pytest.raises(InvalidFile) as refusal:
            take_in_image(grey_jpeg(*size), filename="a.jpg", limits=limits)
        assert refusal.value.code == "too_many_pixels"
    scans = saved(Image.new("L", (8, 8)), "JPEG", progressive=True)
    at = scans.index(b"\xff\xc2") + 5
    with pytest.raises(InvalidFile) as refusal:
        take_in_image(
            scans[:at] + struct.pack(">HH", 8_000, 9_000) + scans[at + 4 :],
            filename="a.jpg",
            limits=replace(whole, max_side=1920),
        )
    assert refusal.value.code == "too_many_pixels"


BOMBS: dict[str, Any] = {
    "large.jpg": lambda: photo(SIDE, SIDE).write_to_buffer(".jpg", Q=60),
    "scans.jpg": lambda: photo(SIDE, SIDE).write_to_buffer(
        ".jpg", Q=60, interlace=True, subsample_mode="off"
    ),
    "deep.png": lambda: flat(SIDE, SIDE, 4, "ushort").write_to_buffer(".png"),
    "woven.png": lambda: flat(SIDE, SIDE, 4, "ushort").write_to_buffer(".png", interlace=True),
    "large.png": lambda: flat(SIDE, SIDE, 4).write_to_buffer(".png"),
    "wide.png": lambda: flat(65_535, 1_024, 4).write_to_buffer(".png"),
    "tall.png": lambda: flat(1_024, 65_535, 4, "ushort").write_to_buffer(".png"),
    "thin.png": lambda: flat(1, 65_535, 4, "ushort").write_to_buffer(".png"),
    "large.gif": lambda: flat(SIDE, SIDE).write_to_buffer(".gif"),
    "moving.gif": lambda: moving(512, 24).write_to_buffer(".gif", effort=1),
    "large.webp": lambda: photo(SIDE, SIDE).write_to_buffer(".webp", Q=30, effort=0),
    "noise.webp": lambda: moving(2_000, 1).write_to_buffer(".webp", Q=30, effort=0),
    "moving.webp": lambda: moving(512, 64).write_to_buffer(".webp", Q=20, effort=0),
    "deep.tif": lambda: flat(SIDE, SIDE, 4, "ushort").write_to_buffer(".tif", compression="deflate"),
    "tiles.tif": lambda: flat(SIDE, SIDE, 4).write_to_buffer(".tif", compression="deflate", tile=True),
    "float.tif": lambda: flat(SIDE, SIDE, 1).cast("float").write_to_buffer(".tif", compression="deflate"),
    "large.avif": lambda: flat(SIDE, SIDE).write_to_buffer(".avif", Q=20, effort=0),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "photo"])
@pytest.mark.parametrize("name", BOMBS)
def test_no_format_costs_more_than_600_megabytes_and_10_seconds(
    name: str, kept: bool, tmp_path: Path
) -> None:
    cost(tmp_path, name, bytes(BOMBS[name]()), kept=kept)
