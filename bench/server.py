"""A service as it is deployed: gunicorn with the project's own settings for it, on a port of its own."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.surroundings import HOME, Environment

WORKERS = 2
DOCUMENTED = {"DJANGO_SETTINGS_MODULE": "bench.documented.settings"}
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """One that runs."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """The processes that answer."""
        return [child.pid for child in psutil.Process(self.pid).children()]


@contextmanager
def serving(environment: Environment) -> Iterator[Server]:
    """The service of `environment`; it is ended with the body."""
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py", "config.wsgi:application"]
    state = Path(environment["PHOTOKEEP_STATE_DIR"])
    log, figures = state / f"server-{port}.log", state / f"metrics-{port}"
    figures.mkdir()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"],
            env=environment | {"WEB_CONCURRENCY": str(WORKERS), "PROMETHEUS_MULTIPROC_DIR": str(figures)},
            cwd=HOME,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for_answer(port, log)
            yield Server(port, process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_for_answer(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"The server does not answer. It says:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
