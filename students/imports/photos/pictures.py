"""What the database knows of an import's pictures: whose they are already, and what each student has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.dateparse import parse_date

from students.identity import Identity
from students.matching.folding import number_key
from students.models import ImportRow, Student, StudentPhoto
from students.right_person import Finding, Looks, findings
from students.slots import PROFILE
from students.tombstones import erased_pictures

CLOSE = 6  # bits of 64 in which the hashes of one picture, encoded twice, may differ
MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How a picture stands to one student; `findings` are the right-person check's, as JSON."""

    is_current: bool = False
    was_current: bool = False
    older: bool = False
    has_photo: bool = False
    forbidden: bool = False
    stops: bool = False
    findings: list[dict[str, Any]] = field(default_factory=list)


class Pictures:
    """Asked once for all rows; then each row and student without a query, but for what looks suspicious."""

    def __init__(
        self, rows: Iterable[ImportRow], students: Collection[int], numbers: Collection[str]
    ) -> None:
        self._numbers = numbers
        pictured = [row.data for row in rows if row.data.get("pixel_sha256")]
        sources = {data["source_sha256"] for data in pictured}
        pixels = {data["pixel_sha256"] for data in pictured}
        self.students = {one.pk: one for one in Student.objects.filter(pk__in=students)}
        current = StudentPhoto.objects.of_profile().current().filter(student__in=students)
        self.current = {photo.student_id: photo for photo in current}
        self._holders: dict[str, set[int]] = defaultdict(set)
        known = StudentPhoto.objects.filter(Q(source_sha256__in=sources) | Q(pixel_sha256__in=pixels))
        for photo in known.iterator(chunk_size=2_000):
            for sha256 in (photo.source_sha256, photo.pixel_sha256):
                self._holders[f"{photo.slot == PROFILE} {sha256}"].add(photo.student_id)
                self._holders[sha256].add(photo.student_id)
        self._erased = erased_pictures(sources | pixels)

    def standing(self, row: ImportRow, pk: int, today: date) -> Standing:
        """See `Standing`; without findings for who is gone."""
        student, current = self.students.get(pk), self.current.get(pk)
        if student is None:
            return Standing()
        shas = (row.data["source_sha256"], row.data["pixel_sha256"])
        is_current = current is not None and (
            current.source_sha256 == shas[0] or current.pixel_sha256 == shas[1]
        )
        told = self._right_person(row, student)
        said = [as_json(one) for one in told]
        forbidden = [code for code, applies in self._forbidding(student, shas) if applies]
        return Standing(
            is_current=is_current,
            was_current=any(pk in self._holders[f"True {sha256}"] for sha256 in shas),
            older=_is_older(row, current, today),
            has_photo=bool(student.profile_photo),
            forbidden=bool(forbidden),
            stops=any(one.stops for one in told),
            findings=[*said, *({"code": code} for code in forbidden)],
        )

    def _forbidding(self, student: Student, shas: tuple[str, str]) -> list[tuple[str, bool]]:
        return [
            ("has_left", student.status == Student.Status.LEFT),
            ("was_erased", any(sha256 in self._erased for sha256 in shas)),
        ]

    def _right_person(self, row: ImportRow, student: Student) -> list[Finding]:
        """Only asked where it can find something; the check itself is the one of every channel."""
        looks = looks_of_row(row)
        others = set().union(*(self._holders[sha256] for sha256 in (*looks.sha256s, looks.pixel_sha256)))
        stem = number_key(PurePosixPath(row.file).stem)
        if looks.named is None and not others - {student.pk} and stem not in self._numbers:
            return []
        return findings(student, looks)

    def looks_like(self, row: ImportRow, pk: int | None) -> bool:
        """Whether it is this student's photo of today, encoded another time."""
        current = self.current.get(pk) if pk is not None else None
        if current is None or "dhash" not in row.data:
            return False
        if current.pixel_sha256 == row.data["pixel_sha256"]:
            return True
        differing = (current.dhash ^ int(row.data["dhash"])) & MASK
        return differing.bit_count() <= CLOSE


def looks_of_row(row: ImportRow) -> Looks:
    """What the right-person check recognises a staged picture by."""
    named, shas = row.data.get("named"), {row.data["source_sha256"], row.staged_sha256 or ""}
    inside = None
    if named:
        inside = Identity(UUID(named["student_id"]), named["number_hash"], named["attendance"])
    return Looks(frozenset(shas - {""}), row.data["pixel_sha256"], inside, row.file)


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding of the right-person check."""
    return {"code": finding.code, "student": finding.other.pk, "name": finding.other.name}


def _is_older(row: ImportRow, current: StudentPhoto | None, today: date) -> bool:
    taken = parse_date(row.data.get("taken_on") or "") or today
    return current is not None and current.taken_on is not None and current.taken_on > taken
