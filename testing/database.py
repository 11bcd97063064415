"""PostgreSQL for tests and checks: a cluster that is kept between runs, and a fresh database in it for each.

The cluster lies under var/test-servers and trades safety for speed. `make test-servers` keeps it running;
without that each run starts it, which takes half a second: an earlier run did initdb and the migrations.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.embedded_postgres import EmbeddedPostgresError, discard, ensure
from testing.service import HOME

SERVERS = HOME / "var" / "test-servers"
PREFIX = "photokeep_test"
# What decides how the tables look after `migrate`: these files, and the packages that bring tables too.
SOURCES = ("*/migrations/*.py", "*/models.py", "*/apps.py", "config/settings.py", "requirements.txt")


def shared_cluster() -> str:
    """The URL of the cluster's own database, kept running for as long as this process lives."""
    try:
        return ensure(SERVERS, throwaway=True)
    except EmbeddedPostgresError:
        # Without syncs a crash of the machine may have destroyed it, and nothing in it is worth a repair.
        discard(SERVERS)
        return ensure(SERVERS, throwaway=True)


@contextmanager
def migrated_database(server: str) -> Iterator[str]:
    """The name of a database as `migrate` leaves it, gone afterwards.

    It is a copy of a template, made once for each state of the migrations.
    """
    template, name = _template(server), _new_name()
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield name
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def open_folder(parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder that others can enter: as root, another user runs PostgreSQL in it."""
    folder = Path(tempfile.mkdtemp(prefix="photokeep-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _template(server: str) -> str:
    name = f"{PREFIX}_template_{_state_of_the_migrations()}"
    SERVERS.mkdir(parents=True, exist_ok=True)
    with (SERVERS / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of a run come all at once
        if name not in _databases(server):
            _remove_leftovers(server)
            _make_template(server, name)
    return name


def _make_template(server: str, name: str) -> None:
    draft = _new_name()
    _execute(server, "CREATE DATABASE {}", draft)
    # Whatever the settings ask for: on a new machine `make check` comes here first, with nothing set.
    environment = os.environ | {
        "DATABASE_URL": url_of(server, draft),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "localhost",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=HOME, env=environment)
    _execute(server, "ALTER DATABASE {} RENAME TO {}", draft, name)


def _remove_leftovers(server: str) -> None:
    """Templates of other states of the migrations, and what runs left that were killed."""
    for name in _databases(server):
        _, _, owner = name.removeprefix(PREFIX).rpartition("_")
        if "_template_" in name or (owner.isdecimal() and not Path(f"/proc/{owner}").exists()):
            _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _state_of_the_migrations() -> str:
    state = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(HOME.glob(pattern)):
            state.update(path.read_bytes())
    return state.hexdigest()[:16]


def _new_name() -> str:
    """It ends with the process, so that what a killed one leaves is known for it."""
    return f"{PREFIX}_{secrets.token_hex(4)}_{os.getpid()}"


def _databases(server: str) -> list[str]:
    with psycopg.connect(server) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        return [name for (name,) in rows]


def _execute(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def url_of(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
