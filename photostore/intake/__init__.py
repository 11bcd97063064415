"""Taking in an image: bytes in, clean image out; pure, no ORM. One way for all apps.

from photostore.intake import ImageLimits, take_in_image
"""

from photostore.intake.formats import FORMATS, KNOWN_EXTENSIONS, Format, sniff
from photostore.intake.headers import size_of
from photostore.intake.limits import CleanImage, ImageLimits, Rendition
from photostore.intake.take_in import take_in_image

__all__ = [
    "FORMATS",
    "KNOWN_EXTENSIONS",
    "CleanImage",
    "Format",
    "ImageLimits",
    "Rendition",
    "size_of",
    "sniff",
    "take_in_image",
]
