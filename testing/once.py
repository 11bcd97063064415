"""What many tests begin with is made once in each process: later tests get the same rows and files back.

Rows go in by COPY, so this serves tests that roll back and tests that commit; files are copied, so a test may
damage them. Everything is as it was: ids, what the database counts on from, the times and modes of files.
"""

from __future__ import annotations

import functools
import pickle
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import UserSettingsHolder, settings
from django.core.management import call_command
from django.db import connection, transaction

from photostore.storage import storage_for
from testing.flushing import tables, watched_tables
from testing.people import DISK

# Every test makes its own people, always with the same ids: see `make_person`.
OF_PEOPLE = {
    *("users_user", "users_user_groups", "users_user_user_permissions"),
    *("knox_authtoken", "django_session"),
}
# Set by `testing.people` for every test.
OF_EACH_TEST = {"MEDIA_ROOT", "STORAGES", "PHOTO_BACKUP_DIR", "PASSWORD_HASHERS"}
Maker = Callable[..., Any]


@dataclass
class _State:
    value: bytes
    rows: dict[str, bytes]
    counters: dict[str, int]
    home: tempfile.TemporaryDirectory[str] = field(default_factory=tempfile.TemporaryDirectory)

    def folder(self, name: str) -> Path:
        return Path(self.home.name) / name


_states: dict[Any, _State] = {}


def made_once(make: Maker) -> Maker:
    """For a fixture, or a function that makes a school: its second call with the same words copies the first.

    Its other arguments (a client, a person) must mean the same in every test. It is called anew on S3,
    and where a test made something before: what is put back must not meet anything.
    """

    @functools.wraps(make)
    def get(*given: Any, **named: Any) -> Any:
        if not (_is_on_disk() and _nothing_is_there()):
            return make(*given, **named)
        words = tuple(value for value in (*given, *named.items()) if _is_word(value))
        # After a commit more is done than in a test that rolls back.
        place = (make.__module__, make.__qualname__, words, _settings(), connection.in_atomic_block)
        if place in _states:
            _put_back(_states[place])
            return pickle.loads(_states[place].value)
        _count_from_one()
        value = make(*given, **named)
        _states[place] = _kept(value)
        return value

    return get


def begin_again() -> None:
    """All rows and files go, in a test that commits: what it makes next may be a copy again."""
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
    for folder in _folders().values():
        shutil.rmtree(folder, ignore_errors=True)


def _is_word(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_word, value))
    return isinstance(value, str | int | None)


def _settings() -> str:
    """What this test has set otherwise, its own folders aside."""
    layer: Any = settings._wrapped  # type: ignore[misc]
    found: dict[str, Any] = {}
    while isinstance(layer, UserSettingsHolder):
        found = {name: value for name, value in vars(layer).items() if name.isupper()} | found
        layer = layer.default_settings
    return repr(sorted((name, repr(value)) for name, value in found.items() if name not in OF_EACH_TEST))


def _folders() -> dict[str, Path]:
    locations = {alias: settings.STORAGES[alias]["OPTIONS"]["location"] for alias in ("default", "safe")}
    return {name: Path(path) for name, path in {**locations, "backups": settings.PHOTO_BACKUP_DIR}.items()}


def _is_on_disk() -> bool:
    return all(settings.STORAGES[alias]["BACKEND"] == DISK for alias in ("default", "safe"))


def _nothing_is_there() -> bool:
    if any(folder.exists() for folder in _folders().values()):
        return False
    any_row = " OR ".join(f'EXISTS (SELECT FROM "{table}")' for table in _tables())
    return not _rows_of(f"SELECT {any_row}")[0][0]


@functools.cache
def _tables() -> tuple[str, ...]:
    return tuple(name for name in tables() if name not in OF_PEOPLE)


@functools.cache
def _counters() -> tuple[str, ...]:
    """The sequences that belong to these tables."""
    found = _rows_of(
        "SELECT counter.relname FROM pg_depend JOIN pg_class counter ON counter.oid = objid "
        "JOIN pg_class owner ON owner.oid = refobjid WHERE counter.relkind = 'S' AND owner.relname = ANY(%s)",
        [*_tables()],
    )
    return tuple(name for (name,) in found)


def _count_from_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("".join(f'ALTER SEQUENCE "{counter}" RESTART;' for counter in _counters()))


def _kept(value: Any) -> _State:
    counted = _rows_of(
        "SELECT sequencename, last_value FROM pg_sequences "
        "WHERE sequencename = ANY(%s) AND last_value IS NOT NULL",
        [*_counters()],
    )
    rows = {table: data for table in _tables() if (data := _read(table))}
    state = _State(pickle.dumps(value), rows, dict(counted))
    for name, folder in _folders().items():
        if folder.exists():
            shutil.copytree(folder, state.folder(name), symlinks=True)
    return state


def _put_back(state: _State) -> None:
    watched = watched_tables().intersection(state.rows)
    with transaction.atomic(), connection.cursor() as cursor:
        # What triggers made of these rows is among them already.
        cursor.execute("".join(f'ALTER TABLE "{table}" DISABLE TRIGGER USER;' for table in watched))
        for table, data in state.rows.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(data)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("".join(f'ALTER TABLE "{table}" ENABLE TRIGGER USER;' for table in watched))
        cursor.execute(
            "SELECT setval(quote_ident(name)::regclass, at) "
            "FROM unnest(%s::text[], %s::bigint[]) AS kept (name, at)",
            [list(state.counters), list(state.counters.values())],
        )
    for name, folder in _folders().items():
        if state.folder(name).exists():
            shutil.copytree(state.folder(name), folder, symlinks=True)
    for alias in ("default", "safe"):
        storage_for(alias).is_prepared()  # this process has seen it, as if it had been made here


def _read(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)


def _rows_of(query: str, values: list[str] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, None if values is None else [values])
        rows: list[Any] = cursor.fetchall()
    return rows
