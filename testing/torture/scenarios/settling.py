"""Several processes clean up after a crash at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from testing.torture.houses import House
from testing.torture.load import at_once
from testing.torture.outcome import Effort, Outcome
from testing.torture.pictures import new_picture
from testing.torture.places import Disk
from testing.torture.yard import Yard

STUDENTS = 20
SETTLE = "from photostore.settling import settle_everything\nsettle_everything()"
BEHIND = "UPDATE photostore_storedfile SET written_at = NULL WHERE kind = 'copy'"


def settling_at_once(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """Copies are behind, students were deleted by SQL; four processes and a worker's start see to it."""
    outcome = Outcome("Four processes settle at once, as workers start")
    with yard.house(workers=2) as house:
        for _ in range(min(effort.rounds, 5)):
            _leave_a_mess(house)
            programs = [house.service.run(SETTLE) for _ in range(4)]
            house.service.kill_worker(house.service.worker_pids[0])
            ends = at_once([program.wait for program in programs])
            house.service.wait_until_ready()
            outcome.times += len(programs)
            outcome.expect(ends == [0] * len(programs), f"they ended with {ends}")
            outcome.inspect(house)
            outcome.expect(outcome.orphans == 0, "settling left orphans")
    yield outcome


def _leave_a_mess(house: House) -> None:
    """As a crash does, only more of it."""
    students = [house.client.new_student("Somebody") for _ in range(STUDENTS)]
    for student in students:
        house.client.upload(student, new_picture())
    before = house.view()
    gone = students[: STUDENTS // 2]
    safe = house.places["safe"]
    assert isinstance(safe, Disk)
    house.execute(BEHIND, f"DELETE FROM students_student WHERE id = ANY(ARRAY{gone})")
    for copy in Path(safe.root).rglob("profile.jpg"):
        copy.unlink()
    house.promises.deleted(gone, before)
