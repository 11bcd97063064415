"""`make test-servers`: the PostgreSQL and the S3 server of the tests, kept up between runs until Ctrl-C.

Tests that run in one process use them; the workers of `make test` each start an S3 server of their own, which
tests may stop and pause beside each other.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from testing.database import SERVERS, shared_cluster
from testing.s3_server import S3Server, running

STATE = SERVERS / "s3.json"


class KeptS3Server(S3Server):
    """The S3 server that `make test-servers` runs. A test may stop it and start it again."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.base, self.ports = Path(state["base"]), state["ports"]
        self._keeper = int(state["keeper"])
        self._processes = []  # they are the keeper's

    @property
    def pids(self) -> list[int]:
        """They change with a restart."""
        return [int(pid) for pid in json.loads(STATE.read_text())["pids"]]

    def start(self) -> None:
        """Its keeper starts it, so that it outlives this run."""
        os.kill(self._keeper, signal.SIGUSR1)
        self.wait_until_it_answers()

    def stop(self) -> None:
        self._signal(signal.SIGKILL)
        while self._answers():
            time.sleep(0.01)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def kept_s3_server() -> KeptS3Server | None:
    """The running one, if `make test-servers` runs one and this process has it to itself."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return None
    try:
        state = json.loads(STATE.read_text())
        os.kill(int(state["keeper"]), 0)
    except (OSError, ValueError):
        return None
    return KeptS3Server(state)


@contextmanager
def _written_down(server: S3Server) -> Iterator[None]:
    def write(*_: object) -> None:
        state = {"base": str(server.base), "ports": server.ports, "keeper": os.getpid(), "pids": server.pids}
        draft = STATE.with_suffix(".draft")
        draft.write_text(json.dumps(state))
        draft.replace(STATE)

    def restart(*_: object) -> None:
        server.stop()
        server.start()
        write()

    signal.signal(signal.SIGUSR1, restart)
    write()
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)


def main() -> None:
    """Until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shared_cluster()
    with suppress(KeyboardInterrupt), running(SERVERS) as server, _written_down(server):
        sys.stdout.write("PostgreSQL and S3 for tests are up. Ctrl-C stops them.\n")
        sys.stdout.flush()
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
