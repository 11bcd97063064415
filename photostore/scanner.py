"""Looking for viruses in bytes that are not visible yet, where a ClamAV daemon is named.

clamd's INSTREAM, spoken here: the client libraries send a kilobyte at a time, wait for ever to be let in by a
daemon that hangs, and lose the daemon's own words when it breaks a stream off.
"""

from __future__ import annotations

import io
import logging
import socket
from contextlib import suppress
from typing import BinaryIO

from django.conf import settings

from photostore.errors import Infected, ScannerUnavailable

logger = logging.getLogger(__name__)

PIECE_BYTES = 256 * 1024
MAX_ANSWER_BYTES = 4096
# What the daemon says, if it is told to say so, of a file that it did not look through as a whole.
TOO_MUCH = "Heuristics.Limits.Exceeded"


def scan(file: BinaryIO) -> None:
    """Look through the whole of `file`, which can seek, before it is kept; nothing without `CLAMAV_SOCKET`.

    Raises `Infected` and `ScannerUnavailable`.
    """
    if not settings.CLAMAV_SOCKET:
        return
    file.seek(0)
    answer = _said(b"zINSTREAM\0", file)
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return
    if not verdict.endswith(" FOUND") or verdict.startswith(TOO_MUCH):
        logger.error("The virus scanner could not look through a file: %s", answer)
        raise ScannerUnavailable
    logger.warning("A file was refused for a virus: %s", verdict.removesuffix(" FOUND"))
    raise Infected


def scan_bytes(data: bytes) -> None:
    scan(io.BytesIO(data))


def ping() -> None:
    """Raise `ScannerUnavailable` unless the daemon answers."""
    if _said(b"zPING\0") != "PONG":
        raise ScannerUnavailable


def _said(command: bytes, file: BinaryIO | None = None) -> str:
    try:
        with _connected() as line:
            line.sendall(command)
            # Beyond its StreamMaxLength the daemon says so and hangs up: its words are there to be read.
            with suppress(BrokenPipeError, ConnectionResetError):
                _stream(line, file)
            return _answer(line)
    except OSError as error:
        logger.exception("The virus scanner does not answer.")
        raise ScannerUnavailable from error


def _connected() -> socket.socket:
    place, seconds = settings.CLAMAV_SOCKET, float(settings.CLAMAV_TIMEOUT_SECONDS)
    if not place.startswith("/"):
        host, _colon, port = place.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(seconds)  # before connecting: a daemon that hangs accepts no connection
        line.connect(place)
    except BaseException:
        line.close()
        raise
    return line


def _stream(line: socket.socket, file: BinaryIO | None) -> None:
    """Pieces, each behind its length; a length of zero ends them."""
    if file is None:
        return
    while piece := file.read(PIECE_BYTES):
        line.sendall(len(piece).to_bytes(4, "big"))
        line.sendall(piece)
    line.sendall(bytes(4))


def _answer(line: socket.socket) -> str:
    """Up to the NUL that ends it."""
    answer = b""
    while b"\0" not in answer and len(answer) < MAX_ANSWER_BYTES and (piece := line.recv(MAX_ANSWER_BYTES)):
        answer += piece
    return answer.partition(b"\0")[0].decode(errors="replace").strip()
