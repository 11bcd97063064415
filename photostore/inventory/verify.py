"""The whole store against the register and every file field, and re-hashing as far as the time goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Final

from django.utils import timezone

from photostore.bounded import MAX_LISTED
from photostore.errors import StorageUnavailable
from photostore.inventory.diff import Finding, differences
from photostore.inventory.listing import Listing, listed
from photostore.inventory.rehash import Verdict, oldest_first, rehash, written
from photostore.inventory.rows import contradictions, kept, legacy
from photostore.inventory.seen import Seen
from photostore.inventory.unregistered import named_elsewhere, spelled_otherwise, unregistered
from photostore.models import StoredFile, Verification
from photostore.references.roots import StorageRoot, storage_roots
from photostore.register.after_commit import finish_all_commits
from photostore.registration import Contradiction

# What ends with exit code 1, and not what a person may have confirmed (`shared`). An orphan older than an
# hour is no waste to be shrugged at: it may be a photo whose row was lost. Young ones, partials and copies
# that are behind are what any crash leaves; a legacy row whose file is there is a normal state.
WRONG: Final = (
    *("missing", "damaged", "unreadable", "misplaced", "inconsistent", "orphaned", "unadopted", "symlinks"),
)
LISTED: Final = (*WRONG, "shared", "to_adopt")
# Without --checksum only files that look tampered with are read, and no more of them than this.
MAX_SUSPECTS = 1_000
BATCH = 1_000
LATELY = timedelta(days=30)


@dataclass
class Report:
    """What was found. `lists` hold pairs of storage alias and key, in the order of finding."""

    started_at: datetime = field(default_factory=timezone.now)
    lists: dict[str, dict[tuple[str, str], None]] = field(
        default_factory=lambda: {name: {} for name in LISTED}
    )
    counts: Counter[str] = field(default_factory=Counter)
    contradictions: list[Contradiction] = field(default_factory=list)
    suspects: dict[int, None] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)

    def add(self, what: str, alias: str, key: str) -> bool:
        """One more, unless it was counted already: the listing and the reading may find the same."""
        listed_already = self.lists[what]
        if (alias, key) in listed_already:
            return False
        if len(listed_already) < MAX_LISTED:
            listed_already[alias, key] = None
        elif not self.seen.is_new(f"{what} {alias} {key}"):
            return False
        self.counts[what] += 1
        return True

    def suspect(self, pk: int | None) -> None:
        """Have this row's bytes read, now or by the next run."""
        if pk is not None and len(self.suspects) < MAX_SUSPECTS:
            self.suspects[pk] = None

    @property
    def is_wrong(self) -> bool:
        return any(self.counts[what] for what in WRONG)


def confirm_roots() -> list[StorageRoot]:
    """Every place, all of them answering. Raises `StorageUnavailable`: before anything is changed or
    believed.
    """
    found = storage_roots()
    for place in found:
        place.confirm()
    _no_rows_elsewhere(found)
    return found


def verify(report: Report, *, checksum: bool, until: float | None) -> Iterator[str]:
    """Fill the report; yields what is being done, for a progress line. Raises `StorageUnavailable`."""
    everywhere = confirm_roots()
    yield "Bringing copies up to date"
    report.counts["healed"] = finish_all_commits()
    previous = Verification.objects.first()
    for pk in previous.suspects if previous else ():
        report.suspect(pk)
    for place in everywhere:
        yield f"Listing {' and '.join(place.aliases)}"
        with listed(place) as listing:
            _compare(report, listing)
            yield "Looking at every file field"
            _look_at_fields(report, listing)
    for alias, key in named_elsewhere([alias for place in everywhere for alias in place.aliases]):
        report.counts["unregistered"] += report.add("missing", alias, key)
    yield "Comparing rows with each other"
    for found in contradictions():
        if report.add(found.kind, "default", found.who) and len(report.contradictions) < MAX_LISTED:
            report.contradictions.append(found)
    yield "Reading what looks changed"
    suspects, report.suspects = list(report.suspects), {}
    _judge(report, rehash(written(StoredFile.objects.filter(pk__in=suspects))))
    if checksum:
        for done, verdict in enumerate(rehash(oldest_first(), until=until)):
            _judge(report, iter((verdict,)))
            if done % 100 == 0:
                yield f"Re-hashed {report.counts['rehashed']}"
    report.seen.forget()


