"""Names that belong to another owner, whether the register knows it or only a row does."""

from __future__ import annotations

from collections.abc import Collection

from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.references.fields import named_by_fields
from photostore.references.roots import storage_roots

FileRef = tuple[str, str]


def refs_named_by_others(file_refs: Collection[FileRef], owner: Owner | None) -> set[FileRef]:
    """Those of `storage_roots` (storage alias and key) that a row of another than `owner` names.

    Writing there would show one person's photo as another's: a deployment that is not adopted yet
    serves what lies under the name that its row gives.
    """
    found: set[FileRef] = set()
    for place in storage_roots():
        here = {file_ref for file_ref in file_refs if file_ref[0] in place.aliases}
        keys = {key for _alias, key in here}
        if not keys:
            continue
        taken = named_by_fields(place.aliases, keys, besides=owner)
        if owner is not None:
            rows = StoredFile.objects.filter(storage_alias__in=place.aliases, key__in=keys)
            taken.update(rows.exclude(**owner.files).values_list("key", flat=True))
        found.update(file_ref for file_ref in here if file_ref[1] in taken)
    return found
