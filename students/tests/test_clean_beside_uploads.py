"""`migrate_orphaned_photos --clean --confirm` beside uploads: what arrives while it runs is kept."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from django.db import connection

from photostore import keys
from photostore.audit import Actor
from photostore.models import QuarantinedFile, StoredFile
from photostore.operations.quarantine import sha256_of
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.photos import upload_photo
from students.recovery.reassign import clean as cleaning
from students.right_person import STOPS
from students.tests.school import face
from students.versions import IncomingPhoto, take_in
from testing.exhaustive import is_exhaustive

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

OLGA = Actor(id="", name="olga", channel="api")
# Each new pupil's upload arrives in the very moment in which the clean-up takes the unowned file under its
# name.
UPLOADS = {"disk": 1_000 if is_exhaustive() else 40, "s3": 50}
FACES = 5
# By how many seconds the clean-up lets the upload go first; below 0 the upload waits. S3 takes its time.
HEAD_STARTS = {"disk": (-0.01, -0.002, 0, 0.002, 0.005, 0.01), "s3": (-0.2, -0.05, 0, 0.01, 0.05)}


class Arriving:
    """Uploads that begin when the clean-up reaches their pupil, in a thread with a connection of its own."""

    def __init__(self, faces: list[IncomingPhoto], head_starts: tuple[float, ...]) -> None:
        self.faces, self.failures = faces, list[BaseException]()
        self.head_starts = head_starts
        self._due: SimpleQueue[tuple[int, float] | None] = SimpleQueue()
        self._done: SimpleQueue[None] = SimpleQueue()
        self._thread = threading.Thread(target=self._upload_what_comes)

    def __enter__(self) -> Arriving:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._due.put(None)
        self._thread.join()

    def beside(self, pk: int, work: Callable[[], str]) -> str:
        """Do `work` while the upload of pupil `pk` is under way; now the one is first, now the other."""
        head_start = random.choice(self.head_starts)
        self._due.put((pk, max(0, -head_start)))
        time.sleep(max(0, head_start))
        try:
            return work()
        finally:
            self._done.get(timeout=60)

    def _upload_what_comes(self) -> None:
        try:
            while (due := self._due.get()) is not None:
                pk, delay = due
                try:
                    time.sleep(delay)
                    student = Student.objects.create(pk=pk, name=f"Pupil {pk}")
                    upload_photo(
                        student=student,
                        incoming=self.faces[pk % FACES],
                        actor=OLGA,
                        confirmed=STOPS,
                    )
                except BaseException as error:
                    self.failures.append(error)
                self._done.put(None)
        finally:
            connection.close()


@pytest.mark.drill("an upload arriving while --clean --confirm takes its name, 1,000 × (S3: 50 ×)")
def test_uploads_beside_it_lose_nothing(
    each_storage: str, outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "YOUNG", timedelta(seconds=-60))
    faces = [take_in(face(n, width=60, height=80), filename="new.jpg", origin="api") for n in range(FACES)]
    upload_photo(student=Student.objects.create(pk=FACES, name="Ada"), incoming=faces[0], actor=OLGA)
    unowned_files = {pk: _leave_unowned_file(pk) for pk in range(1_000, 1_000 + UPLOADS[each_storage])}
    with Arriving(faces, HEAD_STARTS[each_storage]) as uploads:
        _start_them_at(uploads, monkeypatch)
        code, said = run("migrate_orphaned_photos", "--clean", "--confirm", "--force")
    assert not uploads.failures
    assert code in (0, 1)
    assert 0 < said["moved"] < len(unowned_files), "sometimes the one was first, sometimes the other"
    aside = QuarantinedFile.objects.all()
    for row in aside:
        assert sha256_of(row.storage_alias, keys.quarantined(row.operation, row.key)) == unowned_files.pop(
            _pk(row)
        )
    assert not unowned_files
    outcome(**_judge(faces))


def _start_them_at(uploads: Arriving, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the clean-up looks again and before it waits for anybody."""
    really = cleaning._set_aside

    def set_aside(one: Any, *rest: Any) -> str:
        return uploads.beside(_pk(one.unowned_file), lambda: really(one, *rest))

    monkeypatch.setattr(cleaning, "_set_aside", set_aside)


def _pk(file: Any) -> int:
    return int(file.key.split("_")[2])


def _leave_unowned_file(pk: int) -> str:
    """A file under the name that the photo of a pupil to come is going to have; its sha256."""
    key, data = keys.student_documented(pk, "jpg"), f"not a photo of {pk}".encode()
    storage_for().put(key, data, content_type="image/jpeg", durable=False)
    return hashlib.sha256(data).hexdigest()


def _judge(faces: list[IncomingPhoto]) -> dict[str, int]:
    """By the bytes under every registered name, and by whose face they are."""
    counts = {"right": 0, "wrong": 0, "left": 0}
    for photo in StudentPhoto.objects.of_profile().filter(replaced_at=None).exclude(student_id=FACES):
        rows = StoredFile.objects.filter(owner_id=str(photo.student_id)).exclude(kind="derivative")
        own = photo.untagged_sha256 == faces[photo.student_id % FACES].clean.picture.sha256
        whole = [sha256_of(row.storage_alias, row.key) == row.sha256 == photo.sha256 for row in rows]
        counts["right" if own and whole == [True] * 3 else "wrong"] += 1
    counts["left"] = Student.objects.count() - 1 - counts["right"] - counts["wrong"]
    return counts
