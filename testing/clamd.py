"""A pytest plugin: the installed ClamAV daemon, with signatures of our own, on a socket in its own folder.

Tests that use it are marked `clamd` (`testing.left_out`).
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from testing.left_out import program

START_SECONDS = 60
# Harmless, and only our own signatures know it.
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


class Clamd:
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
    path = program("clamd")
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
