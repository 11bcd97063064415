"""A pooler in transaction mode is noticed, at the start and by `check`; a lock that it lost is an error."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from photostore.locks import LockLost, advisory_lock, try_lock, unlock
from photostore.pooler import sessions_are_shared
from testing.left_out import program
from testing.service import HOME, database_url, environment_of, free_port


@pytest.mark.django_db(transaction=True)
def test_a_server_without_a_pooler_passes() -> None:
    assert not sessions_are_shared(lambda: psycopg.connect(database_url()))
    call_command("check", databases=["default"])


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_not_there_is_not_judged() -> None:
    assert not sessions_are_shared(lambda: psycopg.connect(f"postgresql://x@127.0.0.1:{free_port()}/x"))


@pytest.mark.django_db(transaction=True)
def test_statements_that_go_to_other_sessions_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    execute = psycopg.Connection.execute

    def elsewhere(self: psycopg.Connection, query: str) -> psycopg.Cursor:
        if not self.autocommit:
            return execute(self, query)
        with psycopg.connect(database_url()) as other:
            return execute(other, query)

    monkeypatch.setattr(psycopg.Connection, "execute", elsewhere)
    assert sessions_are_shared(lambda: psycopg.connect(database_url()))
    with pytest.raises(SystemCheckError, match="DATABASE_DIRECT_URL"):
        call_command("check", databases=["default"])


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_was_lost_is_an_error() -> None:
    assert try_lock("a")
    connection.close()  # and the next statement opens another session
    with pytest.raises(LockLost, match="'a'"):
        unlock("a")
    with advisory_lock("a"):
        pass


@contextmanager
def pooler(folder: Path, mode: str, size: int) -> Iterator[str]:
    """The URL of a pgbouncer in front of this test's database."""
    to, port = urlsplit(database_url()), free_port()
    folder.chmod(0o755)
    (folder / "users").write_text(f'"{to.username}" "{to.password}"\n')
    (folder / "users").chmod(0o644)
    (folder / "ini").write_text(
        f"[databases]\n* = host={to.hostname} port={to.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {folder}/users\n"
        f"pool_mode = {mode}\ndefault_pool_size = {size}\nuser = nobody\n"
    )
    (folder / "ini").chmod(0o644)
    process = subprocess.Popen([program("pgbouncer"), "-q", str(folder / "ini")])
    try:
        url = to._replace(netloc=f"{to.username}@127.0.0.1:{port}").geturl()
        for _ in range(100):
            with suppress(psycopg.OperationalError):
                psycopg.connect(url).close()
                break
            time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.mark.pgbouncer
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("mode", "size", "shared"), [("transaction", 20, True), ("transaction", 1, True), ("session", 20, False)]
)
def test_a_real_pgbouncer(tmp_path: Path, mode: str, size: int, shared: bool) -> None:
    with pooler(tmp_path, mode, size) as url:
        assert sessions_are_shared(lambda: psycopg.connect(url)) is shared


@pytest.mark.pgbouncer
@pytest.mark.django_db(transaction=True)
def test_nothing_starts_behind_one_but_past_it(tmp_path: Path) -> None:
    with pooler(tmp_path, "transaction", 20) as url:
        for command in ("-m gunicorn -c config/gunicorn.conf.py config.wsgi", "manage.py worker --once"):
            given = environment_of(tmp_path) | {"DATABASE_URL": url}
            started = [sys.executable, *command.split()]
            refused = subprocess.run(
                started, check=False, cwd=HOME, env=given, capture_output=True, text=True, timeout=60
            )
            assert refused.returncode != 0
            assert "DATABASE_DIRECT_URL" in refused.stderr
            assert "Traceback" not in refused.stderr
        given["DATABASE_DIRECT_URL"] = database_url()
        subprocess.run(started, cwd=HOME, env=given, check=True, timeout=60)
