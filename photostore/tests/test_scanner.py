"""The virus scanner, asked for real: found, clean, gone, hanging, too much."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from photostore import scanner
from photostore.checks import scanner_answers
from photostore.errors import Infected, ScannerUnavailable
from photostore.scanner import scan, scan_bytes
from testing.clamd import MARKER, STREAM_LIMIT_BYTES, Clamd

HOME = Path(__file__).resolve().parent.parent.parent


@pytest.mark.clamd
def test_what_it_knows_is_refused_and_the_rest_passes(clamd: Clamd) -> None:
    scan_bytes(b"an honest photo")
    scan_bytes(b"")
    scan_bytes(os.urandom(STREAM_LIMIT_BYTES - 1))
    with pytest.raises(Infected, match="virus"):
        scan_bytes(os.urandom(700_000) + MARKER + os.urandom(700_000))


@pytest.mark.clamd
def test_the_whole_file_is_looked_at_wherever_it_stands(clamd: Clamd) -> None:
    file = io.BytesIO(MARKER + bytes(1000))
    file.seek(500)
    with pytest.raises(Infected):
        scan(file)


@pytest.mark.clamd
def test_more_than_it_takes_could_not_be_scanned(clamd: Clamd, caplog: Any) -> None:
    with pytest.raises(ScannerUnavailable):
        scan_bytes(bytes(4 * STREAM_LIMIT_BYTES))


@pytest.mark.clamd
def test_a_daemon_that_hangs_costs_no_more_than_the_timeout(clamd: Clamd, settings: Any) -> None:
    settings.CLAMAV_TIMEOUT_SECONDS = 1
    clamd.pause()
    try:
        started = time.monotonic()
        with pytest.raises(ScannerUnavailable):
            scan_bytes(b"a photo")
        assert time.monotonic() - started < 5
    finally:
        clamd.resume()
    settings.CLAMAV_TIMEOUT_SECONDS = 20
    scan_bytes(b"a photo")


@pytest.mark.clamd
def test_it_is_asked_over_the_network_too(clamd: Clamd, settings: Any) -> None:
    """Through a forwarder of our own, byte for byte."""
    with socket.create_server(("127.0.0.1", 0)) as channel:
        settings.CLAMAV_SOCKET = f"127.0.0.1:{channel.getsockname()[1]}"
        threading.Thread(target=forward, args=[channel, clamd.socket, 2], daemon=True).start()
        scan_bytes(b"a photo")
        with pytest.raises(Infected):
            scan_bytes(MARKER)


def forward(channel: socket.socket, path: str, times: int) -> None:
    for _ in range(times):
        line, _address = channel.accept()
        with line, socket.socket(socket.AF_UNIX) as daemon:
            daemon.connect(path)
            back = threading.Thread(target=pump, args=[daemon, line])
            back.start()
            pump(line, daemon)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_nobody_there_means_nobody_looked(settings: Any, tmp_path: Path) -> None:
    for place in (str(tmp_path / "none.sock"), "127.0.0.1:1"):
        settings.CLAMAV_SOCKET = place
        with pytest.raises(ScannerUnavailable):
            scan_bytes(b"a photo")


@pytest.mark.parametrize(
    "answer", [b"", b"stream: lookup failed ERROR\0", b"\xff\xfe\0", b"stream: OK extra\0"]
)
def test_what_is_no_clean_yes_is_no_yes(settings: Any, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as channel:
        settings.CLAMAV_SOCKET = f"127.0.0.1:{channel.getsockname()[1]}"

        def serve() -> None:
            line, _address = channel.accept()
            with line:
                while not line.recv(65536).endswith(bytes(4)):
                    pass
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(ScannerUnavailable):
            scan_bytes(b"a photo")


def test_without_a_setting_nothing_is_asked(settings: Any, monkeypatch: Any) -> None:
    settings.CLAMAV_SOCKET = ""
    monkeypatch.setattr(scanner, "_connected", lambda: pytest.fail("asked"))
    scan_bytes(MARKER)


@pytest.mark.clamd
def test_the_deployment_check_asks_it(clamd: Clamd, settings: Any) -> None:
    assert scanner_answers() == []
    settings.CLAMAV_SOCKET = "/nowhere/clamd.sock"
    (warning,) = scanner_answers()
    assert warning.id == "photostore.W002" and "/nowhere/clamd.sock" in warning.msg


@pytest.mark.parametrize("value", ["clamd.ctl", "localhost", "localhost:", ":3310", "host:port", "a b:1"])
def test_a_wrong_setting_stops_the_start(value: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=HOME,
        env=os.environ | {"CLAMAV_SOCKET": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Photokeep cannot start: CLAMAV_SOCKET={value!r} must be the path")
