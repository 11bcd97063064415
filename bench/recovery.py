"""Recovery on a large school: how many students a second, and how much memory."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from bench.child import in_child
from bench.rows import Row, at_most
from bench.sizes import size
from bench.surroundings import Environment, surroundings

STUDENTS = size(20_000, 60)
# The first so many of a school of another system: a picture is decoded for each, and what each one costs is
# the same at any size.
ADOPTED, MEGAPIXELS = size(100, 2), 2.8
ADOPTED_SMALL = size(1_000, 2)
# A migration writes, syncs and journals for each student. All of them would take most of an hour; the plan
# is made for all, and the rate is that of the first minute.
MIGRATING_SECONDS = size(60, 2)
MAX_EXTRA_MIB = 64
# What both take in a second or two is measured in turns, so that a busy moment hits both.
TURNS = size(5, 1)


def rows() -> Iterable[Row]:
    """`restore --verify-only` on a large school, `migrate` after a reseed, then the adoption of another's."""
    with surroundings(throwaway=True, LOG_LEVEL="ERROR") as environment:
        in_child("bench.wrecked:a_school", environment, count=STUDENTS)
        yield from _verify_rows(environment)
    with surroundings(throwaway=False, LOG_LEVEL="ERROR") as environment:
        in_child("bench.wrecked:a_reseeded_school", environment, count=STUDENTS)
        yield from _migrate_rows(environment)
    yield from _adopt_rows("small portraits", ADOPTED_SMALL, 0, at_least=60)
    yield from _adopt_rows("photos of 1,920 pixels", ADOPTED, MEGAPIXELS, at_least=18)


def _adopt_rows(pictures: str, count: int, megapixels: float, *, at_least: float) -> Iterable[Row]:
    with surroundings(throwaway=False, LOG_LEVEL="ERROR") as environment:
        in_child("bench.wrecked:a_school_of_others", environment, count=count, megapixels=megapixels)
        done = in_child("bench.wrecked:command", environment, words=["adopt_media"])
    work = f"adopt_media, {count:,} {pictures}"
    yield _rate(work, count / done["seconds"], at_least=at_least)
    yield _memory(work, done["extra_mib"])


def _verify_rows(environment: Environment) -> Iterable[Row]:
    words = ["restore_student_photos", "--verify-only"]
    turns = [
        (
            in_child("bench.wrecked:command", environment, words=words),
            in_child("bench.wrecked:documented_verify", environment),
        )
        for _turn in range(TURNS)
    ]
    ours, theirs = (
        {figure: median(one[figure] for one in side) for figure in side[0]}
        for side in zip(*turns, strict=True)
    )
    work = f"restore --verify-only, {STUDENTS:,} students"
    documented = STUDENTS / theirs["seconds"]
    yield _rate(work, STUDENTS / ours["seconds"], documented, at_least=documented)
    cpu = f"{work}, CPU with PostgreSQL's"
    yield Row(cpu, "s", ours["cpu_seconds"], theirs["cpu_seconds"])
    yield _memory(work, ours["extra_mib"], theirs["extra_mib"])
    written = in_child("bench.wrecked:command", environment, words=["create_seed_backup"])
    work = f"create_seed_backup, {STUDENTS:,} students"
    yield _rate(work, STUDENTS / written["seconds"])
    yield _memory(work, written["extra_mib"])


def _migrate_rows(environment: Environment) -> Iterable[Row]:
    words = ["migrate_orphaned_photos", "--list"]
    listed = in_child("bench.wrecked:command", environment, words=words)
    work = f"migrate --list, {STUDENTS:,} orphans"
    yield _rate(work, STUDENTS / listed["seconds"], at_least=12_000)
    yield _memory(work, listed["extra_mib"])
    done = in_child("bench.wrecked:migrate", environment, seconds=MIGRATING_SECONDS)
    assert done["right"] == done["done"], done
    work = f"migrate, the first {MIGRATING_SECONDS} seconds of {STUDENTS:,} orphans"
    yield _rate(f"{work}, all right", done["students_per_second"], at_least=100)
    yield _memory(work, done["extra_mib"])


def _rate(work: str, ours: float, theirs: float | None = None, *, at_least: float = 0) -> Row:
    target = f"at least {at_least:,.0f} a second" if at_least else "reported"
    return Row(work, "students/s", ours, theirs, target=target, met=ours >= at_least, more_is_better=True)


def _memory(work: str, ours: float, theirs: float | None = None) -> Row:
    return at_most(MAX_EXTRA_MIB, f"{work}, memory on top", "MiB", ours, theirs)
