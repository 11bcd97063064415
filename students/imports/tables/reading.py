"""Which of the ways of writing a list a file is; its name is not believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from students.imports.tables.spreadsheets import read_spreadsheet
from students.imports.tables.table import MAX_BYTES, Table, refusal
from students.imports.tables.texts import read_text

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
PAGES = (b"<html", b"<!doctype", b"<table", b"<?xml", b"%pdf", b"{\\rtf")


def read_table(
    content: bytes, *, options: Mapping[str, Any], known_words: Callable[[], Collection[str]] = tuple
) -> Table:
    """The rows of a list. `options` may say `charset`, `delimiter` or `sheet`.

    `known_words` are the case-folded words of names that may stand in it: they tell one 8-bit charset from
    another. Raises `ImportRefused`.
    """
    if len(content) > MAX_BYTES:
        raise refusal("not_a_table")
    if content.startswith(OLE):
        raise refusal("old_excel")
    if content[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(PAGES):
        raise refusal("not_a_table")
    if content.startswith(ZIP):
        table = read_spreadsheet(content, sheet=options.get("sheet", ""))
    else:
        table = read_text(
            content,
            charset=options.get("charset", ""),
            delimiter=options.get("delimiter", ""),
            known_words=known_words,
        )
    if not table.rows:
        raise refusal("empty_table")
    return table
