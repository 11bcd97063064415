"""`python -m bench.memory [STUDENTS ...]`: peak memory of the recovery commands as the school grows."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from bench.child import in_child
from bench.surroundings import surroundings

SIZES = (3_000, 12_000)
# The words of a command, or a function of bench.wrecked.
Steps = dict[str, list[str] | str]
STEPS: Steps = {
    "create_seed_backup": ["create_seed_backup"],
    "restore --verify-only, with a backup": ["restore_student_photos", "--verify-only"],
    "restore, everybody's link gone": "relink",
    "undo of that restore": ["undo_photo_operation", "--last"],
}
RESEEDED_STEPS: Steps = {
    "migrate --list": ["migrate_orphaned_photos", "--list"],
    "migrate": "migrate",
    "undo of that migration": ["undo_photo_operation", "--last"],
}


def figures(count: int) -> Iterable[tuple[str, float, float]]:
    """Work, MiB on top of a process that has Django loaded, seconds."""
    yield from _measured("a_school", count, STEPS)
    yield from _measured("a_reseeded_school", count, RESEEDED_STEPS)


def _measured(school: str, count: int, steps: Steps) -> Iterable[tuple[str, float, float]]:
    with surroundings(throwaway=True, LOG_LEVEL="ERROR") as environment:
        in_child(f"bench.wrecked:{school}", environment, count=count)
        for work, step in steps.items():
            if isinstance(step, str):
                found = in_child(f"bench.wrecked:{step}", environment)
            else:
                found = in_child("bench.wrecked:command", environment, words=step)
            yield work, found["extra_mib"], found["seconds"]


def main(sizes: Iterable[int]) -> None:
    for size in sizes:
        for work, mib, seconds in figures(size):
            print(f"{size:>7,} students  {work:<40} {mib:6.1f} MiB  {seconds:7.1f} s", flush=True)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or SIZES)
