"""Values of file fields that have no row in the register: an unregistered file, or one to be adopted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection

from photostore.inventory.listing import ROWS_PER_FETCH, Listing
from photostore.references.fields import all_values
from photostore.references.spelling import plain_name

# One hash join, whatever the size.
_UNREGISTERED = """
SELECT v.alias, v.key, l.key IS NOT NULL FROM ({values}) AS v
LEFT JOIN (SELECT key FROM {listing} WHERE kind = 'file') AS l ON l.key = v.key
WHERE v.alias = ANY(%(aliases)s)
  AND NOT EXISTS (SELECT FROM photostore_storedfile f WHERE f.storage_alias = v.alias AND f.key = v.key)
"""
_ELSEWHERE = "SELECT v.alias, v.key FROM ({values}) AS v WHERE NOT v.alias = ANY(%s)"
# One look at the list for all of them: few rows spell a name in their own way.
_SPELLED = """
SELECT DISTINCT asked.key FROM unnest(%(keys)s::text[]) AS asked (key)
JOIN {listing} l ON l.kind = 'file' AND {there} = {asked}
"""


def spelled_otherwise(listing: Listing, keys: Collection[str]) -> set[str]:
    """Those of `keys` that a file there has but for case, Unicode form, slashes or a leading `/media/`."""
    sql = _SPELLED.replace("{there}", plain_name("l.key")).replace("{asked}", plain_name("asked.key"))
    return {key for (key,) in listing.rows(sql, keys=list(keys))}


def unregistered(listing: Listing) -> Iterator[tuple[str, str, bool]]:
    """Storage alias and key of each value in the place that was listed, and whether its file is there."""
    rows: Iterator[Any] = listing.rows(_UNREGISTERED.replace("{values}", all_values()))
    return rows


def named_elsewhere(aliases: Collection[str]) -> Iterator[tuple[str, str]]:
    """Storage alias and key of each value that names another storage than these."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ELSEWHERE.format(values=all_values()), [list(aliases)])
        while rows := cursor.fetchmany(ROWS_PER_FETCH):
            yield from rows
