"""What can go wrong with a profile picture, in words for a person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photostore.errors import Conflict, InvalidFile, NotFound, PhotostoreError, TooManyAttempts


class NoImage(InvalidFile):
    code = "no_file"
    sentence = _("No image provided")


class UploadNotFound(NotFound):
    """No such upload, another user's, or not what this call needs."""

    code = "upload_not_found"
    sentence = _("Upload record not found")


class NothingToConfirm(NotFound):
    """The same for confirming, where expired and already confirmed ones are none either."""

    code = "upload_not_found_or_confirmed"
    sentence = _("Upload record not found or already confirmed")


class AlreadyConfirmed(Conflict):
    """A confirmed picture cannot be dropped."""

    code = "already_confirmed"
    sentence = _("This picture is already confirmed. It belongs to your history and cannot be deleted here.")


class CropOutside(PhotostoreError):
    """The square does not lie within the picture."""

    code = "crop_outside"
    sentence = _("The crop does not lie within the picture. Nothing was changed; please choose it again.")


class TooManyPending(TooManyAttempts):
    code = "too_many_pending"

    def __init__(self, *, waiting: int, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.waiting = waiting

    def __str__(self) -> str:
        sentence = ngettext(
            "%(n)d of your pictures is already awaiting confirmation. Confirm or delete it first.",
            "%(n)d of your pictures are already awaiting confirmation. Confirm or delete one first.",
            self.waiting,
        )
        return sentence % {"n": self.waiting}
