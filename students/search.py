"""What somebody types, as a full-text query: each word matches the beginning of a word."""

from __future__ import annotations

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery

MAX_WORDS = 8


def words(typed: str) -> list[str]:
    """Words without case, accents and punctuation, as `students.models.SearchVector` keeps them."""
    decomposed = unicodedata.normalize("NFKD", typed).lower()
    plain = re.sub("[\u0300-\u036f]", "", decomposed)
    return [word for chunk in plain.split() for word in _words_in(chunk)][:MAX_WORDS]


def _words_in(chunk: str) -> list[str]:
    """What has a digit in it is a number, and one word: half of it, such as `s`, begins too many words."""
    parts = re.findall(r"[^\W_]+", chunk)
    return ["".join(parts)] if any(character.isdigit() for character in chunk) else parts


def prefix_query(typed: str) -> SearchQuery | None:
    """A raw query; None where nothing searchable was typed."""
    beginnings = " & ".join(f"{word}:*" for word in words(typed))
    return SearchQuery(beginnings, config="simple", search_type="raw") if beginnings else None
