"""Colours that a picture states by numbers (CICP: `nclx` in HEIF, `cICP` in PNG) instead of by a profile.

Sources: ITU-T H.273 (the numbers), ITU-R BT.2100 (PQ, HLG), BT.2408 (203 cd/m2 is white on paper), IEC
61966-2-1 (sRGB). What is brighter than paper is compressed towards white, in its own hue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from photostore.intake import vips

PAPER_WHITE = 203.0
HLG_PEAK = 1000.0
# Below this share of white nothing changes.
_KNEE = 0.8
_BT2020, _DCI_P3, _DISPLAY_P3 = 9, 11, 12
_GAMMA_22, _GAMMA_28, _LINEAR, _PQ, _HLG = 4, 5, 8, 16, 18
# Linear RGB of these primaries into linear RGB of sRGB's; white is D65 in all of them.
_INTO_SRGB = {
    _BT2020: (
        (1.6604910, -0.5876411, -0.0728499),
        (-0.1245505, 1.1328999, -0.0083494),
        (-0.0181508, -0.1005789, 1.1187297),
    ),
    _DISPLAY_P3: (
        (1.2249402, -0.2249402, 0.0),
        (-0.0420570, 1.0420570, 0.0),
        (-0.0196376, -0.0786361, 1.0982735),
    ),
}
_INTO_SRGB[_DCI_P3] = _INTO_SRGB[_DISPLAY_P3]
_LUMINANCE = ((0.2627, 0.6780, 0.0593),)


@dataclass(frozen=True, slots=True)
class Cicp:
    """Colour primaries and transfer characteristics, by H.273's numbers."""

    primaries: int
    transfer: int

    @property
    def is_srgb(self) -> bool:
        """Whether screens show it right as it is. BT.709's curve is meant to be seen as sRGB's."""
        curves = {_GAMMA_22, _GAMMA_28, _LINEAR, _PQ, _HLG}
        return self.primaries not in _INTO_SRGB and self.transfer not in curves


def png_colours(data: bytes) -> Cicp | None:
    """What the chunk `cICP` says, which goes before a profile (PNG, third edition, 11.3.2.6)."""
    at = 8
    while at + 12 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        if data[at + 4 : at + 8] == b"cICP":
            return Cicp(data[at + 8], data[at + 9])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return None


def into_srgb(image: vips.Image, stated: Cicp, *, deep: bool) -> vips.Image:
    """`image`, RGB with or without alpha in 8 or 16 bits, in sRGB; lazily. `deep` gives 16 bits."""
    if image.hasalpha():
        colour = into_srgb(image.extract_band(0, n=3), stated, deep=deep)
        alpha = image.extract_band(3)
        if alpha.format != colour.format:
            alpha = alpha << 8 if deep else alpha >> 8
        return colour.bandjoin(alpha.cast(colour.format)).copy(interpretation=colour.interpretation)
    light = image.maplut(_lut(_linear_of(stated.transfer), 65536 if image.format == "ushort" else 256))
    if stated.transfer == _HLG:
        light = light * (light.recomb(_matrix(_LUMINANCE)) ** 0.2) * (HLG_PEAK / PAPER_WHITE)
    if stated.primaries in _INTO_SRGB:
        light = light.recomb(_matrix(_INTO_SRGB[stated.primaries]))
    if stated.transfer in {_PQ, _HLG}:
        light = _compressed(light)
    codes = (light.clamp(min=0, max=1) * 65535).rint().cast("ushort")
    shown = codes.maplut(_encoding_lut(deep))
    return shown.copy(interpretation="rgb16" if deep else "srgb")


def _compressed(light: vips.Image) -> vips.Image:
    """What is above the knee bends towards white, all bands by the same factor."""
    brightest = light.bandsplit()[0].maxpair(light[1]).maxpair(light[2])
    room = 1 - _KNEE
    bent = ((((brightest - _KNEE) / -room).exp() * -room) + 1) / brightest
    return light * (brightest > _KNEE).ifthenelse(bent, 1)


def _linear_of(transfer: int) -> Callable[[float], float]:
    """From a code between 0 and 1 to light, of which 1 is paper white (HLG: the brightest)."""
    gamma = {_GAMMA_22: 2.2, _GAMMA_28: 2.8, _LINEAR: 1.0}.get(transfer)
    if gamma:
        return lambda code: code**gamma
    return {_PQ: _pq, _HLG: _hlg}.get(transfer, _srgb)


def _srgb(code: float) -> float:
    return code / 12.92 if code <= 0.04045 else ((code + 0.055) / 1.055) ** 2.4


def _pq(code: float) -> float:
    """BT.2100, table 4: the reference EOTF."""
    root = code ** (32 / 2523)
    share = max(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return float(10_000 * share ** (16384 / 2610) / PAPER_WHITE)


def _hlg(code: float) -> float:
    """BT.2100, table 5: the inverse of the reference OETF."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return code**2 / 3 if code <= 0.5 else (math.exp((code - c) / a) + b) / 12


@cache
def _values(of: Callable[[float], float], entries: int) -> bytes:
    return np.array([of(at / (entries - 1)) for at in range(entries)], np.float32).tobytes()


def _lut(of: Callable[[float], float], entries: int) -> vips.Image:
    return vips.Image.new_from_memory(_values(of, entries), entries, 1, 1, "float")


@cache
def _encoded(deep: bool) -> bytes:
    """sRGB's codes of linear light in 65,536 steps."""
    light = np.arange(65536) / 65535
    codes = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return bytes(np.rint(codes * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8))


def _encoding_lut(deep: bool) -> vips.Image:
    return vips.Image.new_from_memory(_encoded(deep), 65536, 1, 1, "ushort" if deep else "uchar")


def _matrix(rows: Sequence[Sequence[float]]) -> vips.Image:
    return vips.Image.new_from_array([list(row) for row in rows])
