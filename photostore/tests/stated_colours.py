"""Pictures that state their colours by numbers, computed by another way than ours."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from photostore.intake import FORMATS, ImageLimits, take_in_image
from photostore.tests.odd_pictures import QUARTERS

ALL = ImageLimits(formats=frozenset(FORMATS), max_bytes=20 * 2**20)
BT709, BT2020, P3 = 1, 9, 12
SRGB, PQ, HLG = 13, 16, 18
# Chromaticities of the primaries, red, green, blue, and of D65 (H.273, table 2).
XY = {
    BT709: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
D65 = (0.3127, 0.3290)


def to_xyz(primaries: int) -> Any:
    def xyz(xy: tuple[float, float]) -> Any:
        return np.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])

    columns = np.array([xyz(xy) for xy in XY[primaries]]).T
    return columns * np.linalg.solve(columns, xyz(D65))


def encoded(picture: Image.Image, primaries: int, transfer: int) -> Any:
    """The same colours in another space, between 0 and 1; white is paper's, 203 cd/m2."""
    code = np.asarray(picture, float) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    light = np.clip(light @ (np.linalg.inv(to_xyz(primaries)) @ to_xyz(BT709)).T, 0, None)
    if transfer == PQ:
        power = (light * 203 / 10_000) ** (2610 / 16384)
        return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    if transfer == HLG:
        shown = light * 203 / 1000
        luminance = np.maximum(shown @ np.array([0.2627, 0.6780, 0.0593]), 1e-9)[..., None]
        scene = shown * luminance ** (1 / 1.2 - 1)
        upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def stating(data: bytes, primaries: int, transfer: int) -> bytes:
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def corners(data: bytes, filename: str, limits: ImageLimits = ALL) -> list[tuple[int, ...]]:
    picture = take_in_image(data, filename=filename, limits=limits).picture
    shown = Image.open(io.BytesIO(picture.data)).convert("RGB")
    storage_roots = [(x, y) for y in (1, 3) for x in (1, 3)]
    return [shown.getpixel((shown.width * x // 4, shown.height * y // 4)) for x, y in storage_roots]


def check(found: list[tuple[int, ...]], *, tolerance: int = 8) -> None:
    for seen, meant in zip(found, QUARTERS, strict=True):
        assert max(abs(a - b) for a, b in zip(seen, meant, strict=True)) <= tolerance, (found, QUARTERS)
