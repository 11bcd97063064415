"""Which database: the one that DATABASE_URL names, else a PostgreSQL of our own."""

import os
from pathlib import Path

import psycopg

from config.environment import stop
from photostore.pooler import CAUSE, CURE, sessions_are_shared


def given_url() -> str | None:
    """The operator's; past a pooler where they say how. Locks, LISTEN, temporary tables and server-side
    cursors need a session, in the web workers too, and these keep their connections themselves.
    """
    return os.environ.get("DATABASE_DIRECT_URL") or os.environ.get("DATABASE_URL")


def database_url(state_dir: Path) -> str:
    if url := given_url():
        return url
    # Imported only here: with a server of the operator's there is nothing to look for or to start.
    from config.embedded_postgres import EmbeddedPostgresError, ensure

    try:
        return ensure(state_dir)
    except EmbeddedPostgresError as error:
        stop(str(error))


def stop_without_sessions() -> None:
    """Before anything is served. Our own PostgreSQL has no pooler."""
    url = given_url()
    if not url or os.environ.get("PHOTOKEEP_EMBEDDED") == "1":
        return
    if sessions_are_shared(lambda: psycopg.connect(url, connect_timeout=5)):
        stop(f"{CAUSE}; {CURE}.")
