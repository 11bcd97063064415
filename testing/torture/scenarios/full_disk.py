"""No space left: a small disk is filled, then freed."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testing.torture import tracing
from testing.torture.houses import House
from testing.torture.outcome import Effort, Outcome
from testing.torture.pictures import noise
from testing.torture.yard import Yard

DISK_BYTES = 8 * 1_048_576
# A disk of safe copies holds one photo per student, so it must be all but full for the next to be too many.
DISKS = {"MEDIA_ROOT": ("photos", 1_500_000), "SAFE_MEDIA_ROOT": ("safe copies", 100_000)}
MAX_UPLOADS = 200
ROUNDS = 3


def full_disks(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """The disk of the photos, and the other one, of the safe copies."""
    for variable, (what, room_bytes) in DISKS.items():
        outcome = Outcome(f"No space left for {what}")
        with yard.folder() as folder, small_disk(folder / "disk") as disk:
            if disk is None:
                outcome.seen = "by injected ENOSPC: no tmpfs can be mounted here"
                _without_a_disk(yard, outcome)
            else:
                _with_a_disk(yard, outcome, disk, variable, room_bytes, min(effort.rounds, ROUNDS))
        yield outcome


def _with_a_disk(
    yard: Yard, outcome: Outcome, disk: Path, variable: str, room_bytes: int, rounds: int
) -> None:
    root = disk / "photos"
    root.mkdir()
    with yard.house(**{variable: str(root)}) as house:
        students = [house.client.new_student("Somebody") for _ in range(4)]
        for _ in range(rounds):
            ballast = disk / "ballast"
            ballast.write_bytes(bytes(shutil.disk_usage(disk).free - room_bytes))
            _fill(house, outcome, students)
            outcome.inspect(house, healed=False)
            outcome.expect(outcome.temporaries == 0, "a full disk left temporary files")
            ballast.unlink()
            _works_again(house, outcome, students)
            outcome.inspect(house)


def _fill(house: House, outcome: Outcome, students: list[int]) -> None:
    """Until every student's upload was refused; in many sizes, so that each write meets the end."""
    chance = random.Random(7)
    refused: set[int] = set()
    for turn in range(MAX_UPLOADS):
        student = students[turn % len(students)]
        answer = house.client.upload(student, noise(chance.randrange(40, 400)))
        outcome.expect(answer.status in (200, 503), f"a full disk was answered with {answer.status}")
        if answer.status == 503:
            outcome.times += 1
            refused.add(student)
        if refused == set(students):
            return
    outcome.expect(False, "the disk was never full")


def _works_again(house: House, outcome: Outcome, students: list[int]) -> None:
    answers = [house.client.upload(student, noise(64)).status for student in students]
    outcome.expect(set(answers) == {200}, f"with space again, the answers are {answers}")


def _without_a_disk(yard: Yard, outcome: Outcome) -> None:
    with ExitStack() as stack:
        house = stack.enter_context(yard.house(workers=1))
        student = house.client.new_student("Somebody")
        house.client.upload(student, noise(100))
        with tracing.disk_full(house.service.worker_pids[0]):
            answer = house.client.upload(student, noise(100))
        outcome.times += 1
        outcome.expect(answer.code == "storage_full", f"a full disk was answered with {answer.status}")
        outcome.inspect(house)
        outcome.expect(outcome.temporaries == 0, "a full disk left temporary files")
        _works_again(house, outcome, [student])


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own; None where none can be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
