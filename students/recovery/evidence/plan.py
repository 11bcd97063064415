"""The frozen plan: what the evidence says of each file, in a temporary table: memory stays flat.

The table belongs to the database session and goes with it; nothing in it changes once the plan is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from students.matching import State
from students.recovery.evidence import statements
from students.recovery.evidence.backups import BackupStudents
from students.recovery.evidence.by_file_name import match_file_names
from students.recovery.evidence.by_person import BY_PERSON
from students.recovery.evidence.findings import Evidence, Finding, Kind, StudentRef, Verdict
from students.recovery.evidence.hashes import hash_numbers
from students.recovery.storage_index import FILE_COLUMNS, StorageIndex
from students.recovery.unowned import UnownedFile

GROUPS_AT_ONCE = 250
PLAN = "students_evidence_plan"
_COLUMNS = f"{FILE_COLUMNS}, state, student, evidence, notes, old_name, erased"
_FILE_COUNT = FILE_COLUMNS.count(",") + 1
# Not what is wide and never asked for.
_ANALYZE = "ANALYZE {evidence} (state, student, person, key, named_student, by_number, moment, former)"


@dataclass(frozen=True)
class Person:
    """The unowned files of a former student, or of an unknown one: one file that stands for itself."""

    person: str
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """From a backup; empty where none knows it."""
        return next((one.old_name for one in self.findings if one.old_name), "")

    @property
    def attendance(self) -> int:
        """For how many half-days there are photos."""
        return len({one.unowned_file.moment for one in self.findings if one.unowned_file.moment})

    @property
    def is_somebody(self) -> bool:
        """Whether a folder or an identity stands behind it, and not only a file of its own."""
        return self.person != self.findings[0].unowned_file.key

    @property
    def is_decided(self) -> bool:
        """Whether evidence says whose the photo is, or contradicts itself about it."""
        return any(
            one.verdict.state in {State.CERTAIN, State.BLOCKED}
            for one in self.findings
            if not one.unowned_file.moment
        )

    @property
    def given(self) -> tuple[Finding, ...]:
        """What may be given to a student: all but what was erased on request."""
        return tuple(one for one in self.findings if not one.erased)

    @property
    def has_profile_photo(self) -> bool:
        """Whether one of the files is something else than an attendance photo."""
        return any(not one.unowned_file.moment for one in self.findings)


@dataclass(frozen=True)
class Plan:
    """What is known of every unowned file. Read it as often as needed; it streams."""

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
        sql = f"SELECT student FROM {PLAN} WHERE state = 'certain' AND moment = ''"  # noqa: S608
        return RawSQL(sql, [])  # noqa: S611 (our own words)

    def in_states(self, *states: State) -> Iterator[Finding]:
        """The findings in these states, by their keys."""
        for _key, group in _groups("key", "state = ANY(%s)", (list(states),)):
            yield from group


def make_plan(unowned_files: Iterable[UnownedFile], backup: BackupStudents | None = None) -> Plan:
    """Find out about every file. The plan lives until the next one is made in this session."""
    tables = _judged("plan", unowned_files, backup)
    with connection.cursor() as cursor:
        for statement in (_ANALYZE, *BY_PERSON):
            cursor.execute(statement.format(**tables))
        cursor.execute(f"SELECT state, count(*) FROM {PLAN} GROUP BY state")  # noqa: S608
        counted = dict(cursor.fetchall())
    return Plan({state: counted.get(state.value, 0) for state in State})


def findings(unowned_files: Iterable[UnownedFile], backup: BackupStudents | None = None) -> list[Finding]:
    """What is known of each of a few files by itself, in their order; but not what their names say, for which
    all students would be read.
    """
    tables = _judged("few", unowned_files, backup, names=False)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM {tables['evidence']} ORDER BY id")  # noqa: S608
        rows = cursor.fetchall()
    return _findings(rows, tables["refs"])


def _judged(
    name: str, unowned_files: Iterable[UnownedFile], backup: BackupStudents | None, *, names: bool = True
) -> dict[str, str]:
    """The names of the tables with the evidence, each file for itself; what file names say where `names`."""
    backup = backup or BackupStudents()
    tables = {one: f"students_{one}_{name}" for one in statements.TABLES}
    tables["files"] = StorageIndex(name, unowned_files).table
    values = {"is_own": backup.is_own, "created_at": backup.created_at}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(tables[one] for one in statements.TABLES)}")
        cursor.execute(f"SELECT EXISTS (SELECT FROM {tables['files']} WHERE number_hash <> '')")  # noqa: S608
        hash_numbers(backup, needed=cursor.fetchone()[0])

        def run(several: Iterable[str]) -> None:
            for statement in several:
                cursor.execute(statement.format(backup=backup.relation, **tables), values)

        run((*statements.LOOK_UP, *statements.STRONG, *statements.BETWEEN))
        match_file_names(tables, needed=names)
        run((*statements.WEAK, *statements.JUDGE))
        made = [one for one in statements.TABLES if one not in ("evidence", "refs")]
        cursor.execute(f"DROP TABLE {', '.join(tables[one] for one in made)}")
        cursor.execute(f"DROP TABLE {tables['files']}")
    return tables


def _groups(column: str, where: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Finding, ...]]]:
    """Groups of findings by `column`, in its order; a few hundred groups at a time.

    Within a group by their keys: a folder lists its files in no order, and two runs must say the same.
    """
    pages = f"SELECT DISTINCT {column} FROM {PLAN} WHERE {where}"  # noqa: S608 (our own words)
    last: Any = None
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX IF NOT EXISTS {PLAN}_{column} ON {PLAN} ({column}, key)")
    while True:
        with connection.cursor() as cursor:
            after = "" if last is None else f" AND {column} > %s"
            cursor.execute(
                f"SELECT {column}, {_COLUMNS} FROM {PLAN} WHERE {where} AND {column} IN "  # noqa: S608
                f"({pages}{after} ORDER BY 1 LIMIT {GROUPS_AT_ONCE}) ORDER BY {column}, key, id",
                [*values, *values, *([] if last is None else [last])],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        groups: dict[Any, list[Finding]] = {}
        for (by, *_rest), found in zip(rows, _findings([row[1:] for row in rows], REFS), strict=True):
            groups.setdefault(by, []).append(found)
        yield from ((by, tuple(group)) for by, group in groups.items())


REFS = "students_refs_plan"


def _findings(rows: list[tuple[Any, ...]], refs_table: str) -> list[Finding]:
    packed = [
        (*row[_FILE_COUNT : _FILE_COUNT + 2], json.loads(row[_FILE_COUNT + 2]), *row[_FILE_COUNT + 3 :])
        for row in rows
    ]
    pks = {pk for _state, _student, evidence, *_ in packed for one in evidence for pk in one["students"]}
    refs = _refs(pks | {student for _state, student, *_ in packed if student}, refs_table)
    return [
        _finding(UnownedFile(*row[:_FILE_COUNT]), refs, rest) for row, rest in zip(rows, packed, strict=True)
    ]


def _refs(pks: set[int], table: str) -> dict[int, StudentRef]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE id = ANY(%s)", [list(pks)])  # noqa: S608
        return {row[0]: StudentRef(*row) for row in cursor.fetchall()}


def _finding(unowned_file: UnownedFile, refs: dict[int, StudentRef], rest: tuple[Any, ...]) -> Finding:
    state, student, evidence, notes, old_name, erased = rest
    verdict = Verdict(State(state), refs[student] if student and state != State.BLOCKED else None)
    told = tuple(
        Evidence(Kind(one["kind"]), tuple(refs[pk] for pk in one["students"]), one["why"]) for one in evidence
    )
    return Finding(unowned_file, told, verdict, tuple(notes), old_name, erased)
