"""Taking away what no row names: the plan, what it refuses, and acting on one file at a time.

An orphan is looked at again under the lock of the code that could write its key (`apps.held`): it must
still be unclaimed and still be old. So an upload has either committed its row, and the file stays, or not
begun, and writes its bytes anew. Keys with a fresh UUID or microseconds in them are written once, seconds
before their row: there the age alone tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from django.utils import timezone

from photostore import keys
from photostore.errors import CommandRefused, Conflict, FileUnreadable
from photostore.intake import FORMATS, sniff
from photostore.inventory import diff
from photostore.inventory.diff import Finding, differences
from photostore.inventory.listing import Listing, listed
from photostore.inventory.rows import kept
from photostore.models import StoredFile
from photostore.operations import OperationRunner
from photostore.operations.quarantine import sha256_of
from photostore.operations.tally import count_done
from photostore.references.apps import locked_key, owner_of_key
from photostore.references.roots import root_of, storage_roots
from photostore.storage import storage_for

# More than this looks like the wrong database or the wrong disk, not like what crashes leave.
MAX_SHARE = 0.2
MAX_ONLY_COPIES = 20
DERIVED = "derived/"
# Gone for good, not set aside: what can be made again, and what was never a photo of ours.
FOR_GOOD = (DERIVED, keys.INCOMING, keys.IMPORTS)
BATCH = 100
KEPT_BATCH = 1_000
SNIFFED_BYTES = 64 + 16 * 4

Fate = Literal["set_aside", "removed", "left"]
# `kept`: no row names it, and it still belongs to a student: to be adopted, or asked about.
Left = Literal["young", "kept"]


@dataclass(frozen=True, slots=True)
class Taking:
    """One file that would go: set aside, or for good where it can be made again or never was whole."""

    storage_alias: str
    key: str
    byte_size: int
    for_good: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What a plan comes to. `refusal` is the sentence that only --force overrides."""

    files: int
    set_aside: int
    removed: int
    young: int
    kept: int
    refusal: str


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What the sweep may take: every place was listed once; what is young stays."""

    listings: Sequence[Listing]
    older_than: datetime

    def takings(self) -> Iterator[Taking]:
        """Everything that would go, streamed; read anew against the register each time."""
        for listing in self.listings:
            found = _found(listing, self.older_than)
            yield from (taking for taking in found if not isinstance(taking, str))

    def count(self) -> Counted:
        """The figures, and whether it would go too far."""
        aside = removed = young = spared = 0
        refusal = ""
        for listing in self.listings:
            orphans = only_copies = 0
            for taking in _found(listing, self.older_than):
                if isinstance(taking, str):
                    young += taking == "young"
                    spared += taking == "kept"
                    continue
                removed += taking.for_good
                aside += not taking.for_good
                orphans += not _is_partial(taking)
            if orphans > MAX_SHARE * listing.file_count:
                only_copies = _only_copies(listing, self.older_than)
            if only_copies > MAX_ONLY_COPIES:
                refusal = (
                    f"It would take away {orphans} of {listing.file_count} files, more than "
                    f"{MAX_ONLY_COPIES} of which exist nowhere else. That looks like the wrong database or "
                    "the wrong storage. If you are sure, add --force."
                )
        files = sum(listing.file_count for listing in self.listings)
        return Counted(
            files=files, set_aside=aside, removed=removed, young=young, kept=spared, refusal=refusal
        )


@contextmanager
def planned(older_than: datetime) -> Iterator[SweepPlan]:
    """List every place. Raises `CommandRefused` for an empty register, `StorageUnavailable` for a storage
    that is unavailable.
    """
    everywhere = storage_roots()
    for place in everywhere:
        place.confirm()
    if not StoredFile.objects.exists():
        raise CommandRefused(
            "The database lists no files at all, so every file would look unowned. Nothing was "
            "changed. An existing deployment is made known by `adopt_media`, a lost database brought back by "
            "`restore_student_photos --create-students`."
        )
    with ExitStack() as stack:
        listings = [stack.enter_context(listed(place, sizes=False)) for place in everywhere]
        yield SweepPlan(listings, older_than)


def take(taking: Taking, plan: SweepPlan, operation: OperationRunner) -> Fate:
    """Look again, under the lock, and take one file away. Raises `StorageUnavailable`."""
    try:
        with locked_key(taking.key):
            if not _still_nobodys(taking, plan.older_than):
                return "left"
            if taking.for_good:
                storage_for(taking.storage_alias).remove(taking.key)
                count_done(operation.operation.command)
                return "removed"
            details = _details(taking)
            done = details and operation.step("sweep_aside", subject=taking.key, details=details)
            return "set_aside" if done else "left"
    except FileUnreadable:  # it cannot be hashed, so it could not be brought back as it was
        return "left"
    except Conflict:  # these files have been changing for half a minute; the next sweep will see
        return "left"


def _found(listing: Listing, older_than: datetime) -> Iterator[Taking | Left]:
    """What would go; a word for each that stays."""
    found = (one for one in differences(listing) if one.difference == "orphaned" and one.modified_at)
    while batch := list(islice(found, KEPT_BATCH)):
        spared = kept([finding.key for finding in batch])
        yield from (_fate(finding, listing, older_than, spared) for finding in batch)
    alias, storage = listing.place.alias, listing.place.storage
    for key in listing.others("partial"):
        there = storage.stat(key)
        if there is not None:
            is_young = there.modified_at >= older_than
            yield "young" if is_young else Taking(alias, key, there.byte_size, for_good=True)


def _fate(finding: Finding, listing: Listing, older_than: datetime, spared: set[str]) -> Taking | Left:
    assert finding.modified_at is not None
    if finding.key in spared:
        return "kept"
    if finding.modified_at >= _youngest_taken(finding.key, older_than):
        return "young"
    for_good = finding.key.startswith(FOR_GOOD)
    return Taking(listing.place.alias, finding.key, finding.byte_size or 0, for_good)


def _is_partial(taking: Taking) -> bool:
    return taking.for_good and not taking.key.startswith(DERIVED)


def _still_nobodys(taking: Taking, older_than: datetime) -> bool:
    if root_of(taking.storage_alias).claims([taking.key]) or kept([taking.key]):
        return False
    there = storage_for(taking.storage_alias).stat(taking.key)
    return there is not None and there.modified_at < _youngest_taken(taking.key, older_than)


def _youngest_taken(key: str, older_than: datetime) -> datetime:
    """An upload that is still arriving is given its day, whatever the sweep was told."""
    if not key.startswith(keys.INCOMING):
        return older_than
    return min(older_than, timezone.now() - diff.YOUNG_INCOMING)


def _details(taking: Taking) -> dict[str, object] | None:
    """What the journal writes down; None where the file is gone by now."""
    sha256 = sha256_of(taking.storage_alias, taking.key)
    if sha256 is None:
        return None
    start = b"".join(storage_for(taking.storage_alias).stream(taking.key, end=SNIFFED_BYTES))
    picture, owner = sniff(start), owner_of_key(taking.key)
    return {
        "storage_alias": taking.storage_alias,
        "key": taking.key,
        "sha256": sha256,
        "byte_size": taking.byte_size,
        "content_type": FORMATS[picture].content_type if picture else "application/octet-stream",
        "owner_label": owner.label if owner else "",
        "owner_id": owner.id if owner else "",
    }


def _only_copies(listing: Listing, older_than: datetime) -> int:
    """How many different files would be set aside that no registered one repeats; counting stops early."""
    found = _found(listing, older_than)
    takings = (one for one in found if not isinstance(one, str) and not one.for_good)
    only: set[str] = set()
    while len(only) <= MAX_ONLY_COPIES and (batch := list(islice(takings, BATCH))):
        hashes = {_sha256_or_key(taking) for taking in batch} - {None}
        only |= {sha256 for sha256 in hashes if sha256 is not None} - _kept_elsewhere(hashes)
    return len(only)


def _sha256_or_key(taking: Taking) -> str | None:
    """No copy of an unreadable file is known."""
    try:
        return sha256_of(taking.storage_alias, taking.key)
    except FileUnreadable:
        return taking.key


def _kept_elsewhere(hashes: set[str | None]) -> set[str]:
    """Those of the sha256s that a registered file has, and the file is there."""
    rows = StoredFile.objects.exclude(written_at=None).filter(sha256__in=hashes)
    return {row.sha256 for row in rows if _is_there(row)}


def _is_there(row: StoredFile) -> bool:
    there = storage_for(row.storage_alias).stat(row.key)
    return there is not None and there.byte_size == row.byte_size
