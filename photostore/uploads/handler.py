"""Takes one upload into memory, or onto the disk where a route wants that, counting as it comes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils.translation import gettext as _

from photostore.errors import FileTooLarge, InvalidFile, PhotostoreError, Sentence
from photostore.storage import storage_for
from photostore.storage.folders import disk_errors

MEGABYTE = 1_048_576
# One file at most; the rest of a form (its fields, its boundaries) has this much room beside it.
FORM_OVERHEAD_BYTES = MEGABYTE
DEFAULT_MAX_FILE_BYTES = 20 * MEGABYTE


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What a route takes. Its view class states each of these under its name, or leaves it out."""

    max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    too_large_sentence: Sentence | None = None
    """About more than that, where the route's contract fixes one."""
    check_beginning: Callable[[bytes, int], None] | None = None
    """Called with the first piece of a file and the number of bytes so far, as it comes; may raise
    `FileTooLarge` earlier, for what begins like that."""
    max_memory_bytes: int | None = None
    """A file larger than that goes on in a scratch file; None: every file stays in memory."""

    @classmethod
    def of(cls, view_class: Any) -> UploadRules:
        """Those of a view class; one that states no size takes no file."""
        stated = {rule.name: getattr(view_class, rule.name, None) for rule in fields(cls)}
        return replace(cls(0), **{name: value for name, value in stated.items() if value is not None})

    def check(self, head: bytes, byte_count: int) -> None:
        """Raise `FileTooLarge` where the first `byte_count` bytes of a file are too many already."""
        if self.check_beginning:
            self.check_beginning(head, byte_count)
        if byte_count > self.max_file_bytes:
            raise self.refusal()

    def refusal(self) -> FileTooLarge:
        """What to say of a file or of a request that is too large."""
        return too_large(self.max_file_bytes or MEGABYTE, self.too_large_sentence)


class LimitedUploadHandler(FileUploadHandler):
    """Keeps a file in memory up to the route's limit (`request.upload_rules`, set by the middleware).

    A picture is decoded from memory anyway, so a temporary file would only add a write and a read; a video
    goes to a scratch file where its route says so. Over the limit the request is not read any further, and
    `one_file` raises.
    """

    chunk_size = 256 * 1024
    request: HttpRequest

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        # Django closes `file` when the upload breaks off.
        self.file: BinaryIO = io.BytesIO()
        self.head = b""
        self.rules: UploadRules = getattr(self.request, "upload_rules", UploadRules())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count and keep. Raising through the parser would end as a 500 inside the CSRF check."""
        self.head = self.head or raw_data
        try:
            self.rules.check(self.head, max(start + len(raw_data), self._announced()))
            self._make_room(start, len(raw_data))
            self._write(raw_data)
        except PhotostoreError as refusal:
            refusal.field = self.field_name
            self.request.upload_refusal = refusal  # type: ignore[attr-defined]
            raise StopUpload(connection_reset=True) from refusal

    def _announced(self) -> int:
        """How large the file is at least, by the request's length: the rest of a form is small."""
        if "chunked" in self.request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return 0
        return int(self.request.META.get("CONTENT_LENGTH") or 0) - FORM_OVERHEAD_BYTES

    def _make_room(self, byte_count: int, more: int) -> None:
        """Go on in a scratch file where memory is meant for less than this."""
        limit = self.rules.max_memory_bytes
        if limit is None or not (byte_count <= limit < byte_count + more):
            return
        begun, self.file = self.file, storage_for().scratch()
        begun.seek(0)
        self._write(begun.read())

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        with disk_errors():
            while rest:
                rest = rest[self.file.write(rest) :]

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        """The finished file, ready to be read."""
        self.file.seek(0)
        return UploadedFile(
            file=self.file,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra or {},
        )


def too_large(max_bytes: int, sentence: Sentence | None = None) -> FileTooLarge:
    """The refusal, with the limit in its sentence, unless the route has a sentence of its own."""
    usual = _("The file is too large. The limit is %(limit)d MB.") % {"limit": max_bytes // MEGABYTE}
    return FileTooLarge(sentence or usual)


def one_file(request: Any, field: str) -> UploadedFile[bytes]:
    """The one file in `field` of a parsed request.

    Raises `FileTooLarge` where the upload was cut off, `InvalidFile` for no file, an empty one or more
    than one.
    """
    file = optional_file(request, field)
    if file is None:
        raise InvalidFile(
            _("No file was sent. Send it as multipart form data, in the field “%(field)s”.")
            % {"field": field},
            code="no_file",
            field=field,
        )
    return file


def optional_file(request: Any, field: str) -> UploadedFile[bytes] | None:
    """As `one_file`, but None where the field holds no file."""
    files: QueryDict = request.FILES
    django_request = getattr(request, "_request", request)
    if refusal := getattr(django_request, "upload_refusal", None):
        raise refusal
    found = files.getlist(field)
    if len(found) > 1:
        raise InvalidFile(_("Send one file, not several."), code="several_files", field=field)
    return found[0] if found else None  # type: ignore[return-value]
