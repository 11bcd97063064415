"""What can go wrong with personas and media files, in words for a person."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from photostore.errors import FileTooLarge, InvalidFile, NotFound


class PersonaNotFound(NotFound):
    """No such persona, or another user's."""

    code = "persona_not_found"

    def __init__(self, persona_id: int) -> None:
        super().__init__(format_lazy(_("Persona {id} not found"), id=persona_id))


class MediaFileNotFound(NotFound):
    """No such media file, or another user's."""

    code = "media_file_not_found"

    def __init__(self, file_id: int) -> None:
        super().__init__(format_lazy(_("Media file {id} not found"), id=file_id))


class ImageTooLarge(FileTooLarge):
    sentence = _("Image file too large. Maximum size is 10MB")


class VideoTooLarge(FileTooLarge):
    """More than a video may have, however it comes."""

    sentence = _("Video file too large. Maximum size is 100MB")


class InvalidType(InvalidFile):
    """An image, a video or something else that is not taken here."""

    code = "unsupported_format"
