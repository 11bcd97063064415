"""Lists as text: which charset, which delimiter, quoted or not.

No detector: what detectors say of short lists in 8-bit charsets is wrong more often than not. A ladder, and
for 8-bit charsets the number of words that are names in the school.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from students.imports.tables.table import Table, refusal

DELIMITERS = ("\t", ";", ",", "|")
EIGHT_BIT = ("cp1252", "mac_roman", "cp850", "cp1250", "iso8859-15")
CHARSETS = ("utf-8", "utf-16-le", "utf-16-be", *EIGHT_BIT)
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
CONSISTENT = 0.95
LINES_TRIED = 2_000
WORD = re.compile(r"[^\W\d_]+")


def read_text(
    content: bytes, *, charset: str, delimiter: str, known_words: Callable[[], Collection[str]]
) -> Table:
    """The rows. Raises `ImportRefused`."""
    text, charset = decode(content, charset, known_words)
    text = text.removeprefix("\ufeff").rstrip("\x1a\0")  # Ctrl-Z ended a file once
    if "\0" in text:
        raise refusal("not_a_table")
    table = Table(charset=charset, delimiter=delimiter or _delimiter_of(text))
    for line, cells in _best(text, table.delimiter).rows:
        table.add(line, [cell.strip() for cell in cells])
    return table


def decode(content: bytes, charset: str, known_words: Callable[[], Collection[str]]) -> tuple[str, str]:
    """The text, and the charset that was taken: the one asked for, else by the ladder."""
    if charset:
        try:
            return content.decode(charset), charset
        except (UnicodeDecodeError, LookupError):
            raise refusal("wrong_charset", charset=charset) from None
    for bom, name in BOMS:
        if content.startswith(bom):
            return content.decode(name, errors="replace"), name
    wide = _wide(content)
    if wide:
        return content.decode(wide, errors="replace"), wide
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _eight_bit(content, known_words)


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of a list in Latin letters is zero."""
    head = content[:4_000]
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.1 else ""


def _eight_bit(content: bytes, known_words: Callable[[], Collection[str]]) -> tuple[str, str]:
    """By how many names of the school stand in it; among equals the first."""
    known = set(known_words())
    decoded: dict[str, str] = {}
    for charset in EIGHT_BIT:
        try:
            decoded[charset] = content.decode(charset)
        except UnicodeDecodeError:
            continue
    best = max(decoded, key=lambda charset: len(accented_words(decoded[charset]) & known))
    return decoded[best], best


def accented_words(text: str) -> set[str]:
    """The case-folded words that are not plain ASCII: on which charsets differ."""
    words = {word for word in WORD.findall(text) if not word.isascii()}
    return {unicodedata.normalize("NFC", word).casefold() for word in words}


@dataclass(frozen=True, slots=True)
class _Split:
    """(line, cells) of what is not blank, the usual number of cells, and the part of rows that have it."""

    rows: list[tuple[int, list[str]]]
    width: int
    consistency: float


def _delimiter_of(text: str) -> str:
    """The first that gives the same number of cells in nearly every row."""
    head = "\n".join(text[:1_000_000].splitlines()[:LINES_TRIED])
    for delimiter in DELIMITERS:
        split = _best(head, delimiter)
        if split.width > 1 and split.consistency >= CONSISTENT:
            return delimiter
    raise refusal("empty_table" if not text.strip() else "not_a_table")


def _best(text: str, delimiter: str) -> _Split:
    """With quotes where they are well formed.

    A lone quote swallows the rows up to the next one, and is seen by that: fewer rows than lines, while the
    lines alone are as regular.
    """
    plain = _split(_plainly(text, delimiter))
    try:
        quoted = _split(_quoted(text, delimiter))
    except csv.Error:
        return plain
    if len(quoted.rows) == len(plain.rows) or quoted.consistency > plain.consistency:
        return quoted
    return plain


def _plainly(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    lines = re.split("\r\n|\r|\n", text)
    return [(n, [_unwrapped(cell) for cell in line.split(delimiter)]) for n, line in enumerate(lines, 1)]


def _unwrapped(cell: str) -> str:
    cell = cell.strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _quoted(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, begins = [], 1
    for cells in reader:
        rows.append((begins, cells))
        begins = reader.line_num + 1
    return rows


def _split(rows: list[tuple[int, list[str]]]) -> _Split:
    rows = [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]
    counted = Counter(len(cells) for _line, cells in rows)
    if not counted:
        return _Split([], 0, 0)
    width = max(counted, key=lambda cells: (counted[cells], cells))
    fitting = sum(_fits(cells, width) for _line, cells in rows)
    return _Split(rows, width, fitting / len(rows))


def _fits(cells: list[str], width: int) -> bool:
    """Give or take empty cells at the end."""
    if len(cells) <= width:
        return len(cells) > 1 or width == 1
    return not any(cell.strip() for cell in cells[width:])
