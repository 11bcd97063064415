"""SIGKILL: at each system call of an upload and of a deletion, in the middle of a body, under load."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import requests

from testing.faults.deployments import Deployment, deployed
from testing.faults.load import uploading
from testing.faults.outcome import Effort, Outcome
from testing.faults.pictures import Picture, new_picture
from testing.kills.system_calls import killed_before

# Everything that makes, writes, syncs, names or removes a file; `sendto` is each word to PostgreSQL and,
# last, to the client.
UPLOAD_CALLS = ("openat", "write", "fsync", "renameat", "close", "sendto")
FIRST_UPLOAD_CALLS = ("mkdirat", "fsync", "renameat")
DELETE_CALLS = ("mkdirat", "linkat", "unlinkat", "fsync", "sendto")


def uploads_at_every_call(effort: Effort) -> Iterator[Outcome]:
    """An upload is killed before its first write, its second …, until one passes untouched."""
    yield _sweep(effort, "an upload", UPLOAD_CALLS, 2, _upload)


def first_uploads_at_every_call(effort: Effort) -> Iterator[Outcome]:
    """The same for a student who has no folder yet."""
    yield _sweep(effort, "a first upload", FIRST_UPLOAD_CALLS, 0, _upload)


def deletes_at_every_call(effort: Effort) -> Iterator[Outcome]:
    """The same with the deletion of a student who has a history."""
    yield _sweep(effort, "a deletion", DELETE_CALLS, 2, _delete)


def _upload(deployment: Deployment, student: int) -> int:
    return deployment.client.upload(student, new_picture()).status


def _delete(deployment: Deployment, student: int) -> int:
    return deployment.delete(student).status


def _sweep(
    effort: Effort,
    what: str,
    calls: Sequence[str],
    photos: int,
    step: Callable[[Deployment, int], int],
) -> Outcome:
    outcome = Outcome(f"SIGKILL before every system call of {what}")
    kills: Counter[str] = Counter()
    with deployed(workers=1) as deployment:
        for call in calls:
            for number in count(1, effort.step):
                student = deployment.client.new_student(photos=photos)
                with killed_before(deployment.service.worker_pids[0], call, number):
                    status = step(deployment, student)
                deployment.service.wait_until_ready()
                outcome.inspect(deployment)
                if status:
                    outcome.expect(status in (200, 204), f"{what} was answered with {status}")
                    break
                kills[call] += 1
    outcome.times = kills.total()
    outcome.seen = ", ".join(f"{call} {kills[call]}" for call in calls)
    return outcome


def slow_bodies(effort: Effort) -> Iterator[Outcome]:
    """The worker dies while a photo trickles in."""
    outcome = Outcome("SIGKILL while a slow body comes in")
    with deployed(workers=1) as deployment:
        student = deployment.client.new_student(photos=2)
        for part in range(0, 101, 10 * min(effort.step, 4)):
            picture = new_picture()
            deployment.promises.begin(student, picture.sha256)
            _trickle_and_kill(deployment, student, picture, part / 100)
            deployment.promises.end(student, picture.sha256, 0, "")
            deployment.service.wait_until_ready()
            outcome.times += 1
            outcome.inspect(deployment)
        outcome.works_again(deployment, [student])
    yield outcome


def _trickle_and_kill(deployment: Deployment, student: int, picture: Picture, part: float) -> None:
    """Send `part` of the request in pieces, then kill the worker that was reading it."""
    request = _as_request(deployment, student, picture)
    sent = request[: int(len(request) * part)]
    with deployment.service.connect(10) as connection:
        for start in range(0, len(sent), 2048):
            connection.sendall(sent[start : start + 2048])
            time.sleep(0.01)
        deployment.service.kill_worker(deployment.service.worker_pids[0])


def _as_request(deployment: Deployment, student: int, picture: Picture) -> bytes:
    url = f"{deployment.service.url}/api/students/{student}/upload-photo/"
    files = {"profile_photo": (picture.filename, picture.data)}
    asked = requests.Request("POST", url, deployment.client.headers, files).prepare()
    assert isinstance(asked.body, bytes)
    lines = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    return f"POST {asked.path_url} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode() + asked.body


def killed_under_load(effort: Effort) -> Iterator[Outcome]:
    """Four clients upload without a pause; now a worker dies, now everything."""
    outcome = Outcome("SIGKILL under load: a worker, or the whole server")
    chance = random.Random(7)
    with deployed() as deployment:
        students = [deployment.client.new_student(photos=2) for _ in range(4)]
        for number in range(2 * effort.rounds):
            with uploading(deployment, students):
                time.sleep(chance.uniform(0.05, 0.8))
                if number % 2:
                    deployment.service.kill()
                else:
                    deployment.service.kill_worker(chance.choice(deployment.service.worker_pids))
                time.sleep(chance.uniform(0.0, 0.2))
            if number % 2:
                deployment.service.start()
            deployment.service.wait_until_ready()
            outcome.times += 1
            outcome.inspect(deployment)
    yield outcome
