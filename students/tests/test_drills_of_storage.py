"""Disaster drills of the storage itself: bytes that rot, disks and buckets that go away, links in the way."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.storage.drafts import Draft
from photostore.tests.inventory_files import run
from students.tests.drill_school import PUPILS, Pupil, judge, reseed, same_students
from students.tests.reseeding import forget_everything, links, tree
from students.tests.school import face
from testing.faults.faulty_s3 import Fault, FaultyS3

pytestmark = pytest.mark.django_db(transaction=True)

COMMANDS = (
    ("restore_student_photos",),
    ("migrate_orphaned_photos", "--migrate"),
    ("migrate_orphaned_photos", "--clean", "--confirm"),
    ("cleanup_orphaned_photos", "--confirm"),
    ("verify_media",),
)
MANY = {"disk": 20_000, "s3": 200}
_ROWS = """
INSERT INTO photostore_storedfile (storage_alias, key, sha256, byte_size, content_type, kind, live,
    keep_aside, owner_label, owner_id, written_at)
SELECT 'default', 'users/ada/images/' || i || '.jpg', %(sha256)s, %(byte_size)s, 'image/jpeg', 'original',
    true, true, 'drill.photo', i::text, now()
FROM generate_series(1, %(count)s) AS i
"""


@pytest.mark.drill("one byte flipped in one of 20,000 files (S3: 200), no other copy")
def test_one_flipped_byte_among_many(each_storage: str, outcome: Any) -> None:
    data, count = face(1, width=24, height=32), MANY[each_storage]
    _write_many(data, count)
    with connection.cursor() as cursor:
        values = {"sha256": hashlib.sha256(data).hexdigest(), "byte_size": len(data), "count": count}
        cursor.execute(_ROWS, values)
    rotten = f"users/ada/images/{count * 2 // 3}.jpg"
    storage_for().put(rotten, bytes((*data[:-9], data[-9] ^ 1, *data[-8:])), content_type="image/jpeg")
    code, found = run("verify_media", "--checksum")
    assert code == 1
    assert found["damaged"] == [rotten]
    verified = StoredFile.objects.exclude(verified_at=None).count()
    outcome(right=verified, wrong=count - verified - len(found["damaged"]), left=len(found["damaged"]))


def _write_many(data: bytes, count: int) -> None:
    storage_for().put("users/ada/images/1.jpg", data, content_type="image/jpeg")
    options = settings.STORAGES["default"]["OPTIONS"]
    keys = (f"users/ada/images/{number}.jpg" for number in range(2, count + 1))
    if "location" in options:
        for key in keys:
            (Path(options["location"]) / key).write_bytes(data)
        return
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: storage_for().put(key, data, content_type="image/jpeg"), keys))


# Storage that cannot tell


@pytest.mark.drill("the disk is not mounted, S3 does not answer")
def test_unmounted(school: list[Pupil], outcome: Any) -> None:
    before = links()
    with _away():
        for command in COMMANDS:
            code, answer = run(*command)
            assert code == 2, (command, answer)
    assert links() == before
    outcome(**judge(school, same_students(school)))


@contextmanager
def _away() -> Iterator[None]:
    options = settings.STORAGES["default"]["OPTIONS"]
    if "location" in options:
        root = Path(options["location"])
        away = root.rename(root.with_name("away"))
        yield
        away.rename(root)
        return
    with _endpoint("http://127.0.0.1:9"):
        yield


@contextmanager
def _endpoint(url: str) -> Iterator[None]:
    """The same bucket behind another address, asked once only."""
    before = settings.STORAGES
    place = before["default"]["OPTIONS"] | {"endpoint_url": url, "max_attempts": 1}
    alias = before["default"] | {"OPTIONS": place}
    with override_settings(STORAGES=before | {"default": alias, "safe": alias}):
        yield


@pytest.mark.drill("the storage goes away midway (S3: 503), migrate; then again")
def test_gone_midway_through_a_migration(school: list[Pupil], outcome: Any, s3_server: Any) -> None:
    today = reseed(school)
    _cut_short(lambda: run("migrate_orphaned_photos", "--migrate"), lambda: judge(school, today), s3_server)
    counts = judge(school, today)
    outcome(**counts)
    assert counts["right"] == PUPILS


@pytest.mark.drill("the storage goes away midway (S3: 503), restore; then again")
def test_gone_midway_through_a_restore(
    school: list[Pupil], backup: Path, outcome: Any, s3_server: Any
) -> None:
    forget_everything()

    def restore() -> tuple[int, Any]:
        return run("restore_student_photos", "--create-students")

    _cut_short(restore, lambda: judge(school, same_students(school)), s3_server)
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] == PUPILS


def _cut_short(
    work: Callable[[], tuple[int, Any]], judged: Callable[[], dict[str, int]], s3_server: Any
) -> None:
    """Cut it off at ever later requests, each time from where the last one came to; then let it finish."""
    for method, first in (("GET", 1), ("GET", 9), ("PUT", 1), ("PUT", 7), ("HEAD", 20), ("PUT", 12)):
        with _failing(method, first, s3_server):
            code, answer = work()
        assert code in (1, 2), (method, first, answer)
        assert judged()["wrong"] == 0, (method, first)
    assert work()[0] == 0


@contextmanager
def _failing(method: str, first: int, s3_server: Any) -> Iterator[None]:
    """From such a request on S3 answers 503; on disk the media root vanishes at such a write."""
    options = settings.STORAGES["default"]["OPTIONS"]
    if "location" in options:
        # A batch writes many files and names them at the end, so there are fewer such moments than requests.
        with _vanishing(Path(options["location"]), 1 + first // 3):
            yield
        return
    with FaultyS3(s3_server.endpoint_url).running() as s3, _endpoint(s3.url):
        s3.plan.set(Fault.BUSY, method=method, first=first)
        yield
        assert s3.plan.injected


@contextmanager
def _vanishing(root: Path, first: int) -> Iterator[None]:
    really, left = Draft.publish, [first]

    def put(self: Any, *arguments: Any, **options: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            root.rename(root.with_name("away"))
        really(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft, "publish", put)
        yield
    root.with_name("away").rename(root)


# Links


@pytest.mark.drill("symbolic links to another student's folder and to /etc")
@pytest.mark.parametrize("each_storage", ["disk"], indirect=True)
def test_symlinks(school: list[Pupil], outcome: Any) -> None:
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    folders = root / "photos" / "students"
    (root / "student_photos" / "link.jpg").symlink_to("/etc/passwd")
    (root / "student_photos" / "etc").symlink_to("/etc")
    (folders / str(uuid.uuid4())).symlink_to(folders / str(school[0].student_id))
    before, files = links(), tree()
    _code, found = run("verify_media")
    assert len(found["symlinks"]) == 3
    for command in COMMANDS[:-1]:
        run(*command)
        run(*command, *(["--accept-names"] if "--migrate" in command else []))
    assert links() == before
    assert tree() == files
    outcome(**judge(school, same_students(school)))


@pytest.mark.drill("links to another's photo and to another's history where one's own were")
@pytest.mark.parametrize("each_storage", ["disk"], indirect=True)
def test_symlinks_in_the_way(school: list[Pupil], outcome: Any) -> None:
    """What lies behind them is neither read as the photo nor written to."""
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    folders = [root / "photos" / "students" / str(pupil.student_id) for pupil in school[:3]]
    own = root / f"student_photos/student_{school[0].pk}_profile.jpg"
    own.unlink()
    own.symlink_to(root / f"student_photos/student_{school[2].pk}_profile.jpg")
    (folders[1] / "history").rename(root.with_name("lost"))
    (folders[1] / "history").symlink_to(folders[2] / "history")
    others = {path: path.read_bytes() for path in (folders[2] / "history").iterdir()}
    for command in COMMANDS[:-1]:
        run(*command)
    code, found = run("verify_media", "--checksum")
    assert (code, len(found["symlinks"])) == (1, 1), "a file's name has its file again, a folder waits"
    assert not own.is_symlink()
    assert {path: path.read_bytes() for path in (folders[2] / "history").iterdir()} == others
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts["right"] >= PUPILS - 1
    (folders[1] / "history").unlink()
    run("restore_student_photos")
    assert judge(school, same_students(school))["right"] == PUPILS
