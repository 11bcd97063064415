"""The service as it runs in production: gunicorn with its own configuration, on a free port, for tests.

Use it with `@pytest.mark.django_db(transaction=True)`: another process sees what is committed only.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

HOME = Path(__file__).resolve().parent.parent
START_SECONDS = 60


class LiveServer:
    """A running gunicorn: where it is, what it logs, what it takes."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        self.host = "127.0.0.1"
        self.url = f"http://127.0.0.1:{port}"
        self._forgotten_bytes = 0

    @property
    def log(self) -> str:
        """All that it has written so far."""
        return (self.folder / "server.log").read_bytes()[self._forgotten_bytes :].decode(errors="replace")

    @property
    def log_lines(self) -> list[dict[str, Any]]:
        """The JSON lines of the log."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    @property
    def worker_pids(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def resident_bytes(self) -> int:
        """The memory that the workers have needed at most so far, added up."""
        peaks = [Path(f"/proc/{pid}/status").read_text() for pid in self.worker_pids]
        return sum(int(peak.split("VmHWM:")[1].split()[0]) * 1024 for peak in peaks)

    def written_bytes(self) -> int:
        """The bytes in files below the server's own folders: media, safe copies, temporary files."""
        return sum(found.stat().st_size for found in self.folder.rglob("*") if found.is_file())

    def forget(self) -> None:
        """For the next test on the same server: what was logged, and the memory needed, count no more."""
        self._forgotten_bytes = (self.folder / "server.log").stat().st_size
        for pid in self.worker_pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew

    def connect(self, timeout_seconds: float = 30) -> socket.socket:
        """A raw connection."""
        return socket.create_connection((self.host, self.port), timeout=timeout_seconds)


@contextmanager
def live_server(folder: Path, **environment: str) -> Iterator[LiveServer]:
    """Starts the server on the test's database, with all its files in `folder`; stops it by its id."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "metrics"):
        (folder / name).mkdir(exist_ok=True)
    port = _free_port()
    sessions = f"live server on {port}"
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py"]
    command += ["-b", f"127.0.0.1:{port}", "config.wsgi:application"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=HOME,
            env=os.environ | _environment(folder) | {"PGAPPNAME": sessions} | environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = LiveServer(process, port, folder)
    try:
        _wait_for(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _end(sessions)


def test_database_url() -> str:
    """The URL of the database that this test runs in."""
    from django.db import connection

    now = connection.settings_dict
    host, port = str(now.get("HOST") or ""), str(now.get("PORT") or "")
    user, password, name = (quote(str(now.get(key) or ""), safe="") for key in ("USER", "PASSWORD", "NAME"))
    place = f"{quote(host, safe='')}{':' + port if port else ''}"
    return f"postgresql://{user}:{password}@{place}/{name}"


test_database_url.__test__ = False  # type: ignore[attr-defined] # pytest would take it for a test


def _environment(folder: Path) -> dict[str, str]:
    from django.conf import settings

    return {
        "DATABASE_URL": test_database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "MEDIA_ROOT": str(folder / "media"),
        "SAFE_MEDIA_ROOT": str(folder / "safe"),
        "PHOTO_BACKUP_DIR": str(folder / "backups"),
        "PHOTOKEEP_STATE_DIR": str(folder / "var"),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "TMPDIR": str(folder / "tmp"),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PYTHONWARNINGS": "default",
        "LOG_LEVEL": "INFO",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for(server: LiveServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{server.url}/healthz", timeout=2) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"The server does not start:\n{server.log[-3000:]}")


def _end(sessions: str) -> None:
    """A worker that was killed may leave a session behind, and the test's database could not be emptied."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [sessions],
        )


def free_bytes(folder: Path) -> int:
    """What the disk of `folder` still takes."""
    return shutil.disk_usage(folder).free
