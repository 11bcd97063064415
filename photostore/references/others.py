"""Names that are somebody else's, whether the register knows it or only their row does."""

from __future__ import annotations

from collections.abc import Collection

from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.references.fields import named_by_fields
from photostore.references.places import places

Spot = tuple[str, str]


def named_for_others(spots: Collection[Spot], owner: Owner | None) -> set[Spot]:
    """Those of `spots` (storage alias and key) that a row of another than `owner` names.

    Whoever writes there would show one person's photo as another's: a deployment that is not adopted yet
    serves what lies under the name that its row gives.
    """
    found: set[Spot] = set()
    for place in places():
        here = {spot for spot in spots if spot[0] in place.aliases}
        keys = {key for _alias, key in here}
        if not keys:
            continue
        taken = named_by_fields(place.aliases, keys, besides=owner)
        if owner is not None:
            rows = StoredFile.objects.filter(storage_alias__in=place.aliases, key__in=keys)
            taken.update(rows.exclude(**owner.files).values_list("key", flat=True))
        found.update(spot for spot in here if spot[1] in taken)
    return found
