"""One phone photo, to an upright picture of 1920 px with three thumbnails and no tags."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bench.documented import intake as documented
from bench.measure import compare
from bench.rows import Row, at_most, times_faster
from bench.sizes import is_smallest, size
from photostore.intake import CleanImage, ImageLimits, take_in_image
from testing.phone import phone_jpeg

_LIMITS = ImageLimits(formats=frozenset({"jpeg"}), max_bytes=20 * 2**20)
# Megapixels, and how many times less CPU than the documented way it must take (the design names none for
# 24, so that of the smaller one).
_TARGETS = {4: 0.0} if is_smallest() else {12: 6.0, 24: 6.0, 48: 12.0}
_MAX_EXTRA_MIB = 40
_MAX_LOSS_DB = 0.5


def prepare() -> None:
    """Loads the libraries, as a worker has done long before a photo comes."""
    small = io.BytesIO()
    Image.new("RGB", (64, 64)).save(small, "JPEG")
    take_in_image(small.getvalue(), filename="small.jpg", limits=_LIMITS)


def process(path: str) -> CleanImage:
    return take_in_image(Path(path).read_bytes(), filename="photo.jpg", limits=_LIMITS)


def rows() -> Iterable[Row]:
    for megapixels, times in _TARGETS.items():
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            # Held upright, as most phones are: the sensor lies on its side and the tag says 6.
            file.write(phone_jpeg(7, megapixels, orientation=6))
            file.flush()
            yield from _rows_of_one(file.name, megapixels, times)


def _rows_of_one(path: str, megapixels: int, times: float) -> Iterable[Row]:
    ours, theirs = compare("bench.intake:process", "bench.documented.intake:process", path, times=size(3, 1))
    work = f"{megapixels} MP photo"
    cpu = f"{work} and three thumbnails, CPU"
    yield times_faster(times, cpu, "s", ours["cpu_seconds"], theirs["cpu_seconds"], said="less")
    yield at_most(_MAX_EXTRA_MIB, f"{work}, memory on top", "MiB", ours["extra_mib"], theirs["extra_mib"])
    our_db, their_db = fidelity_db(path)
    target, met = f"at most {_MAX_LOSS_DB} dB below", our_db >= their_db - _MAX_LOSS_DB
    yield Row(f"{work}, PSNR", "dB", our_db, their_db, target=target, met=met)


def fidelity_db(path: str) -> tuple[float, float]:
    """PSNR of our picture and of the documented one, in decibels, both against the documented pixels
    (full decode, Lanczos) before they were encoded: the reference that favours the documented way."""
    ours = process(path).picture.data
    theirs = documented.process(path)["picture"]
    with Image.open(io.BytesIO(theirs)) as shown:
        size = shown.size
    reference = ImageOps.exif_transpose(Image.open(path)).resize(size, Image.Resampling.LANCZOS)
    return _psnr(ours, reference), _psnr(theirs, reference)


def _psnr(encoded: bytes, reference: Image.Image) -> float:
    shown = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"), np.float64)
    return float(10 * np.log10(255**2 / np.mean((shown - np.asarray(reference, np.float64)) ** 2)))
