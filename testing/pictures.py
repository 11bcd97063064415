"""Pictures for tests, benches and the demo: the made-up people of the demo's school, drawn."""

import io
from functools import lru_cache
from typing import Any

import pillow_heif
from PIL import Image

from students.demo import portraits

_drawn = lru_cache(maxsize=64)(portraits.portrait)


def portrait(seed: int, width: int = 480, height: int = 600, **options: Any) -> Image.Image:
    """Drawn once; a copy for each caller, because an image can be changed."""
    return _drawn(seed, width, height, **options).copy()


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    """As a file of Pillow's format `name`."""
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def heic(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, **options)
    return file.getvalue()
