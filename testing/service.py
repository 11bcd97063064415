"""The service as it runs in production: gunicorn with its own configuration, on a free loopback port.

Tests, fault injection and benchmarks start it here. It can be killed, wholly or one worker, and come back on
the same port. It is stopped by its process id.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

HOME = Path(__file__).resolve().parent.parent
START_SECONDS = 60
POLL_SECONDS = 0.02
OF_THE_MACHINE = ("HOME", "PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "PYTHONDONTWRITEBYTECODE")


def of_the_machine() -> dict[str, str]:
    """Nothing of the developer's: no credentials, no settings."""
    return {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}


def settings_in(folder: Path, database_url: str) -> dict[str, str]:
    """Of a service with all its files in `folder`."""
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MEDIA_ROOT": str(folder / "media"),
        "SAFE_MEDIA_ROOT": str(folder / "safe"),
        "PHOTO_BACKUP_DIR": str(folder / "backups"),
        "PHOTOKEEP_STATE_DIR": str(folder / "var"),
    }


def service_environment(given: Mapping[str, str]) -> dict[str, str]:
    return of_the_machine() | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **given,
    }


class Service:
    """gunicorn in `folder`, where its log and its temporary files go.

    `environment` is all that it is told beside `service_environment`. With `preload` its workers come back in
    no time.
    """

    host = "127.0.0.1"

    def __init__(
        self, environment: Mapping[str, str], folder: Path, *, workers: int = 2, preload: bool = False
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("tmp", "metrics"):
            (folder / name).mkdir(exist_ok=True)
        self.folder, self.port, self.workers = folder, free_port(), workers
        self._preload, self._log = preload, folder / "service.log"
        self._environment = service_environment(
            {
                "TMPDIR": str(folder / "tmp"),
                "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
                "WEB_CONCURRENCY": str(workers),
                **environment,
            }
        )
        self._master: subprocess.Popen[bytes] | None = None
        self._forgotten_bytes = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._master is not None, "the service was not started"
        return self._master

    @property
    def worker_pids(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    # --- starting and stopping ----------------------------------------------------------------------------

    def start(self) -> None:
        """Return when it answers with every worker that it should have."""
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.conf.py"]
        command += ["--bind", f"{self.host}:{self.port}", *(["--preload"] if self._preload else [])]
        with self._log.open("ab") as log:
            self._master = subprocess.Popen(
                [*command, "config.wsgi:application"],
                cwd=HOME,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self._answers() and len(self.worker_pids) == self.workers):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"The service does not start:\n{self.log[-3000:]}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """As an operator would; at once when it does not end."""
        if self._master is not None and self._master.poll() is None:
            self._master.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._master.wait(40)
        self.kill()

    def kill(self) -> None:
        if self._master is None or self._master.poll() is not None:
            return
        pids = [self._master.pid, *self.worker_pids]
        for pid in pids:
            self.kill_worker(pid)
        self._master.wait()
        _wait_for_the_end_of(pids)

    def kill_worker(self, pid: int) -> None:
        """One worker; the master starts another."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def run(self, program: str) -> subprocess.Popen[bytes]:
        """Python code in a process beside the server, with the service's settings and models at hand."""
        code = f"import django\ndjango.setup()\n{program}"
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", code], cwd=HOME, env=self._environment, stdout=log, stderr=log
            )

    # --- looking -------------------------------------------------------------------------------------------

    @property
    def log(self) -> str:
        return self._log.read_bytes()[self._forgotten_bytes :].decode(errors="replace")

    @property
    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def resident_bytes(self) -> int:
        """The memory that the workers have needed at most so far, added up."""
        peaks = [Path(f"/proc/{pid}/status").read_text() for pid in self.worker_pids]
        return sum(int(peak.split("VmHWM:")[1].split()[0]) * 1024 for peak in peaks)

    def written_bytes(self) -> int:
        """The bytes in files below its folder: media, safe copies, temporary files."""
        return sum(found.stat().st_size for found in self.folder.rglob("*") if found.is_file())

    def forget(self) -> None:
        """For the next test on the same server: what was logged, and the memory needed, count no more."""
        self._forgotten_bytes = self._log.stat().st_size
        for pid in self.worker_pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew

    def connect(self, timeout_seconds: float = 30) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=timeout_seconds)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except HTTPError as answer:  # the documented services of the benchmarks have no such page
            return answer.code < 500
        except OSError:
            return False


@contextmanager
def live_server(folder: Path, *, preload: bool = True, **environment: str) -> Iterator[Service]:
    """The service on the test's database, with all its files in `folder`.

    Its workers are copies of a process that has imported everything, which takes half the time.

    Use it with `@pytest.mark.django_db(transaction=True)`: another process sees what is committed only.
    """
    service = Service(environment_of(folder) | environment, folder, preload=preload)
    sessions = f"live server on {service.port}"
    service._environment["PGAPPNAME"] = sessions
    try:
        service.start()
        yield service
    finally:
        service.stop()
        _end(sessions)


def free_port() -> int:
    """A loopback port that no process listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def free_bytes(folder: Path) -> int:
    """What the disk of `folder` still takes."""
    return shutil.disk_usage(folder).free


def database_url() -> str:
    """The URL of the database that this test runs in."""
    from django.db import connection

    from testing.database import url_of

    return url_of(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))


def environment_of(folder: Path) -> dict[str, str]:
    from django.conf import settings

    return settings_in(folder, database_url()) | {
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PYTHONWARNINGS": "default",
        "LOG_LEVEL": "INFO",
    }


def _end(sessions: str) -> None:
    """A worker that was killed may leave a session behind, and the test's database could not be emptied."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [sessions],
        )


def _wait_for_the_end_of(pids: list[int]) -> None:
    """Workers whose master is gone are init's to reap; they hold their port until they are dead."""
    deadline = time.monotonic() + 10
    while any(_lives(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}
