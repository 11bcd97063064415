"""A pytest plugin: the installed ClamAV daemon, with signatures of our own, on a socket in its own folder.

Tests that use it are marked `clamd`. Without one they are left out, and the summary says so and how to get
it; in CI (`CI=true`) they fail instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

CURE = "Install ClamAV's daemon: apt-get install clamav-daemon"
START_SECONDS = 60
# Harmless, and known to nobody's signatures but ours.
MARKER = b"PHOTOKEEP-TEST-VIRUS-0b7d3c"
STREAM_LIMIT_BYTES = 2 * 1_048_576
CONFIGURATION = """\
Foreground yes
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/signatures
LogFile {folder}/clamd.log
StreamMaxLength {limit}
MaxFileSize 120M
MaxScanSize 250M
AlertExceedsMax yes
"""
_left_out: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clamd: asks a real ClamAV daemon")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if program() or os.environ.get("CI") == "true":
        return
    left_out = [item for item in items if item.get_closest_marker("clamd")]
    _left_out.extend(item.nodeid for item in left_out)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _left_out:
        terminalreporter.write_sep("-", "left out", yellow=True)
        terminalreporter.write_line("\n".join(_left_out))
        terminalreporter.write_line(f"Left out: {len(_left_out)} tests of the virus scanner. {CURE}")


def program() -> str | None:
    """The path of the daemon; Debian keeps it where only root's PATH looks."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


class Clamd:
    """A running daemon."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self.socket = str(folder / "clamd.sock")

    def pause(self) -> None:
        """It accepts no connection and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def clamd_daemon() -> Iterator[Clamd]:
    """The daemon, once for all tests. Fails where there is none: only CI gets here then."""
    path = program()
    if path is None:
        pytest.fail(f"There is no clamd. {CURE}", pytrace=False)
    with TemporaryDirectory(prefix="clamd-") as name:  # short: a socket's path has some hundred bytes
        folder = Path(name)
        (folder / "signatures").mkdir()
        (folder / "signatures" / "ours.ndb").write_text(f"Photokeep.Test:0:*:{MARKER.hex()}\n")
        configuration = folder / "clamd.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, limit=STREAM_LIMIT_BYTES))
        with (folder / "output").open("wb") as output:
            command = [path, "-c", str(configuration)]
            process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            _wait_for(folder / "clamd.sock", process, folder)
            yield Clamd(process, folder)
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def clamd(clamd_daemon: Clamd, settings: Any) -> Clamd:
    """The daemon, switched on for this test."""
    settings.CLAMAV_SOCKET, settings.CLAMAV_TIMEOUT_SECONDS = clamd_daemon.socket, 20
    return clamd_daemon


def _wait_for(socket: Path, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"clamd does not start:\n{(folder / 'output').read_text()[-3000:]}")
        time.sleep(0.05)
