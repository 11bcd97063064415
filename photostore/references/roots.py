"""Where files lie: aliases that name the same folder or bucket are one place, listed once."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from photostore.errors import StorageNotMounted, StorageUnavailable
from photostore.models import PendingRemoval, StoredFile
from photostore.references.apps import claimed_by_apps
from photostore.references.fields import named_by_fields
from photostore.storage import PhotoStorage, storage_for


@dataclass(frozen=True, slots=True)
class StorageRoot:
    """One folder or bucket, and the aliases that lead there; a row of any of them claims a file in it."""

    aliases: tuple[str, ...]

    @property
    def alias(self) -> str:
        """The alias that stands for all of them."""
        return self.aliases[0]

    @property
    def storage(self) -> PhotoStorage:
        return storage_for(self.alias)

    @property
    def is_used(self) -> bool:
        """Whether the register expects a file here."""
        return StoredFile.objects.filter(storage_alias__in=self.aliases).exists()

    def confirm(self) -> bool:
        """Whether there is anything to list. Raises `StorageUnavailable` where that cannot be told.

        A folder without its mark beside a register with rows is the wrong, empty one: an unmounted disk, or a
        new one (`StorageNotMounted`).
        """
        self.storage.ping()
        if self.storage.is_prepared():
            return True
        if self.is_used:
            raise StorageNotMounted(has_files=self.has_files())
        return False

    def has_files(self) -> bool:
        """Whether anything lies here, whatever put it there. Raises `StorageUnavailable`."""
        try:
            return next(iter(self.storage.survey(sizes=False)), None) is not None
        except StorageUnavailable:  # no folder, or none that can be read
            return False

    def claims(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that have an owner: `known`, or named by a row that the register does not know.

        Such a row is of a deployment that is not adopted yet, or of a register that was lost.
        """
        return self.known(keys) | named_by_fields(self.aliases, keys)

    def known(self, keys: Collection[str]) -> set[str]:
        """Those that the register names, that are still arriving, or that are about to be removed."""
        claimed = claimed_by_apps(keys)
        for model in (StoredFile, PendingRemoval):
            rows = model.objects.filter(storage_alias__in=self.aliases, key__in=keys)
            claimed.update(rows.values_list("key", flat=True))
        return claimed


def storage_roots() -> list[StorageRoot]:
    """Every place that keeps photos, in the order of `STORAGES`."""
    aliases_at: dict[Any, list[str]] = {}
    for alias, configuration in settings.STORAGES.items():
        if alias != "staticfiles":
            aliases_at.setdefault(_location(configuration), []).append(alias)
    return [StorageRoot(tuple(aliases)) for aliases in aliases_at.values()]


def root_of(alias: str) -> StorageRoot:
    return next(place for place in storage_roots() if alias in place.aliases)


def _location(configuration: dict[str, Any]) -> tuple[str, ...]:
    options = configuration.get("OPTIONS", {})
    if "location" in options:
        return ("disk", os.path.realpath(options["location"]))
    return ("bucket", str(options.get("endpoint_url")), str(options.get("bucket_name")))
