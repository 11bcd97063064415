"""Recovery on a large school: how many students a second, and how much memory."""

from __future__ import annotations

from collections.abc import Iterable

from bench.child import in_child
from bench.rows import Row, at_most
from bench.sizes import size
from bench.surroundings import Environment, surroundings

STUDENTS = size(100_000, 60)
# A migration writes, syncs and journals for each student. All of them would take most of an hour; the plan
# is made for all, and the rate is that of the first minute.
MIGRATING_SECONDS = size(60, 2)
MAX_EXTRA_MIB = 64


def rows() -> Iterable[Row]:
    """`restore --verify-only` on a large school, then `migrate` after a reseed."""
    with surroundings(throwaway=True, LOG_LEVEL="ERROR") as environment:
        in_child("bench.wrecked:a_school", environment, count=STUDENTS)
        yield from _verify_rows(environment)
    with surroundings(throwaway=False, LOG_LEVEL="ERROR") as environment:
        in_child("bench.wrecked:a_reseeded_school", environment, count=STUDENTS)
        yield from _migrate_rows(environment)


def _verify_rows(environment: Environment) -> Iterable[Row]:
    words = ["restore_student_photos", "--verify-only"]
    ours = in_child("bench.wrecked:command", environment, words=words)
    theirs = in_child("bench.wrecked:documented_verify", environment)
    work = f"restore --verify-only, {STUDENTS:,} students"
    yield _rate(work, STUDENTS / ours["seconds"], STUDENTS / theirs["seconds"])
    yield _memory(work, ours["extra_mib"], theirs["extra_mib"])
    written = in_child("bench.wrecked:command", environment, words=["create_seed_backup"])
    work = f"create_seed_backup, {STUDENTS:,} students"
    yield _rate(work, STUDENTS / written["seconds"])
    yield _memory(work, written["extra_mib"])


def _migrate_rows(environment: Environment) -> Iterable[Row]:
    words = ["migrate_orphaned_photos", "--list"]
    listed = in_child("bench.wrecked:command", environment, words=words)
    work = f"migrate --list, {STUDENTS:,} orphans"
    yield _rate(work, STUDENTS / listed["seconds"])
    yield _memory(work, listed["extra_mib"])
    done = in_child("bench.wrecked:migrate", environment, seconds=MIGRATING_SECONDS)
    assert done["right"] == done["done"], done
    yield _rate(f"migrate, {STUDENTS:,} orphans, all right", done["students_per_second"])
    yield _memory(f"migrate, {STUDENTS:,} orphans", done["extra_mib"])


def _rate(work: str, ours: float, theirs: float | None = None) -> Row:
    return Row(work, "students/s", ours, theirs, more_is_better=True)


def _memory(work: str, ours: float, theirs: float | None = None) -> Row:
    return at_most(MAX_EXTRA_MIB, f"{work}, memory on top", "MiB", ours, theirs)
