"""No space left: a small disk is filled, then freed."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from testing.database import open_folder
from testing.faults.deployments import Deployment, deployed
from testing.faults.outcome import Effort, Outcome
from testing.faults.pictures import noise
from testing.kills import system_calls

DISK_BYTES = 8 * 1_048_576
# A disk of safe copies holds one photo per student, so it must be all but full for the next to be too many.
DISKS = {"MEDIA_ROOT": ("photos", 1_500_000), "SAFE_MEDIA_ROOT": ("safe copies", 100_000)}
MAX_UPLOADS = 200
ROUNDS = 3


def full_disks(effort: Effort) -> Iterator[Outcome]:
    """The disk of the photos, and the other one, of the safe copies."""
    with open_folder() as folder, ExitStack() as disks:
        roots = {variable: folder / variable for variable in DISKS}
        mounted = [disks.enter_context(small_disk(root)) for root in roots.values()]
        if all(mounted):
            settings = {variable: str(root / "photos") for variable, root in roots.items()}
            with deployed(settings=settings) as deployment:
                for variable, (what, room_bytes) in DISKS.items():
                    outcome = Outcome.after_others(f"No space left for {what}", deployment)
                    for _ in range(min(effort.rounds, ROUNDS)):
                        _fill_and_free(deployment, outcome, roots[variable], room_bytes)
                    yield outcome
        else:
            yield _without_a_disk()


def _fill_and_free(deployment: Deployment, outcome: Outcome, disk: Path, room_bytes: int) -> None:
    students = [deployment.client.new_student() for _ in range(4)]
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(disk).free - room_bytes))
    _fill(deployment, outcome, students)
    outcome.inspect(deployment, healed=False)
    outcome.expect(outcome.temporaries == 0, "a full disk left temporary files")
    ballast.unlink()
    outcome.works_again(deployment, students)


def _fill(deployment: Deployment, outcome: Outcome, students: list[int]) -> None:
    """Until every student's upload was refused; in many sizes, so that each write meets the end."""
    chance = random.Random(7)
    refused: set[int] = set()
    for turn in range(MAX_UPLOADS):
        student = students[turn % len(students)]
        answer = deployment.client.upload(student, noise(chance.randrange(40, 400)))
        outcome.expect(answer.status in (200, 503), f"a full disk was answered with {answer.status}")
        if answer.status == 503:
            outcome.times += 1
            refused.add(student)
        if refused == set(students):
            return
    outcome.expect(False, "the disk was never full")


def _without_a_disk() -> Outcome:
    outcome = Outcome("No space left", seen="by injected ENOSPC: no tmpfs can be mounted here")
    with deployed(workers=1) as deployment:
        student = deployment.client.new_student(photos=1)
        with system_calls.disk_full(deployment.service.worker_pids[0]):
            answer = deployment.client.upload(student, noise(100))
        outcome.times += 1
        outcome.expect(answer.code == "storage_full", f"a full disk was answered with {answer.status}")
        outcome.inspect(deployment)
        outcome.expect(outcome.temporaries == 0, "a full disk left temporary files")
        outcome.works_again(deployment, [student])
    return outcome


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own at `folder`; False where none can be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
