"""Photos to upload: each one different, in any format."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image

from testing.faults.view import sha256
from testing.pictures import portrait, saved

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Picture:
    data: bytes = field(repr=False)
    filename: str

    @cached_property
    def sha256(self) -> str:
        return sha256(self.data)


def new_picture(kind: str = "JPEG", width: int = 96, height: int = 120) -> Picture:
    number = next(_numbers)
    return Picture(saved(portrait(number, width, height), kind), f"photo-{number}.{FORMATS[kind]}")


def noise(side: int) -> Picture:
    """A picture that takes much room for its size."""
    image = Image.frombytes("RGB", (side, side), os.urandom(3 * side * side))
    return Picture(saved(image, "JPEG"), "noise.jpg")
