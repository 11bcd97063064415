"""Takes one upload into memory, counting as it comes."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.request import QueryDict
from django.utils.translation import gettext as _

from photostore.errors import FileTooLarge, InvalidFile, Sentence

MEGABYTE = 1_048_576
# One file at most; the rest of a form (its fields, its boundaries) has this much room beside it.
FORM_OVERHEAD_BYTES = MEGABYTE
DEFAULT_MAX_FILE_BYTES = 20 * MEGABYTE


class LimitedUploadHandler(FileUploadHandler):
    """Keeps a file in memory up to the route's limit, which the middleware has put on the request.

    The picture is decoded from memory anyway, so a temporary file would only add a write and a read.
    Over the limit the request is not read any further, and `one_file` raises.
    """

    chunk_size = 256 * 1024
    request: HttpRequest

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A part with a file name begins."""
        super().new_file(*args, **kwargs)
        self.buffer = io.BytesIO()
        self.max_bytes: int = getattr(self.request, "max_file_bytes", DEFAULT_MAX_FILE_BYTES)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count and keep. Raising through the parser would end as a 500 inside the CSRF check."""
        if start + len(raw_data) > self.max_bytes:
            sentence = getattr(self.request, "too_large_sentence", None)
            self.request.upload_refusal = too_large(self.max_bytes, sentence)  # type: ignore[attr-defined]
            self.buffer.close()
            raise StopUpload(connection_reset=True)
        self.buffer.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """The finished file, ready to be read."""
        self.buffer.seek(0)
        return InMemoryUploadedFile(
            file=self.buffer,
            field_name=self.field_name,
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


def one_file(request: Any, field: str) -> InMemoryUploadedFile:
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


def optional_file(request: Any, field: str) -> InMemoryUploadedFile | None:
    """As `one_file`, but None where the field holds no file."""
    files: QueryDict = request.FILES
    django_request = getattr(request, "_request", request)
    if refusal := getattr(django_request, "upload_refusal", None):
        refusal.field = field
        raise refusal
    found = files.getlist(field)
    if len(found) > 1:
        raise InvalidFile(_("Send one file, not several."), code="several_files", field=field)
    return found[0] if found else None  # type: ignore[return-value]
