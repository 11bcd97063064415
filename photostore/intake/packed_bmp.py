"""BMPs whose rows are packed in runs. Pillow unpacks them in Python: a kilobyte costs seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from photostore.intake import ffmpeg, vips

# BITMAPINFOHEADER, field biCompression: BI_RGB, BI_BITFIELDS and BI_ALPHABITFIELDS are plain rows of pixels.
_PLAIN = {0, 3, 6}


def is_packed(data: bytes) -> bool:
    header_bytes, packing = (int.from_bytes(data[at : at + 4], "little") for at in (14, 30))
    return header_bytes >= 40 and packing not in _PLAIN


def unpacked(data: bytes) -> vips.Image:
    """By FFmpeg, in C. Raises ValueError where the file is cut off, and what FFmpeg raises."""
    if len(data) < int.from_bytes(data[2:6], "little"):
        raise ValueError("The file is cut off.")
    (frame,) = ffmpeg.decoder("bmp").decode(ffmpeg.packet(data))
    plane = frame.reformat(format="rgb24").planes[0]
    lines: Any = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
    pixels = lines[:, : 3 * frame.width].reshape(frame.height, frame.width, 3)
    return vips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation="srgb")
