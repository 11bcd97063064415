"""The real server in processes of its own, which can be killed and come back on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import requests

HOME = Path(__file__).resolve().parents[2]
START_SECONDS = 30
OF_THE_MACHINE = ("HOME", "PATH", "LANG", "TMPDIR")


class Service:
    """gunicorn as it is deployed; with `preload` its workers come back in no time.

    Unlike `testing.server`, which lives for one test, it can die and come back where it was.
    """

    def __init__(
        self, environment: Mapping[str, str], log: Path, *, workers: int = 2, preload: bool = False
    ) -> None:
        self._port = _free_port()
        self._log = log
        self._preload = preload
        self._environment = service_environment({**environment, "WEB_CONCURRENCY": str(workers)})
        self._workers = workers
        self._master: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def worker_pids(self) -> list[int]:
        assert self._master is not None
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def start(self) -> None:
        """Return when it answers with every worker it should have."""
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.conf.py"]
        command += ["--bind", f"127.0.0.1:{self._port}", *(["--preload"] if self._preload else [])]
        with self._log.open("ab") as log:
            self._master = subprocess.Popen(
                [*command, "config.wsgi:application"], cwd=HOME, env=self._environment, stdout=log, stderr=log
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self._answers() and len(self.worker_pids) == self._workers):
            if time.monotonic() > deadline or self._master is None or self._master.poll() is not None:
                raise RuntimeError(f"The service does not start:\n{self.log_text()[-3000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """As an operator would."""
        if self._master is not None and self._master.poll() is None:
            self._master.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._master.wait(40)
        self.kill()

    def kill(self) -> None:
        """Master and workers, without a word."""
        if self._master is None or self._master.poll() is not None:
            return
        pids = [self._master.pid, *self.worker_pids]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
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

    def log_text(self) -> str:
        return self._log.read_text(errors="replace")

    def _answers(self) -> bool:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False


def service_environment(given: Mapping[str, str]) -> dict[str, str]:
    """`given`, and nothing of the developer's: no credentials, no settings."""
    kept = {name: os.environ[name] for name in OF_THE_MACHINE if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **given,
    }


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


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number
