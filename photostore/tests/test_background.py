"""Jobs: deferred with a transaction, done by a worker, taken up again after a worker that was killed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from photostore import background
from photostore.background import JOBS, JobRefused, failures_are_told
from photostore.job_runs import job_runs
from photostore.jobs import forget_finished_jobs
from photostore.models import JobFailure, PendingRemoval
from photostore.presence import take_up_jobs_of_the_dead
from photostore.storage import storage_for
from testing.jobs import run_jobs
from testing.people import make_person
from testing.service import HOME, database_url, environment_of

pytestmark = pytest.mark.django_db(transaction=True)


def defer(name: str = "finish_commits") -> int:
    return app.configure_task(name).defer(timestamp=0)


def statuses() -> list[str]:
    return list(ProcrastinateJob.objects.order_by("pk").values_list("status", flat=True))


def worker(folder: Path) -> subprocess.Popen[bytes]:
    environment = environment_of(folder) | {"MEDIA_ROOT": str(settings.MEDIA_ROOT)}
    return subprocess.Popen([sys.executable, str(HOME / "manage.py"), "worker"], cwd=HOME, env=environment)


def eventually(is_true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def given_up(db: None) -> str:
    """A key that SQL gave up: for the job of every minute."""
    storage_for().put("users/ada/images/gone.jpg", b"gone", content_type="image/jpeg")
    PendingRemoval.objects.create(
        storage_alias="default",
        key="users/ada/images/gone.jpg",
        sha256="",
        byte_size=4,
        content_type="",
        owner_label="tests.thing",
        owner_id="1",
        queued_at=timezone.now(),
    )
    return "users/ada/images/gone.jpg"


def test_what_is_rolled_back_was_never_asked_for() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        defer()
        raise ZeroDivisionError
    assert statuses() == []
    defer()
    assert run_jobs() == 1


def test_by_the_clock_only_one_waits() -> None:
    defer()
    with pytest.raises(Exception, match="already"):
        defer()
    assert statuses() == ["todo"]


def test_a_worker_does_what_waits_and_ends_when_told(tmp_path: Path, given_up: str) -> None:
    job = defer()
    process = worker(tmp_path)
    try:
        eventually(lambda: storage_for().stat(given_up) is None)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert storage_for().stat(given_up) is None
    assert not PendingRemoval.objects.exists()
    events = ProcrastinateEvent.objects.filter(job_id=job).order_by("pk")
    assert [event.type for event in events] == ["deferred", "started", "succeeded"]


def test_a_command_that_is_cut_off_by_its_workers_end_waits_again(tmp_path: Path) -> None:
    defer("expire_pending_pictures")
    process = worker(tmp_path)
    try:
        eventually(lambda: statuses()[0] == "doing")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert statuses()[0] == "todo"
        assert not JobFailure.objects.exclude(sentence="").exists()
    finally:
        process.kill()


@contextmanager
def finish_commits_lasts() -> Iterator[None]:
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE photostore_pendingremoval")
        yield


def test_a_killed_worker_loses_nothing_and_the_next_one_goes_on_at_once(
    tmp_path: Path, given_up: str
) -> None:
    job = defer()
    with finish_commits_lasts():
        first = worker(tmp_path)
        eventually(lambda: statuses()[0] == "doing")
        first.kill()
        first.wait()
        with connection.cursor() as cursor:  # so that only the end of its session tells
            cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() + interval '1 hour'")
        second = worker(tmp_path)
    try:
        # Where the clock has asked for it once more meanwhile, that one does the work.
        eventually(lambda: statuses()[0] in {"succeeded", "aborted"})
        events = ProcrastinateEvent.objects.filter(job_id=job, type__in=("deferred_for_retry", "aborted"))
        assert events.exists()
        eventually(lambda: storage_for().stat(given_up) is None, 90)
    finally:
        second.kill()
        second.wait()


def test_two_workers_leave_each_others_jobs_alone(tmp_path: Path, given_up: str) -> None:
    job = defer()
    first = worker(tmp_path)
    try:
        with finish_commits_lasts():
            eventually(lambda: statuses()[0] == "doing")
            assert take_up_jobs_of_the_dead() == 0
        eventually(lambda: statuses()[0] == "succeeded")
        events = ProcrastinateEvent.objects.filter(job_id=job).order_by("pk")
        assert [event.type for event in events] == ["deferred", "started", "succeeded"]
    finally:
        first.kill()
        first.wait()


@pytest.fixture
def dead_worker(db: None) -> Iterator[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') "
            "RETURNING id"
        )
        (pk,) = cursor.fetchone()
    yield pk


def test_a_job_of_a_dead_worker_is_taken_up_again(dead_worker: int, given_up: str) -> None:
    job = defer()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [dead_worker, job]
        )
    take_up_jobs_of_the_dead()
    assert statuses() == ["todo"]
    assert run_jobs() == 1
    assert storage_for().stat(given_up) is None


def test_where_another_one_waits_already_the_dead_one_is_over(dead_worker: int) -> None:
    job = defer()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [dead_worker, job]
        )
    defer()
    take_up_jobs_of_the_dead()
    assert statuses() == ["aborted", "todo"]


def test_old_jobs_are_forgotten(db: None) -> None:
    defer()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '40 days'")
        cursor.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) "
            "SELECT id, 'succeeded', now() - interval '40 days' FROM procrastinate_jobs"
        )
    forget_finished_jobs()
    assert statuses() == []


def test_every_job_has_a_title_and_is_known_to_the_queue() -> None:
    assert set(JOBS) == {name for name in app.tasks if "builtin" not in name}
    assert all(str(job.title) for job in JOBS.values())


def test_the_admin_and_the_figures_say_how_each_ran(client: Client, settings: Any) -> None:
    job = defer()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
        cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job])
    client.force_login(make_person("vera", "view_backgroundjob", is_staff=True))
    page = client.get("/admin/photostore/backgroundjob/").content.decode()
    assert "No worker is running" in page
    assert re.search(r"Finish changes that were interrupted.*?every minute.*?failed", page, re.DOTALL)
    assert client.get("/admin/procrastinate/procrastinatejob/").status_code == 404
    settings.METRICS_TOKEN = "a token that only the scraper knows"
    figures = client.get("/metrics", HTTP_AUTHORIZATION=f"Bearer {settings.METRICS_TOKEN}").content.decode()
    assert 'photokeep_job_seconds{job="finish_commits",status="failed"}' in figures
    assert 'photokeep_jobs_waiting{job="back_up"} 0.0' in figures
    assert "photokeep_workers 0.0" in figures


def test_without_the_permission_there_is_no_page(client: Client) -> None:
    client.force_login(make_person("vera", "view_operation", is_staff=True))
    assert client.get("/admin/photostore/backgroundjob/").status_code == 403


def test_a_failed_job_says_why_in_one_sentence(client: Client) -> None:
    """Refused, stopped by an error, killed, and cut off by its worker's end."""
    for code, complained, says in (
        (2, "Another command is running.", "verify_media: Another command is running."),
        (1, "Traceback (most recent call last)", "verify_media stopped with an error; the log says why."),
        (-9, "", "verify_media was ended by signal 9."),
    ):
        job = defer("verify_photos")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
            with pytest.raises(JobRefused), failures_are_told("verify_photos"):
                background._judge("verify_media", code, complained)
            cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job])
        (run,) = (run for run in job_runs() if run.job.name == "verify_photos")
        assert (run.status, run.sentence) == ("failed", says)
    client.force_login(make_person("vera", "view_backgroundjob", is_staff=True))
    assert says in client.get("/admin/photostore/backgroundjob/").content.decode()
    background._judge("verify_media", 1, "")  # it found something wrong, which the page of findings says


def test_what_only_the_log_can_say_is_not_shown_to_people() -> None:
    with pytest.raises(ZeroDivisionError), failures_are_told("verify_photos"):
        raise ZeroDivisionError
    assert JobFailure.objects.get().sentence == ""
