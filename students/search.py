"""Typed words as a full-text query: each word matches the beginning of a word."""

from __future__ import annotations

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery

MAX_WORDS = 8
# Letters that do not decompose into one of `a` to `z` and an accent, as people without them type them.
FOLDED = {
    **dict.fromkeys("łŁ", "l"),
    **dict.fromkeys("đĐðÐ", "d"),
    **dict.fromkeys("øØ", "o"),
    **dict.fromkeys("ħĦ", "h"),
    **dict.fromkeys("ŧŦ", "t"),
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    **dict.fromkeys("ßẞ", "ss"),
    **dict.fromkeys("æÆ", "ae"),
    **dict.fromkeys("œŒ", "oe"),
    **dict.fromkeys("þÞ", "th"),
}
_FOLDING = str.maketrans(FOLDED)
_ACCENTS = re.compile("[\u0300-\u036f]")


def folded(expression: str) -> str:
    """SQL for a text without case and accents; `words` treats what is typed the same way."""
    single = {letter: plain for letter, plain in FOLDED.items() if len(plain) == 1}
    sql = f"translate(normalize({expression}, NFKD), '{''.join(single)}', '{''.join(single.values())}')"
    for letter, plain in FOLDED.items():
        if len(plain) > 1:
            sql = f"replace({sql}, '{letter}', '{plain}')"
    return f"regexp_replace(lower({sql}), '[\u0300-\u036f]', '', 'g')"


def folded_text(text: str) -> str:
    """A text without case and accents, as `folded` makes it in SQL."""
    decomposed = unicodedata.normalize("NFKD", text)
    if decomposed.isascii():
        return decomposed.lower()
    return _ACCENTS.sub("", decomposed.translate(_FOLDING).lower())


def words(typed: str) -> list[str]:
    """Words without case, accents and punctuation, as `students.models.SearchVector` keeps them."""
    return [word for chunk in folded_text(typed).split() for word in _words_in(chunk)][:MAX_WORDS]


def _words_in(chunk: str) -> list[str]:
    """What has a digit in it is a number, and one word: half of it, such as `s`, begins too many words."""
    parts = re.findall(r"[^\W_]+", chunk)
    return ["".join(parts)] if any(character.isdigit() for character in chunk) else parts


def prefix_query(typed: str) -> SearchQuery | None:
    """A raw query; None where nothing searchable was typed."""
    beginnings = " & ".join(f"{word}:*" for word in words(typed))
    return SearchQuery(beginnings, config="simple", search_type="raw") if beginnings else None
