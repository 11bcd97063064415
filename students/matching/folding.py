"""Names and numbers as they are compared: without case, accents, apostrophes and Unicode form. Cached: a
roster repeats its names, and a file's name is compared with all of them. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from students.search import folded_text

_APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`\N{ACUTE ACCENT}]")
_PARTS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=65_536)
def _words_of_chunk(chunk: str) -> tuple[str, ...]:
    return tuple(_PARTS.findall(folded_text(_APOSTROPHES.sub("", chunk))))


def name_words(text: str) -> tuple[str, ...]:
    """The words of a name in its order; `O'Brien` is one, `Jean-Luc` are two."""
    return tuple(word for chunk in text.split() for word in _words_of_chunk(chunk))


def number_key(number: str) -> str:
    """A student number as the database holds it unique: without case."""
    return unicodedata.normalize("NFC", number.strip()).lower()


def class_key(class_name: str) -> str:
    """`8 a`, `8A` and `8-A` are one class."""
    return "".join(_PARTS.findall(folded_text(class_name)))


def is_almost(word: str, other: str) -> bool:
    """Whether one letter was left out, added, mistaken, or two neighbours changed places."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return word == other
    if len(word) > len(other):
        word, other = other, word
    at = next((n for n, letter in enumerate(word) if letter != other[n]), len(word))
    if len(word) < len(other):
        return word[at:] == other[at + 1 :]
    rest, others_rest = word[at:], other[at:]
    return rest[1:] == others_rest[1:] or (rest[2:] == others_rest[2:] and rest[:2] == others_rest[1::-1])
