"""What can go wrong with a photo, in words for a person. The statuses are in `photostore.web.problems`."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class PhotostoreError(Exception):
    """A refusal or failure that a person may read. `code` is stable, `sentence` is translatable.

    `field` names the form field that the sentence is about, where there is one; `field_sentence` says more
    about it, where a contract fixes the sentence itself.
    """

    code = "error"
    sentence: Sentence = _("Something went wrong.")

    def __init__(
        self,
        sentence: Sentence | None = None,
        *,
        code: str | None = None,
        field: str | None = None,
        field_sentence: Sentence | None = None,
    ) -> None:
        if sentence is not None:
            self.sentence = sentence
        if code is not None:
            self.code = code
        self.field = field
        self.field_sentence = field_sentence
        # What machines are told besides, in the body of an error answer.
        self.extra: dict[str, Any] = {}
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.sentence)


class InvalidFile(PhotostoreError):
    """The bytes are not what this channel takes. `code` says why: see `photostore.intake`."""

    code = "invalid_image"
    sentence = _("This file is not a picture that can be read.")


class WrongType(InvalidFile):
    """Not a format that this channel takes, said in one fixed sentence. `code` is intake's."""

    code = "unsupported_format"
    sentence = _("Unsupported file format")


class Infected(InvalidFile):
    """The virus scanner found something in it."""

    code = "infected"
    sentence = _("There is a virus in this file. It was not kept.")


class FileTooLarge(PhotostoreError):
    """More bytes than this channel takes."""

    code = "file_too_large"
    sentence = _("The file is too large.")


class NotFound(PhotostoreError):
    """No such thing, or not yours: the same answer for both."""

    code = "not_found"
    sentence = _("Not found.")


class Forbidden(PhotostoreError):
    """Known, but not allowed to this person."""

    code = "permission_denied"
    sentence = _("You do not have permission to perform this action.")


class StalePage(Forbidden):
    """A request from a page whose CSRF token is no longer good, or from a page that is none of ours."""

    code = "csrf_failed"
    sentence = _("This page was open for too long. Please go back, reload it and try again.")


class Conflict(PhotostoreError):
    """Another request was faster, or the object exists already."""

    code = "conflict"
    sentence = _("Another user changed this at the same moment. Please try again.")


class NameTaken(Conflict):
    """Another owner's row names a file under a documented name: it is that owner's current photo, and
    stays.
    """

    code = "name_taken"
    sentence = _(
        "Another person's photo is stored under the file name that this one would get. Nothing was changed. "
        "Please tell the operator of the service: adopt_media gives that photo a name of its own."
    )


class InUse(PhotostoreError):
    """Another request or process is writing to it at this moment."""

    code = "in_use"
    sentence = _("This upload is still in progress. Please try again in a moment.")


class TooManyAttempts(PhotostoreError):
    """Throttled. `retry_after_seconds` says for how long."""

    code = "throttled"
    sentence = _("Too many attempts. Please wait a minute and try again.")

    def __init__(self, *, retry_after_seconds: int = 60) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds


class StorageUnavailable(PhotostoreError):
    """The storage could not tell or could not do it. Never to be read as "the file is not there"."""

    code = "storage_unavailable"
    sentence = _(
        "The photo storage cannot be reached at the moment. Nothing was lost; please try again shortly."
    )


class FileUnreadable(StorageUnavailable):
    """The storage answers, and this one file cannot be read: its mode, its owner, a damaged disk.

    Code that goes through many files names it and goes on. It is not "absent", so other code stops, as for
    a storage that is unavailable.
    """

    code = "file_unreadable"
    sentence = _("This file cannot be read. Check its mode, its owner and the disk.")


class StorageNotMounted(StorageUnavailable):
    """A place that lacks its mark, while the register lists files in it.

    Only a person can tell a disk that is not mounted from a new one, so operators read `advice`.
    """

    def __init__(self, *, has_files: bool = False) -> None:
        super().__init__()
        if has_files:
            self.advice = self.advice_with_files

    advice_with_files = (
        "There are files in the photo storage, but it lacks the mark .photokeep-root of the one that the "
        "database lists photos in. If these are the photos, copied without hidden files, or another storage "
        "is to take its place, run restore_student_photos --new-storage: it takes the storage into use as it "
        "is and puts back what is missing. Else mount the right disk."
    )
    advice = (
        "The photo storage is empty and was never used, but the database lists photos in it. If its disk is "
        "not mounted, mount it. If it is a new one, run restore_student_photos --new-storage: it takes the "
        "storage into use and puts back every photo that has a copy elsewhere."
    )


class StorageFull(StorageUnavailable):
    code = "storage_full"
    sentence = _(
        "There is no space left for photos. Nothing was changed; please tell the operator of the service."
    )


class Busy(StorageUnavailable):
    """Too many images are being processed."""

    code = "busy"
    sentence = _("Many pictures are being uploaded at the moment. Please try again shortly.")


class ScannerUnavailable(StorageUnavailable):
    """The file could not be checked for viruses, so it is not kept."""

    code = "scanner_unavailable"
    sentence = _(
        "The file could not be checked for viruses at the moment. It was not kept; please try again shortly."
    )


class ExportsPending(StorageUnavailable):
    """The change is committed, but a export of it could not be written yet."""

    code = "exports_pending"
    sentence = _("The photo is saved, but not every copy of it yet. Please send it again shortly.")


class FileMissing(PhotostoreError):
    """The storage answered, and the file is not there."""

    code = "file_missing"
    sentence = _("The file is missing.")


class Changed(PhotostoreError):
    """The world is not as the step left it (or, before it was done, as the plan found it): skip and
    report.
    """

    code = "changed_since"


class CommandRefused(PhotostoreError):
    """The command will not do this; nothing was changed."""

    code = "refused"
