"""Which of the places where a photo might lie have a file, asked for many students at once.

A bucket is asked once for a thousand names, not eight to ten times for each student who has no photo at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager

from django.db import connection

from photostore.inventory import Listing, listed, place_of
from photostore.storage import storage_for
from students.restore.spots import Spot
from students.strays import FOLDERS, UPLOADS


@contextmanager
def spots_listed() -> Iterator[Callable[[Collection[Spot]], set[Spot]]]:
    """List the documented folders; what is given tells those of some spots where a file lies.

    What came or went since is found when the file is read. Raises `StorageAway`.
    """
    with ExitStack() as stack:
        listings: dict[tuple[str, str], Listing] = {}
        for alias in ("default", "safe"):
            place = place_of(alias)
            for prefix in (UPLOADS, FOLDERS) if alias == "default" else (FOLDERS,):
                if (place.alias, prefix) not in listings:
                    listing = stack.enter_context(listed(place, prefix, sizes=False))
                    with connection.cursor() as cursor:
                        cursor.execute(f"CREATE INDEX ON {listing.table} (key)")
                    listings[place.alias, prefix] = listing
        yield lambda spots: _there(spots, listings)


def _there(spots: Collection[Spot], listings: dict[tuple[str, str], Listing]) -> set[Spot]:
    found: set[Spot] = set()
    places = {alias: place_of(alias).alias for alias in {spot[0] for spot in spots}}
    asked: dict[tuple[str, str], list[Spot]] = {}
    for alias, key in spots:
        prefix = next((one for one in (UPLOADS, FOLDERS) if key.startswith(one)), "")
        if (places[alias], prefix) in listings:
            asked.setdefault((places[alias], prefix), []).append((alias, key))
        elif storage_for(alias).stat(key) is not None:  # a row's own key may lie anywhere
            found.add((alias, key))
    for where, some in asked.items():
        sql = "SELECT key FROM {listing} WHERE kind = 'file' AND key = ANY(%(keys)s)"
        lying = {key for (key,) in listings[where].rows(sql, keys=[key for _alias, key in some])}
        found.update(spot for spot in some if spot[1] in lying)
    return found
