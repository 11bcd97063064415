"""Made-up people, drawn: those of the demo's school."""

from functools import lru_cache
from typing import Any

from PIL import Image

from students.demo import portraits

_drawn = lru_cache(maxsize=64)(portraits.portrait)


def portrait(seed: int, width: int = 480, height: int = 600, **options: Any) -> Image.Image:
    """Drawn once; a copy for each caller, because an image can be changed."""
    return _drawn(seed, width, height, **options).copy()
