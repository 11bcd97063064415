"""The whole store against the register: a million files, the same in a bucket, and re-hashing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.child import in_child
from bench.rows import Row, at_most, times_faster
from bench.sizes import size
from bench.surroundings import Environment, surroundings

FILES = size(1_000_000, 500)
OBJECTS = size(5_000, 40)
PHOTOS = size(20_000, 40)
ROUNDS = size(3, 2)
TIMES_FASTER = 4.0
MAX_EXTRA_MIB = 64
TIMES_FASTER_REHASH = 1.5

Figures = dict[str, float]


def rows() -> Iterable[Row]:
    """Rows six to eight of the design's table."""
    for part in (_disk_rows, _rehash_rows, _bucket_rows):
        with surroundings(throwaway=True, LOG_LEVEL="WARNING") as environment:
            yield from part(environment)


def _disk_rows(environment: Environment) -> Iterable[Row]:
    in_child("bench.filled_store:flat_folder", environment, count=FILES)
    ours = _best(
        in_child("bench.filled_store:our_difference", environment, sizes=False) for _ in range(ROUNDS)
    )
    sized = in_child("bench.filled_store:our_difference", environment, sizes=True)
    theirs = _best(in_child("bench.filled_store:their_difference", environment) for _ in range(ROUNDS - 1))
    work = "orphans and missing, 1M files against 1M rows"
    cpu, their_cpu = ours["cpu_seconds"], theirs["cpu_seconds"]
    yield times_faster(TIMES_FASTER, f"{work}, CPU with PostgreSQL's", "s", cpu, their_cpu)
    yield at_most(MAX_EXTRA_MIB, f"{work}, memory on top", "MiB", ours["extra_mib"], theirs["extra_mib"])
    work = "the same, every file's size and time compared as well, CPU with PostgreSQL's"
    yield Row(work, "s", sized["cpu_seconds"], their_cpu)


def _rehash_rows(environment: Environment) -> Iterable[Row]:
    in_child("bench.filled_store:photos", environment, count=PHOTOS)
    turns = [
        (
            in_child("bench.filled_store:our_rehash", environment, threads=2),
            in_child("bench.filled_store:our_rehash", environment, threads=1),
            in_child("bench.filled_store:their_rehash", environment),
        )
        for _ in range(ROUNDS)
    ]
    two, one, bare = (min(column) for column in zip(*turns, strict=True))
    work = f"re-hash {PHOTOS:,} photos, wall"
    yield times_faster(TIMES_FASTER_REHASH, f"{work}, two threads against one", "s", two, one)
    work = f"{work}, two threads against a bare loop that writes nothing down"
    yield Row(work, "s", two, bare)


def _bucket_rows(environment: Environment) -> Iterable[Row]:
    from testing.s3_server import running

    with (
        tempfile.TemporaryDirectory(dir=environment["PHOTOKEEP_STATE_DIR"]) as folder,
        running(Path(folder)) as server,
    ):
        server.client().create_bucket(Bucket="bench")
        environment |= server.environment("bench")
        in_child("bench.filled_store:bucket", environment, count=OBJECTS)
        figures: Figures = in_child("bench.filled_store:bucket_requests", environment)
    pages = -(-OBJECTS // 1_000)
    work = f"the same on S3, {OBJECTS:,} objects"
    target, met = "one per 1,000 keys", figures["lists"] <= pages
    yield Row(f"{work}, LIST requests", "", figures["lists"], target=target, met=met)
    # One more to see that the bucket answers before anything is believed.
    target, met = "those and one more", figures["ours"] <= pages + 1
    yield Row(f"{work}, all requests", "", figures["ours"], figures["theirs"], target=target, met=met)


def _best(samples: Iterable[Figures]) -> Figures:
    """The least CPU, and the most memory."""
    taken = list(samples)
    return {
        "cpu_seconds": min(sample["cpu_seconds"] for sample in taken),
        "extra_mib": max(sample["extra_mib"] for sample in taken),
    }
