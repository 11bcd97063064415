"""What the header of a picture of our own making says."""

from __future__ import annotations

import io

from PIL import Image as PillowImage

from photostore.intake.apart import undecodable


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, PNG or WebP; nothing is decoded. Raises `InvalidFile`."""
    try:
        with PillowImage.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as picture:
            return picture.size
    except Exception as error:  # a damaged header, whatever Pillow makes of it
        raise undecodable() from error
