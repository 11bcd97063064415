"""Comparing a place with the register: missing, orphaned, of another size, written by another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Literal

from django.utils import timezone

from photostore import keys
from photostore.errors import FileUnreadable
from photostore.inventory.listing import Listing, listed
from photostore.models import StoredFile
from photostore.references.apps import claimed_by_apps
from photostore.references.fields import all_values
from photostore.references.roots import root_of
from photostore.storage import FileStat, storage_for

BATCH = 1_000
# An upload has stored its bytes and not yet committed its row for seconds, never for this long.
YOUNG = timedelta(hours=1)
# What comes in over many connections has a day; what is not completed by then was given up.
YOUNG_INCOMING = timedelta(hours=24)

# `touched`: as long as it should be, but written after we wrote or verified it. Worth reading again.
# `unreadable`: in a folder that cannot be looked into. Whether it is there is unknown.
Difference = Literal["missing", "orphaned", "damaged", "touched", "unreadable"]

# Rows whose copy is stale (no `written_at`) claim their file, but promise nothing about it yet.
_DIFFERENCES = """
SELECT CASE WHEN f.id IS NULL THEN 'orphaned'
            WHEN l.key IS NULL AND EXISTS (SELECT FROM {listing} u WHERE u.kind = 'unreadable'
                                           AND starts_with(f.key, u.key)) THEN 'unreadable'
            WHEN l.key IS NULL THEN 'missing'
            WHEN l.byte_size <> f.byte_size THEN 'damaged' ELSE 'touched' END,
       coalesce(l.key, f.key), f.storage_alias, f.id, l.byte_size, l.modified_at,
       f.written_at >= %(started_at)s
FROM (SELECT * FROM photostore_storedfile
      WHERE storage_alias = ANY(%(aliases)s) AND starts_with(key, %(prefix)s)) AS f
FULL JOIN (SELECT * FROM {listing} WHERE kind = 'file') AS l ON l.key = f.key
WHERE f.id IS NULL OR (f.written_at IS NOT NULL AND (
    l.key IS NULL OR l.byte_size <> f.byte_size
    OR to_timestamp(l.modified_at) > greatest(f.written_at, f.verified_at)))
"""


# By hash joins, whatever the size; see `Place.claims`.
_ORPHANS = """
SELECT l.key, l.byte_size, l.modified_at FROM {listing} AS l WHERE l.kind = 'file'
AND NOT EXISTS (
    SELECT FROM photostore_storedfile AS f WHERE f.storage_alias = ANY(%(aliases)s) AND f.key = l.key)
AND NOT EXISTS (
    SELECT FROM photostore_pendingremoval AS r WHERE r.storage_alias = ANY(%(aliases)s) AND r.key = l.key)
AND NOT EXISTS (SELECT FROM ({values}) AS v WHERE v.alias = ANY(%(aliases)s) AND v.key = l.key)
AND ({also})
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `pk` is the register's row, None for an orphan."""

    difference: Difference
    key: str
    storage_alias: str
    pk: int | None
    byte_size: int | None
    modified_at: datetime | None

    @property
    def is_young(self) -> bool:
        """Whether an upload may still be about to register it."""
        return self.modified_at is not None and self.modified_at > timezone.now() - youth_of(self.key)


def youth_of(key: str) -> timedelta:
    """For how long after its last write an unclaimed file is left alone."""
    return YOUNG_INCOMING if key.startswith(keys.INCOMING) else YOUNG


def differences(listing: Listing) -> Iterator[Finding]:
    """Every difference, each of them looked at again where something moved during the pass."""
    rows = listing.rows(_DIFFERENCES, started_at=listing.started_at)
    while batch := list(islice(rows, BATCH)):
        claimed = listing.place.claims([row[1] for row in batch if row[0] == "orphaned"])
        for row in batch:
            finding = _settled(listing, row, claimed)
            if finding is not None:
                yield finding


def orphans(storage_alias: str = "default", prefix: str = "", *, also: str = "true") -> Iterator[FileStat]:
    """Files that no row of the register names and that no pending removal names; quarantine aside.

    `also` is an SQL condition of an app's own on the listing `l`.
    Streams, whatever the size. Raises `StorageUnavailable`.
    """
    with listed(root_of(storage_alias), prefix) as listing:
        rows = listing.rows(_ORPHANS.replace("{values}", all_values()).replace("{also}", also))
        while batch := list(islice(rows, BATCH)):
            claimed = claimed_by_apps([key for key, _byte_size, _modified_at in batch])
            for key, byte_size, modified_at in batch:
                if key not in claimed:
                    yield FileStat(key, byte_size, datetime.fromtimestamp(modified_at, UTC))


def _settled(listing: Listing, row: Sequence[Any], claimed: set[str]) -> Finding | None:
    difference, key, alias, pk, byte_size, modified_at, is_new = row
    finding = Finding(difference, key, alias or listing.place.alias, pk, byte_size, _moment(modified_at))
    if difference == "orphaned":
        return None if key in claimed else _measured(finding)
    if difference == "unreadable":
        return finding
    # The listing is older than the register: a row written since is judged by what is there now.
    return current(finding) if is_new else finding


def _measured(orphan: Finding) -> Finding | None:
    """With size and time, where the pass left them out; None when it is gone by now."""
    if orphan.modified_at is not None:
        return orphan
    there = storage_for(orphan.storage_alias).stat(orphan.key)
    if there is None:
        return None
    return replace(orphan, byte_size=there.byte_size, modified_at=there.modified_at)


def current(finding: Finding) -> Finding | None:
    """The difference as it is at this moment; None where there is none any more."""
    row = (
        StoredFile.objects.exclude(written_at=None)
        .filter(storage_alias=finding.storage_alias, key=finding.key)
        .first()
    )
    if row is None:
        return None
    try:
        there = storage_for(row.storage_alias).stat(row.key)
    except FileUnreadable:
        return replace(finding, difference="unreadable")
    if there is None:
        return replace(finding, difference="missing")
    if there.byte_size != row.byte_size:
        return replace(finding, difference="damaged", byte_size=there.byte_size)
    return replace(finding, difference="touched") if finding.difference == "touched" else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
