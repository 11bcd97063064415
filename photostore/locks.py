"""Locks between processes, held by the database session and freed with it, however the process ends."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from django.db import InterfaceError, OperationalError, connection

from photostore.errors import Conflict

logger = logging.getLogger(__name__)

LOCK_NOT_AVAILABLE = "55P03"
_TRY_ALL = "SELECT name, pg_try_advisory_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name"
_UNLOCK_ALL = "SELECT name, pg_advisory_unlock(hashtextextended(name, 0)) FROM unnest(%s::text[]) AS name"


@contextmanager
def advisory_lock(name: str, *, wait_seconds: float = 30) -> Iterator[None]:
    """Hold the lock called `name`; the same session may take it again inside.

    It is a session lock, not a transaction's, because bytes travel to storage while it is held and no
    transaction may stay open for that long. Raises `Conflict` when it is still taken after
    `wait_seconds`.
    """
    if not try_lock(name):
        _wait_for(name, wait_seconds)
    try:
        yield
    finally:
        unlock(name)


@contextmanager
def advisory_locks(names: Collection[str], *, wait_seconds: float = 30) -> Iterator[set[str]]:
    """Hold many; gives the names of those that are still taken after `wait_seconds`."""
    ordered = sorted(set(names))
    with connection.cursor() as cursor:
        cursor.execute(_TRY_ALL, [ordered])
        taken = {name for name, is_ours in cursor.fetchall() if not is_ours}
    held = [name for name in ordered if name not in taken]
    try:
        for name in sorted(taken):
            with suppress(Conflict):
                _wait_for(name, wait_seconds)
                taken.remove(name)
                held.append(name)
        yield taken
    finally:
        _unlock_all(held)


def try_lock(name: str) -> bool:
    """Take the lock if it is free; give it back with `unlock`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


class LockLost(OperationalError):
    """This session does not hold the lock that was taken: it is another one, after an end or by a pooler."""


def unlock(name: str) -> None:
    """Give the lock back. A session that is gone has given it back already. Raises `LockLost`."""
    _unlock_all([name])


def _unlock_all(names: Collection[str]) -> None:
    if not names:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(_UNLOCK_ALL, [list(names)])
            lost = [name for name, was_held in cursor.fetchall() if not was_held]
    except (OperationalError, InterfaceError):
        # Closing ends the session, and with it the lock, also where only this statement failed.
        connection.close()
    else:
        if lost:
            said = f"The lock {lost[0]!r} was not held any more when it was given back."
            logger.error(said)  # who asked is told only that the database was not to be had
            raise LockLost(said)


def _wait_for(name: str, wait_seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(wait_seconds * 1000)}ms"])
        try:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise Conflict from error
            raise
        finally:
            if connection.connection is not None and not connection.connection.closed:
                cursor.execute("SELECT set_config('lock_timeout', '0', false)")