def figures(report: Report, *, checksum: bool) -> Verification:
    rows = StoredFile.objects.all()
    files, stale = rows.count(), rows.filter(written_at=None).count()
    counted = {name: report.counts[name] for name in (*LISTED, "unusable", "partials", "young", "rehashed")}
    return Verification.objects.create(
        started_at=report.started_at,
        finished_at=timezone.now(),
        checksum=checksum,
        files=files + report.counts["unregistered"],
        present=max(0, files + report.counts["unregistered"] - stale - counted["missing"]),
        rehashed_lately=rows.filter(verified_at__gte=timezone.now() - LATELY).count(),
        stale=stale,
        suspects=list(report.suspects),
        **counted,
    )


def until(budget: timedelta | None) -> float | None:
    """The moment at which a budget that starts now is used up."""
    return None if budget is None else monotonic() + budget.total_seconds()


def _compare(report: Report, listing: Listing) -> None:
    alias = listing.place.alias
    for key in listing.others("symlink"):
        report.add("symlinks", alias, key)
    for key in listing.others("unreadable"):
        report.add("unreadable", alias, key)
    for kind, name in (("unusable", "unusable"), ("partial", "partials")):
        report.counts[name] += sum(1 for _ in listing.others(kind))
    found = differences(listing)
    while batch := list(islice(found, BATCH)):
        spared = kept([finding.key for finding in batch if finding.difference == "orphaned"])
        for finding in batch:
            _note(report, finding, listing, is_kept=finding.key in spared)


def _look_at_fields(report: Report, listing: Listing) -> None:
    """Values without a row in the register: to be adopted where the file of a legacy row is there."""
    found = unregistered(listing)
    while batch := list(islice(found, BATCH)):
        of_legacy = legacy([key for _alias, key, _is_there in batch])
        absent = [key for _alias, key, is_there in batch if not is_there and key in of_legacy]
        spelled = spelled_otherwise(listing, absent) if absent else set()
        for alias, key, is_there in batch:
            adoptable = key in of_legacy and (is_there or key in spelled)
            report.counts["unregistered"] += report.add("to_adopt" if adoptable else "missing", alias, key)


def _note(report: Report, finding: Finding, listing: Listing, *, is_kept: bool) -> None:
    if finding.difference == "orphaned":
        if finding.is_young:
            report.counts["young"] += 1
        elif not _gone_by_now(report, finding, listing):
            report.add("unadopted" if is_kept else "orphaned", finding.storage_alias, finding.key)
        return
    report.suspect(finding.pk)
    if finding.difference in ("missing", "unreadable"):
        report.add(finding.difference, finding.storage_alias, finding.key)
    elif finding.difference == "damaged" and finding.pk not in report.suspects:
        # Suspects are read and judged by their bytes; one too many is judged by its size.
        report.add("damaged", finding.storage_alias, finding.key)


def _gone_by_now(report: Report, orphan: Finding, listing: Listing) -> bool:
    """Given up and removed while the pass was under way. Asked a bounded number of times."""
    asked = report.counts["orphaned"] < MAX_SUSPECTS
    return asked and listing.place.storage.stat(orphan.key) is None


def _judge(report: Report, verdicts: Iterator[Verdict]) -> None:
    for verdict in verdicts:
        report.counts["rehashed"] += 1
        for wrong in verdict.wrong:
            report.add(wrong, verdict.row.storage_alias, verdict.row.key)
            report.suspect(verdict.row.pk)


def _no_rows_elsewhere(found: list[StorageRoot]) -> None:
    """Rows of an alias that `STORAGES` no longer names can be neither confirmed nor denied."""
    known = [alias for place in found for alias in place.aliases]
    lost = StoredFile.objects.exclude(storage_alias__in=known).first()
    if lost is not None:
        raise StorageUnavailable(
            f"The register names files on the storage {lost.storage_alias!r}, which the settings do not."
        )


def most_of(keys: dict[tuple[str, str], None], count: int) -> list[tuple[str, str]]:
    return list(islice(keys, count))
