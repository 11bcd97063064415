"""Whether a pooler stands in front of PostgreSQL that gives every statement another session.

Session locks, temporary tables and LISTEN need a session of one's own. Needs no Django: gunicorn's master
asks too, before it forks.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Timer
from typing import Any

import psycopg

CAUSE = "DATABASE_URL leads to a pooler in transaction mode: locks would stay behind in sessions of others"
CURE = "let it pool by session (pgbouncer: pool_mode = session), or name the server in DATABASE_DIRECT_URL"
# As many as the pooler may have sessions at hand; each of ours keeps one of them busy.
OTHERS = 4
LONGEST_SECONDS = 5.0
Connect = Callable[[], "psycopg.Connection[Any]"]


def sessions_are_shared(connect: Connect) -> bool:
    """Whether our next statement is answered by another session, while others are busy with the first.

    False also where the database does not answer: whoever uses it says so.
    """
    waits_for_ours = False
    with ExitStack() as stack, suppress(psycopg.OperationalError):
        ours = _connected(connect, stack)
        ours.autocommit = True
        first = _session(ours)
        for _ in range(OTHERS):
            _session(_connected(connect, stack))  # begins a transaction, and keeps its session until the end
            waits_for_ours = True
            if _session(ours) != first:
                return True
            waits_for_ours = False
    return waits_for_ours  # a session of one's own is never waited for


def _connected(connect: Connect, stack: ExitStack) -> psycopg.Connection[Any]:
    """A connection that is cut off after a while, for a pooler lets wait for minutes."""
    connection = connect()
    stack.callback(connection.close)
    wire = stack.enter_context(socket.socket(fileno=os.dup(connection.fileno())))
    timer = Timer(LONGEST_SECONDS, _cut_off, [wire])
    timer.daemon = True
    timer.start()
    stack.callback(timer.cancel)
    return connection


def _cut_off(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


def _session(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])
