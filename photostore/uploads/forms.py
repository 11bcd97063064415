"""Reads the parts of a multipart form as clients write them, and drops none.

Django passes a part by whose header it cannot read: a file name in Latin-1, a folded header, a part without a
name. The form then arrives without its file, and the sender is told that all went well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.http import multipartparser
from django.http.multipartparser import (
    FIELD,
    FILE,
    RAW,
    InterBoundaryIter,
    LazyStream,
    MultiPartParser,
    MultiPartParserError,
)
from django.utils.http import parse_header_parameters

# A file name of 255 characters takes 2,300 bytes when it comes twice, as `filename` and as `filename*`.
MAX_HEADER_BYTES = 8192
# For bytes that come without a name, such as a browser's `Blob` under an empty one.
NAMELESS = "upload"
_FOLD = re.compile(rb"\r\n[ \t]+")
# Bytes by which Japanese characters begin, and which Latin-1 leaves to control characters.
_JAPANESE = re.compile(rb"[\x81-\x9f]")

Part = tuple[str, dict[str, tuple[str, dict[str, str]]], LazyStream]


class WholeForm(multipartparser.Parser):
    """The parts of a form. Raises `MultiPartParserError` for one that cannot be read, and for a form that is
    cut off."""

    def __iter__(self) -> Iterator[Any]:
        """Each part; what stands before the first boundary, and after the last, is none."""
        streams = InterBoundaryIter(self._stream, self._separator)  # type: ignore[attr-defined]
        for number, stream in enumerate(streams):
            if number == 0:
                multipartparser.exhaust(stream)  # type: ignore[attr-defined]
                continue
            head = stream.read(MAX_HEADER_BYTES)
            if head.startswith(b"--"):
                yield RAW, {}, stream  # only now does Django take the file before it
                return
            yield _part(head, stream)
        raise MultiPartParserError("The form has no end.")


def install() -> None:
    multipartparser.Parser = WholeForm  # type: ignore[misc]


def _part(head: bytes, stream: LazyStream) -> Part:
    block, end, body = head.partition(b"\r\n\r\n")
    headers = _headers(block)
    _kind, said = headers.get("content-disposition", ("", {}))
    if not end or "name" not in said:
        raise MultiPartParserError("A part of the form has no name.")
    stream.unget(body)
    if "filename" not in said:
        return FIELD, headers, stream
    if not MultiPartParser.sanitize_file_name(None, said["filename"]):  # type: ignore[arg-type]
        first = stream.read(1)
        if not first:  # where no file was chosen, a browser sends nothing under no name
            return FIELD, headers, stream
        stream.unget(first)
        said["filename"] = NAMELESS
    return FILE, headers, stream


def _headers(block: bytes) -> dict[str, tuple[str, dict[str, str]]]:
    headers = {}
    for line in filter(None, _FOLD.sub(b" ", block).split(b"\r\n")):
        try:
            stated, said = parse_header_parameters(text_of(line))
        except ValueError as error:
            raise MultiPartParserError("A header of a part cannot be read.") from error
        name, _colon, value = stated.partition(":")
        headers[name.strip()] = value.strip(), said
    return headers


def text_of(line: bytes) -> str:
    """UTF-8; else what Windows writes in Japan where the bytes look like it, else in Europe."""
    charsets = ["utf-8", *(["cp932"] if _JAPANESE.search(line) else []), "cp1252"]
    for charset in charsets:
        try:
            return line.decode(charset)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")
