"""What both storages promise, on a disk and on a real S3 server."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile

from photostore.errors import Conflict, FileMissing, FileTooLarge
from photostore.storage import PhotoStorage

JPEG = "image/jpeg"
KEY = "photos/students/0c5e/history/ab.jpg"
HOSTILE = [
    "",
    "/etc/passwd",
    "../outside",
    "a/../../outside",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\u2028b",
    "a\udcffb",
    "x" * 256,
    "é" * 128,
    "/".join(["x" * 200] * 6),
]


def test_what_was_put_comes_back(storage: PhotoStorage) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    storage.put(KEY, b"first", content_type=JPEG)

    found = storage.stat(KEY)
    assert found is not None
    assert (found.key, found.byte_size, found.kind) == (KEY, 5, "file")
    assert found.modified_at.tzinfo is not None
    assert before <= found.modified_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert storage.read(KEY, max_bytes=5) == b"first"


def test_a_put_replaces(storage: PhotoStorage) -> None:
    storage.put(KEY, b"a long first version", content_type=JPEG)
    storage.put(KEY, b"short", content_type=JPEG, durable=False)

    assert storage.read(KEY, max_bytes=100) == b"short"
    assert [found.key for found in storage.walk()] == [KEY]


def test_an_empty_file_is_a_file(storage: PhotoStorage) -> None:
    storage.put(KEY, b"", content_type=JPEG)

    assert storage.stat(KEY).byte_size == 0
    assert list(storage.stream(KEY)) == []
    assert list(storage.stream(KEY, start=0, end=10)) == []


@pytest.mark.parametrize(
    "key", ["a b/c d.jpg", "é/ß 中文.png", "a+b&c=d%20e#f?.jpg", "'\"<>;~.jpg", "x" * 255]
)
def test_unusual_but_honest_keys(storage: PhotoStorage, key: str) -> None:
    storage.put(key, b"bytes", content_type=JPEG)

    assert storage.read(key, max_bytes=5) == b"bytes"
    assert [found.key for found in storage.scan()] == [key]
    storage.copy(key, "copy", content_type=JPEG)
    assert storage.read("copy", max_bytes=5) == b"bytes"
    assert storage.remove(key)
    assert storage.stat(key) is None


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_keys_reach_nothing(storage: PhotoStorage, key: str) -> None:
    storage.put("source", b"x", content_type=JPEG)
    for attempt in (
        lambda: storage.put(key, b"x", content_type=JPEG),
        lambda: storage.stat(key),
        lambda: storage.stream(key),
        lambda: storage.copy("source", key, content_type=JPEG),
        lambda: storage.copy(key, "target", content_type=JPEG),
        lambda: storage.move("source", key),
        lambda: storage.remove(key),
        lambda: storage.url(key),
        lambda: storage.get_available_name(key),
    ):
        with pytest.raises(SuspiciousFileOperation):
            attempt()
    assert storage.read("source", max_bytes=1) == b"x"


def test_a_file_object_is_read_from_where_it_stands(storage: PhotoStorage) -> None:
    data = io.BytesIO(b"0123456789")
    data.seek(4)
    storage.put(KEY, data, content_type=JPEG)

    assert storage.read(KEY, max_bytes=10) == b"456789"


def test_three_megabytes_stream_in_chunks(storage: PhotoStorage) -> None:
    content = bytes(range(256)) * 12_288
    storage.put(KEY, io.BytesIO(content), content_type=JPEG)

    chunks = list(storage.stream(KEY, chunk_bytes=100_000))

    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= 100_000


@pytest.mark.parametrize("size", [0, 1, 99_999, 100_000, 300_001])
def test_pieces_are_the_whole_file_whatever_the_buffer(storage: PhotoStorage, size: int) -> None:
    content = (bytes(range(251)) * 2_000)[:size]
    storage.put(KEY, content, content_type=JPEG)
    buffer = memoryview(bytearray(100_000))

    assert b"".join(bytes(piece) for piece in storage.pieces(KEY, buffer)) == content


def test_there_are_no_pieces_of_a_missing_file(storage: PhotoStorage) -> None:
    storage.prepare()
    with pytest.raises(FileMissing):
        next(iter(storage.pieces("not/there", memoryview(bytearray(10)))))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (0, 4, b"0123"),
        (3, 4, b"3"),
        (8, 50, b"89"),
        (4, 4, b""),
        (10, None, b""),
        (50, 60, b""),
        (0, 0, b""),
    ],
)
def test_ranges_are_half_open(storage: PhotoStorage, start: int, end: int | None, expected: bytes) -> None:
    storage.put(KEY, b"0123456789", content_type=JPEG)

    assert b"".join(storage.stream(KEY, start=start, end=end, chunk_bytes=4)) == expected


def test_absent_is_said_at_once(storage: PhotoStorage) -> None:
    storage.prepare()

    assert storage.stat(KEY) is None
    assert not storage.exists(KEY)
    for attempt in (
        lambda: storage.stream(KEY),
        lambda: storage.stream(KEY, start=3, end=3),
        lambda: storage.read(KEY, max_bytes=5),
        lambda: storage.copy(KEY, "target", content_type=JPEG),
        lambda: storage.move(KEY, "target"),
    ):
        with pytest.raises(FileMissing):
            attempt()
    assert list(storage.walk()) == list(storage.walk("no/such/folder/")) == []


def test_a_read_is_bounded(storage: PhotoStorage) -> None:
    storage.put(KEY, b"123456", content_type=JPEG)

    with pytest.raises(FileTooLarge):
        storage.read(KEY, max_bytes=5)


def test_sizes_are_told_in_the_order_asked(storage: PhotoStorage) -> None:
    for key in ("a/b/c", "a/bc", "a/b/d/e", "f"):
        storage.put(key, key.encode(), content_type=JPEG)
    asked = ["f", "a/b/c", "a/b/d/e", "a/bc", "a/b", "a/b/c/x", "a/x/c", "a/b/c", "f"]
    assert storage.sizes(asked) == [1, 5, 7, 4, None, None, None, 5, 1]


def test_a_stream_given_up_half_way_leaves_the_storage_well(storage: PhotoStorage) -> None:
    storage.put(KEY, bytes(1_000_000), content_type=JPEG)

    for _ in range(5):
        chunks = storage.stream(KEY, chunk_bytes=10)
        next(chunks)
        chunks.close()
        storage.stream(KEY)
    assert len(storage.read(KEY, max_bytes=1_000_000)) == 1_000_000


def test_a_copy_stands_on_its_own(storage: PhotoStorage) -> None:
    storage.put("one", b"same", content_type=JPEG)
    storage.copy("one", "far/away/two", content_type="image/png")
    storage.put("one", b"other", content_type=JPEG)

    assert storage.read("far/away/two", max_bytes=10) == b"same"


def test_a_move_leaves_one_name(storage: PhotoStorage) -> None:
    storage.put("a/one", b"bytes", content_type=JPEG)
    storage.move("a/one", "b/c/two")

    assert [found.key for found in storage.walk()] == ["b/c/two"]
    assert storage.read("b/c/two", max_bytes=10) == b"bytes"


def test_a_move_never_overwrites(storage: PhotoStorage) -> None:
    storage.put("one", b"bytes", content_type=JPEG)
    storage.put("two", b"others", content_type=JPEG)

    with pytest.raises(Conflict):
        storage.move("one", "two")
    assert storage.read("one", max_bytes=10) == b"bytes"
    assert storage.read("two", max_bytes=10) == b"others"


def test_removing_twice_is_no_error(storage: PhotoStorage) -> None:
    storage.put(KEY, b"bytes", content_type=JPEG)

    assert storage.remove(KEY)
    storage.remove(KEY)
    storage.delete(KEY)
    assert storage.stat(KEY) is None


def test_a_prefix_is_a_beginning_not_a_folder(storage: PhotoStorage) -> None:
    for key in ("a/1", "a/12/3", "a/2", "ab/1", "b"):
        storage.put(key, b"x", content_type=JPEG, durable=False)

    assert {found.key for found in storage.scan("a/1")} == {"a/1", "a/12/3"}
    assert {found.key for found in storage.scan("a/")} == {"a/1", "a/12/3", "a/2"}
    assert {found.key for found in storage.scan("a")} == {"a/1", "a/12/3", "a/2", "ab/1"}
    assert {found.key for found in storage.scan()} == {"a/1", "a/12/3", "a/2", "ab/1", "b"}


def test_djangos_own_interface(storage: PhotoStorage) -> None:
    assert storage.save("a/b.jpg", ContentFile(b"one")) == "a/b.jpg"
    assert storage.save("a/b.jpg", ContentFile(b"two!")) == "a/b.jpg", "never another name"
    with storage.open("a/b.jpg") as file:
        assert file.read() == b"two!"
        file.seek(1)
        assert file.read(2) == b"wo"
    assert storage.exists("a/b.jpg")
    assert storage.size("a/b.jpg") == 4
    assert storage.get_modified_time("a/b.jpg").tzinfo is not None
    assert storage.listdir("a") == ([], ["b.jpg"])
    assert storage.listdir("")[0] == ["a"]
    storage.delete("a/b.jpg")
    assert not storage.exists("a/b.jpg")


def test_djangos_callers_get_djangos_errors(storage: PhotoStorage) -> None:
    storage.prepare()
    for attempt in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            attempt("missing.jpg")
    with pytest.raises(NotImplementedError):
        storage.path("a.jpg")
    with pytest.raises(ValueError, match="whole"):
        storage.open("a.jpg", "wb")
    with pytest.raises(SuspiciousFileOperation):
        storage.get_available_name("long", max_length=3)


def test_a_storage_that_is_there_answers(storage: PhotoStorage) -> None:
    storage.ping()
    storage.prepare()
    storage.ping()
    assert storage.is_prepared()


def test_every_version_is_seen_whole(storage: PhotoStorage) -> None:
    """Two writers, one key: what a reader gets is one writer's bytes from the first to the last."""
    versions = {bytes([number]) * 300_000 for number in (1, 2)}
    storage.put(KEY, min(versions), content_type=JPEG)
    done, failures = Event(), []

    def write(content: bytes) -> None:
        try:
            while not done.is_set():
                storage.put(KEY, content, content_type=JPEG)
        except BaseException as error:
            failures.append(error)

    writers = [Thread(target=write, args=(version,)) for version in versions]
    for writer in writers:
        writer.start()
    try:
        seen = [storage.read(KEY, max_bytes=300_000) for _ in range(60)]
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert not failures
    assert set(seen) <= versions
