"""SIGKILL: at each system call of an upload and of a deletion, in the middle of a body, under load."""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from testing.torture.houses import House
from testing.torture.load import uploading
from testing.torture.outcome import Effort, Outcome
from testing.torture.pictures import Picture, new_picture
from testing.torture.tracing import killed_before
from testing.torture.yard import Yard

# Everything that makes, writes, syncs, names or removes a file; `sendto` is each word to PostgreSQL and,
# last, to the client.
UPLOAD_CALLS = ("openat", "write", "fsync", "renameat", "close", "sendto")
FIRST_UPLOAD_CALLS = ("mkdirat", "fsync", "renameat")
DELETE_CALLS = ("mkdirat", "linkat", "unlinkat", "fsync", "sendto")


def uploads_at_every_call(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """An upload is killed before its first write, its second …, until one passes untouched."""
    yield _sweep(yard, effort, "an upload", UPLOAD_CALLS, _student_with_history, _upload)


def first_uploads_at_every_call(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """The same for a student who has no folder yet."""
    yield _sweep(yard, effort, "a first upload", FIRST_UPLOAD_CALLS, _student, _upload)


def deletes_at_every_call(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """The same with the deletion of a student who has a history."""
    yield _sweep(yard, effort, "a deletion", DELETE_CALLS, _student_with_history, _delete)


def _upload(house: House, student: int) -> int:
    return house.client.upload(student, new_picture()).status


def _delete(house: House, student: int) -> int:
    return house.delete(student).status


def _sweep(
    yard: Yard,
    effort: Effort,
    what: str,
    calls: Sequence[str],
    prepare: Callable[[House], int],
    act: Callable[[House, int], int],
) -> Outcome:
    outcome = Outcome(f"SIGKILL before every system call of {what}")
    kills: Counter[str] = Counter()
    with yard.house(workers=1, preload=True) as house:
        for call in calls:
            for number in count(1, effort.step):
                student = prepare(house)
                with killed_before(house.service.worker_pids[0], call, number):
                    status = act(house, student)
                house.service.wait_until_ready()
                outcome.inspect(house)
                if status:
                    outcome.expect(status in (200, 204), f"{what} was answered with {status}")
                    break
                kills[call] += 1
    outcome.times = kills.total()
    outcome.seen = ", ".join(f"{call} {kills[call]}" for call in calls)
    return outcome


def _student(house: House) -> int:
    return house.client.new_student("Somebody")


def _student_with_history(house: House) -> int:
    student = _student(house)
    for _ in range(2):
        house.client.upload(student, new_picture())
    return student


def slow_bodies(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """The worker dies while a photo trickles in."""
    outcome = Outcome("SIGKILL while a slow body comes in")
    with yard.house(workers=1, preload=True) as house:
        student = _student_with_history(house)
        for part in range(0, 101, 10 * min(effort.step, 4)):
            picture = new_picture()
            house.promises.begin(student, picture.sha256)
            _trickle_and_kill(house, student, picture, part / 100)
            house.promises.end(student, picture.sha256, 0, "")
            house.service.wait_until_ready()
            outcome.times += 1
            outcome.inspect(house)
        outcome.expect(house.client.upload(student, new_picture()).status == 200, "it does not work again")
        outcome.inspect(house)
    yield outcome


def _trickle_and_kill(house: House, student: int, picture: Picture, part: float) -> None:
    """Send `part` of the request in pieces, then kill whoever was reading it."""
    request = _as_request(house, student, picture)
    sent = request[: int(len(request) * part)]
    host, port = house.service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for start in range(0, len(sent), 2048):
            connection.sendall(sent[start : start + 2048])
            time.sleep(0.01)
        house.service.kill_worker(house.service.worker_pids[0])


def _as_request(house: House, student: int, picture: Picture) -> bytes:
    boundary = "torture"
    part = f"Content-Disposition: form-data; name=profile_photo; filename={picture.filename}"
    body = f"--{boundary}\r\n{part}\r\n\r\n".encode() + picture.data + f"\r\n--{boundary}--\r\n".encode()
    head = (
        f"POST /api/students/{student}/upload-photo/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: {house.client.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n"
    )
    return head.encode() + body


def killed_under_load(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """Four clients upload without a pause; now a worker dies, now everything."""
    outcome = Outcome("SIGKILL under load: a worker, or the whole server")
    chance = random.Random(7)
    with yard.house(preload=True) as house:
        students = [_student_with_history(house) for _ in range(4)]
        for number in range(2 * effort.rounds):
            with uploading(house, students):
                time.sleep(chance.uniform(0.05, 0.8))
                _kill(house, everything=bool(number % 2), chance=chance)
                time.sleep(chance.uniform(0.0, 0.2))
            if number % 2:
                house.service.start()
            house.service.wait_until_ready()
            outcome.times += 1
            outcome.inspect(house)
    yield outcome


def _kill(house: House, *, everything: bool, chance: random.Random) -> None:
    if everything:
        house.service.kill()
    else:
        house.service.kill_worker(chance.choice(house.service.worker_pids))
