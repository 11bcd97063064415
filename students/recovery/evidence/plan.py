"""The frozen plan: all findings, kept in a temporary table so that memory stays flat at a million files.

The table belongs to the database session and goes with it; nothing in it changes once the plan is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from students.key_claims import place_of
from students.recovery.evidence.backups import BackupStudents
from students.recovery.evidence.gather import findings
from students.recovery.evidence.signals import Finding, Kind, Signal, State, StudentRef, Verdict
from students.recovery.evidence.together import TOGETHER
from students.recovery.unowned import BATCH, Stray

_CREATE = """
DROP TABLE IF EXISTS students_findings;
CREATE TEMPORARY TABLE students_findings (
    id bigserial PRIMARY KEY, person text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
    state text NOT NULL, student bigint,
    moment text NOT NULL, vouches boolean NOT NULL, sha256 text NOT NULL, bare_sha256 text NOT NULL,
    named text NOT NULL, is_copy boolean NOT NULL, by_number bigint, identified boolean NOT NULL,
    former boolean NOT NULL DEFAULT false, young boolean NOT NULL DEFAULT false, finding jsonb NOT NULL
)
"""
_INSERT = """
INSERT INTO students_findings (person, key, state, student, moment, vouches, sha256, bare_sha256,
    named, is_copy, by_number, identified, finding)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# Nobody else analyses a temporary table; not knowing its size, PostgreSQL would compare each row with each.
_ANALYZE = "ANALYZE students_findings"
_INDEX = """
CREATE INDEX ON students_findings (student, key); CREATE INDEX ON students_findings (person, key);
CREATE INDEX ON students_findings (key)
"""


@dataclass(frozen=True)
class Person:
    """The stray files of somebody who once was, or of nobody: one file that stands for itself."""

    person: str
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """From a backup; empty where none knows it."""
        return next((one.old_name for one in self.findings if one.old_name), "")

    @property
    def attendance(self) -> int:
        """For how many half-days there are photos."""
        return len({one.stray.moment for one in self.findings if one.stray.moment})

    @property
    def is_somebody(self) -> bool:
        """Whether a folder or an identity stands behind it, and not only a file of its own."""
        return self.person != self.findings[0].stray.key

    @property
    def is_decided(self) -> bool:
        """Whether evidence says whose the photo is, or contradicts itself about it."""
        return any(
            one.verdict.state in {State.CERTAIN, State.BLOCKED}
            for one in self.findings
            if not one.stray.moment
        )

    @property
    def given(self) -> tuple[Finding, ...]:
        """What may be given to somebody: all but what was erased on request."""
        return tuple(one for one in self.findings if not one.erased)

    @property
    def has_profile_photo(self) -> bool:
        """Whether one of the files is something else than an attendance photo."""
        return any(not one.stray.moment for one in self.findings)


@dataclass(frozen=True)
class Plan:
    """What is known of every stray file. Read it as often as needed; it streams."""

    counts: dict[State, int]

    def persons(self) -> Iterator[Person]:
        """Grouped by whose the files once were."""
        for person, group in _groups("person", "true", ()):
            yield Person(person, group)

    def by_student(self, state: State) -> Iterator[tuple[StudentRef, tuple[Finding, ...]]]:
        """What is in this state, grouped by the student that it points at."""
        for _pk, group in _groups("student", "state = %s AND student IS NOT NULL", (state,)):
            student = group[0].verdict.student
            assert student is not None
            yield student, group

    def students_with_a_certain_photo(self) -> RawSQL:
        """Who has one coming, as a subquery."""
        sql = "SELECT student FROM students_findings WHERE state = 'certain' AND moment = ''"
        return RawSQL(sql, [])  # noqa: S611 (our own words)

    def in_states(self, *states: State) -> Iterator[Finding]:
        """The findings in these states, by their keys."""
        for _key, group in _groups("key", "state = ANY(%s)", (list(states),)):
            yield from group


def make_plan(strays: Iterable[Stray], backup: BackupStudents | None = None) -> Plan:
    """Find out about every file. The plan lives until the next one is made in this session."""
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        found = findings(strays, backup)
        while batch := list(islice(found, BATCH)):
            cursor.executemany(_INSERT, [_row(one) for one in batch])
        for statement in (_ANALYZE, *TOGETHER, _INDEX, _ANALYZE):
            cursor.execute(statement)
        cursor.execute("SELECT state, count(*) FROM students_findings GROUP BY state")
        counted = dict(cursor.fetchall())
    return Plan({state: counted.get(state.value, 0) for state in State})


def _row(finding: Finding) -> tuple[Any, ...]:
    stray, verdict = finding.stray, finding.verdict
    vouching = {Kind.IDENTITY, Kind.NUMBER_HASH, Kind.BACKUP}
    vouches = not vouching.isdisjoint(signal.kind for signal in finding.signals)
    strong = {signal.kind: signal.student for signal in finding.signals if signal.strong}
    by_number = strong.get(Kind.NUMBER_HASH)
    is_copy = bool(stray.named_student) and place_of(stray.key).role in {"documented", "safe"}
    return (
        *(stray.person, stray.key, verdict.state, verdict.student and verdict.student.pk),
        *(stray.moment, vouches, stray.sha256, stray.bare_sha256, str(stray.named_student or ""), is_copy),
        *(by_number and by_number.pk, Kind.IDENTITY in strong),
        json.dumps(_packed(finding), default=str),
    )


def _groups(column: str, where: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Finding, ...]]]:
    """Groups of findings by `column`, in its order; a few hundred groups at a time.

    Within a group by their keys: a folder lists its files in no order, and two runs must say the same.
    """
    pages = f"SELECT DISTINCT {column} FROM students_findings WHERE {where}"  # noqa: S608 (our own words)
    last: Any = None
    while True:
        with connection.cursor() as cursor:
            after = "" if last is None else f" AND {column} > %s"
            cursor.execute(
                f"SELECT {column}, finding FROM students_findings WHERE {where} AND {column} IN "  # noqa: S608
                f"({pages}{after} ORDER BY 1 LIMIT {BATCH // 4}) ORDER BY {column}, key, id",
                [*values, *values, *([] if last is None else [last])],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        groups: dict[Any, list[Finding]] = {}
        for key, packed in rows:
            groups.setdefault(key, []).append(_unpacked(packed))
        yield from ((key, tuple(group)) for key, group in groups.items())


def _packed(finding: Finding) -> dict[str, Any]:
    return {
        "stray": asdict(finding.stray),
        "signals": [asdict(signal) for signal in finding.signals],
        "state": finding.verdict.state,
        "student": asdict(finding.verdict.student) if finding.verdict.student else None,
        "notes": finding.notes,
        "old_name": finding.old_name,
        "erased": finding.erased,
    }


def _unpacked(packed: str | dict[str, Any]) -> Finding:
    values = json.loads(packed) if isinstance(packed, str) else packed
    fields = values["stray"]
    named = UUID(fields["named_student"]) if fields["named_student"] else None
    stray = replace(
        Stray(**fields), named_student=named, modified_at=datetime.fromisoformat(fields["modified_at"])
    )
    signals = tuple(
        Signal(Kind(one["kind"]), tuple(StudentRef(**ref) for ref in one["students"]), one["why"])
        for one in values["signals"]
    )
    student = StudentRef(**values["student"]) if values["student"] else None
    verdict = Verdict(State(values["state"]), student)
    return Finding(stray, signals, verdict, tuple(values["notes"]), values["old_name"], values["erased"])
