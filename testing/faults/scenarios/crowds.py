"""Ten clients replace one student's photo at once, in different formats, while others read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

import psycopg

from testing.faults.checker import decodes
from testing.faults.client import Answer
from testing.faults.deployments import Deployment, deployed
from testing.faults.load import at_once, repeating
from testing.faults.outcome import Effort, Outcome
from testing.faults.pictures import FORMATS, new_picture
from testing.faults.view import Row, sha256

CLIENTS = 10
STATED = "SELECT photo_sha256 FROM students_student WHERE id = %s"


def crowds(effort: Effort) -> Iterator[Outcome]:
    """All uploads succeed; every reader gets a whole photo, one that the row stated meanwhile."""
    outcome = Outcome("Ten clients replace one photo, others read")
    with deployed() as deployment:
        for _ in range(effort.rounds):
            _one_crowd(deployment, outcome)
    yield outcome


@dataclass
class Watched:
    """What was read, and when each photo was first seen in the row."""

    first_seen: dict[str, float] = field(default_factory=dict)
    reads: list[Answer] = field(default_factory=list)
    through_links: int = 0
    ended_links: int = 0


@dataclass(frozen=True)
class Reign:
    """A photo was stated by the row at no moment outside these two."""

    since: float
    until: float

    def overlaps(self, answer: Answer) -> bool:
        return self.since <= answer.ended and answer.began <= self.until


def reigns(versions: Sequence[Row], first_seen: Mapping[str, float]) -> dict[str, Reign]:
    """From before its commit (`replaced_at` of the one before) to after the next (a later one was seen)."""
    followed = sorted(versions, key=lambda row: row.replaced_at.timestamp() if row.replaced_at else inf)
    found: dict[str, Reign] = {}
    until = inf
    for place, row in reversed(list(enumerate(followed))):
        since = followed[place - 1].replaced_at.timestamp() if place else 0.0
        found[row.sha256] = Reign(since, until)
        until = min(until, first_seen.get(row.sha256, inf))
    return found


def _one_crowd(deployment: Deployment, outcome: Outcome) -> None:
    student = deployment.client.new_student(photos=1)
    watched = Watched()
    pictures = [new_picture(list(FORMATS)[number % 4], 600, 750) for number in range(CLIENTS)]
    with _watching(deployment, student, watched):
        answers = at_once([lambda p=p: deployment.client.upload(student, p) for p in pictures])  # type: ignore[misc]
        time.sleep(0.2)
    outcome.times += len(answers)
    outcome.expect({a.status for a in answers} == {200}, f"answers: {[a.status for a in answers]}")
    deployment.promises.several_at_once(student)
    outcome.inspect(deployment)
    _judge(deployment, outcome, student, watched)


def _judge(deployment: Deployment, outcome: Outcome, student: int, watched: Watched) -> None:
    versions = [row for row in deployment.view().versions if row.student_id == student]
    outcome.expect(len(versions) == CLIENTS + 1, f"the history has {len(versions)} versions")
    known = reigns(versions, watched.first_seen)
    for answer in watched.reads:
        photo = sha256(answer.body)
        outcome.expect(answer.status == 200, f"a reader got {answer.status}")
        outcome.expect(decodes(answer.body), "a reader got a photo that cannot be decoded")
        stated = photo in known and known[photo].overlaps(answer)
        outcome.expect(stated, f"a reader got {photo[:12]}, which the row did not state at that time")
    outcome.expect(len(watched.reads) > CLIENTS, f"only {len(watched.reads)} reads")
    reads, by_link, ended = len(watched.reads), watched.through_links, watched.ended_links
    outcome.seen = f"last crowd: {reads} reads, {by_link} of them by link; {ended} links had just ended"


@contextmanager
def _watching(deployment: Deployment, student: int, watched: Watched) -> Iterator[None]:
    """Two readers of each kind, and one who notes what the row states."""
    address = deployment.client.student(student)["photo"]

    def note() -> None:
        (row,) = connection.execute(STATED, [student]).fetchall()
        watched.first_seen.setdefault(row[0], time.time())

    def read() -> None:
        watched.reads.append(deployment.client.ask("GET", address))

    def read_by_link() -> None:
        link = deployment.client.student(student)["profile_photo_url"]
        answer = deployment.client.ask("GET", link)
        if answer.status == 404:  # replaced since it was made: the link has ended
            watched.ended_links += 1
            return
        watched.through_links += 1
        watched.reads.append(answer)

    with (
        psycopg.connect(deployment.database_url, autocommit=True) as connection,
        repeating([note, read, read, read_by_link, read_by_link]),
    ):
        yield
