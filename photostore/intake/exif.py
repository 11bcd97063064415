"""The one thing that is read from a picture's tags before they go: the day it was taken."""

from __future__ import annotations

import contextlib
import datetime

from PIL import Image

_EXIF_IFD = 0x8769
_DATE_TIME_ORIGINAL = 0x9003
# Digital cameras with EXIF begin in the 1990s; a scanner's or a reset clock's "1970" says nothing.
_EARLIEST = datetime.date(1990, 1, 1)


def taken_on(exif: bytes | None) -> datetime.date | None:
    """The day of DateTimeOriginal (EXIF 2.32, table 8: "YYYY:MM:DD HH:MM:SS"), or None.

    A day before 1990 or after tomorrow (a camera east of us) is not believed. Never raises: the date is
    a nicety, and a broken tag is no reason to refuse a photo.
    """
    if not exif:
        return None
    with contextlib.suppress(Exception):
        tags = Image.Exif()
        tags.load(exif)
        written = str(tags.get_ifd(_EXIF_IFD).get(_DATE_TIME_ORIGINAL, ""))
        day = datetime.date(*map(int, written[:10].replace("-", ":").split(":")))
        tomorrow = datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=1)
        return day if _EARLIEST <= day <= tomorrow else None
    return None
