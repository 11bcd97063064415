"""What can go wrong with direct uploads, in words for a person."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photostore.errors import Conflict, FileTooLarge, InvalidFile, NotFound, TooManyAttempts


class UploadNotFound(NotFound):
    """No such direct upload, another user's, expired, or its bytes are gone."""

    code = "upload_not_found"
    sentence = _("Upload not found")


class UploadCompleted(Conflict):
    code = "upload_completed"
    sentence = _("This upload is already complete.")


class BeingCompleted(Conflict):
    """Another request completes or cancels the upload at this moment."""

    code = "being_completed"
    sentence = _("This upload is being completed at this moment.")


class UploadIncomplete(Conflict):
    """Bytes are missing; it can go on."""

    code = "upload_incomplete"

    def __init__(self, *, arrived: int, size: int) -> None:
        super().__init__(
            format_lazy(
                _("{arrived} of {size} bytes have arrived. Send the rest first."), arrived=arrived, size=size
            )
        )


class WrongOffset(Conflict):
    """The client does not know how much has arrived."""

    code = "wrong_offset"

    def __init__(self, offset: int) -> None:
        super().__init__(format_lazy(_("The next byte to send is number {offset}."), offset=offset))


class MoreThanAnnounced(FileTooLarge):
    """More bytes than the upload was opened for."""

    code = "more_than_announced"
    sentence = _("More bytes were sent than were announced.")


class NotSpoken(InvalidFile):
    """An extension of tus that `Tus-Extension` does not name."""

    code = "tus_extension_not_spoken"

    def __init__(self, header: str) -> None:
        sentence = _("{header} is not supported. Send the whole file as one upload of known length.")
        super().__init__(format_lazy(sentence, header=header))


class NotAsAnnounced(InvalidFile):
    """The bucket holds another number of bytes than the upload was opened for."""

    code = "not_as_announced"
    sentence = _("The uploaded file does not have the announced size. Please upload it again.")


class TooManyOpenUploads(TooManyAttempts):
    """As many uploads are under way as may be."""

    code = "too_many_open_uploads"

    def __init__(self, *, waiting: int) -> None:
        super().__init__()
        self.waiting = waiting

    def __str__(self) -> str:
        sentence = ngettext(
            "%(n)d of your uploads is still open. Complete or cancel it first.",
            "%(n)d of your uploads are still open. Complete or cancel some of them first.",
            self.waiting,
        )
        return sentence % {"n": self.waiting}
