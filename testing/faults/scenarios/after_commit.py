"""Several processes clean up after a crash at once."""

from __future__ import annotations

from collections.abc import Iterator

from testing.faults.deployments import Deployment, deployed
from testing.faults.load import at_once
from testing.faults.outcome import Effort, Outcome

STUDENTS = 20
FINISH = "from photostore.register.after_commit import finish_all_commits\nfinish_all_commits()"
BEHIND = "UPDATE photostore_storedfile SET written_at = NULL WHERE kind = 'export'"


def finishing_at_once(effort: Effort) -> Iterator[Outcome]:
    """Copies are behind, students were deleted by SQL; four processes and a worker's start see to it."""
    outcome = Outcome("Four processes finish at once, as workers start")
    with deployed(workers=2) as deployment:
        for _ in range(min(effort.rounds, 5)):
            _leave_a_mess(deployment)
            programs = [deployment.service.run(FINISH) for _ in range(4)]
            deployment.service.kill_worker(deployment.service.worker_pids[0])
            ends = at_once([program.wait for program in programs])
            deployment.service.wait_until_ready()
            outcome.times += len(programs)
            outcome.expect(ends == [0] * len(programs), f"they ended with {ends}")
            outcome.inspect(deployment)
            outcome.expect(outcome.orphans == 0, "finishing left orphans")
    yield outcome


def _leave_a_mess(deployment: Deployment) -> None:
    students = [deployment.client.new_student(photos=1) for _ in range(STUDENTS)]
    before = deployment.view()
    gone = students[: STUDENTS // 2]
    deployment.execute(BEHIND, f"DELETE FROM students_student WHERE id = ANY(ARRAY{gone})")
    for copy in deployment.folder("safe").rglob("profile.jpg"):
        copy.unlink()
    deployment.promises.deleted(gone, before)
