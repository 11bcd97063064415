"""How a stored file becomes an HTTP answer: streamed, cacheable, and harmless in a browser."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date, quote_etag

from photostore.delivery.ranges import ByteRange, Unsatisfiable, parse_range
from photostore.errors import FileMissing
from photostore.models import StoredFile
from photostore.storage import PhotoStorage, storage_for

logger = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "default-src 'none'; sandbox"


def serve(
    request: HttpRequest, file: StoredFile, *, name: str, cache_control: str, attachment: bool = False
) -> HttpResponseBase:
    """Answer a GET or HEAD with the bytes of `file`, or the part that its Range header asks for.

    Raises `FileMissing` where the bytes are gone or not as long as the register says, and
    `StorageUnavailable`.
    """
    etag = quote_etag(file.sha256)
    response: HttpResponseBase = get_conditional_response(request, etag=etag, response=None) or HttpResponse()
    if response.status_code == 200:
        response = _with_bytes(request, file, etag)
    response["ETag"] = etag
    response["Cache-Control"] = cache_control
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    inline = file.content_type.startswith(("image/", "video/")) and "svg" not in file.content_type
    disposition = content_disposition_header(attachment or not inline, name)
    if response.status_code in {200, 206} and disposition:
        response["Content-Disposition"] = disposition
    return response


def _with_bytes(request: HttpRequest, file: StoredFile, etag: str) -> HttpResponseBase:
    storage = storage_for(file.storage_alias)
    try:
        wanted = _wanted_range(request, file, etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.byte_size}"})
    if request.method == "HEAD":
        _check_size(file, storage)
        response: HttpResponseBase = HttpResponse()
        response["Content-Length"] = str(file.byte_size)
    elif wanted is not None:
        response = _part(storage, file, wanted)
    else:
        response = _whole(storage, file)
    response["Content-Type"] = file.content_type
    response["Accept-Ranges"] = "bytes"
    if file.written_at:
        response["Last-Modified"] = http_date(file.written_at.timestamp())
    return response


def _wanted_range(request: HttpRequest, file: StoredFile, etag: str) -> ByteRange | None:
    header = request.headers.get("Range", "")
    # If-Range with another version's ETag: the client holds a part of an older photo and needs it all.
    if not header or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    return parse_range(header, file.byte_size)


def _part(storage: PhotoStorage, file: StoredFile, wanted: ByteRange) -> HttpResponseBase:
    _check_size(file, storage)
    chunks: Iterator[bytes] = storage.stream(file.key, start=wanted.start, end=wanted.end)
    response = StreamingHttpResponse(chunks, status=206)
    response["Content-Length"] = str(wanted.end - wanted.start)
    response["Content-Range"] = wanted.content_range(file.byte_size)
    return response


def _whole(storage: PhotoStorage, file: StoredFile) -> HttpResponseBase:
    opened = storage.open_file(file.key)
    if opened is None:
        response: HttpResponseBase = StreamingHttpResponse(storage.stream(file.key))
    elif settings.SENDFILE_HEADER:
        with opened:
            _check_length(file, os.fstat(opened.fileno()).st_size)
        response = HttpResponse()
        response[settings.SENDFILE_HEADER] = settings.SENDFILE_PREFIX + quote(file.key)
        return response
    else:
        response = _sent_by_the_kernel(file, opened)
    response["Content-Length"] = str(file.byte_size)
    return response


def _sent_by_the_kernel(file: StoredFile, opened: BinaryIO) -> HttpResponseBase:
    try:
        _check_length(file, os.fstat(opened.fileno()).st_size)
    except FileMissing:
        opened.close()
        raise
    return FileResponse(opened)


def _check_size(file: StoredFile, storage: PhotoStorage) -> None:
    stat = storage.stat(file.key)
    if stat is None:
        raise FileMissing
    _check_length(file, stat.byte_size)


def _check_length(file: StoredFile, byte_size: int) -> None:
    if byte_size != file.byte_size:
        # Half a photo is worse than none: it would be cached under the right version.
        logger.error("Stored file %s holds %d bytes instead of %d.", file.key, byte_size, file.byte_size)
        raise FileMissing
