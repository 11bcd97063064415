"""What can go wrong with a user's images, in words for a person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from photostore.errors import FileMissing, InvalidFile, NotFound


class MissingFields(InvalidFile):
    """The form lacks something without which nothing can be done."""

    code = "missing_fields"
    sentence = _("Missing required fields")


class ImageNotFound(NotFound):
    """No such image, or one that this person may not change: the same answer for both."""

    code = "image_not_found"
    sentence = _("Image not found")


class ImageFileMissing(FileMissing):
    """The image is known, but its bytes are gone."""

    code = "image_file_not_found"
    sentence = _("Image file not found")
