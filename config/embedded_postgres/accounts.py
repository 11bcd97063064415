"""Who runs PostgreSQL: it refuses to run as root, so root lends it to a system user."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import IO, NamedTuple

from .errors import EmbeddedPostgresError

OWN_NAME = "photokeep"
KNOWN_NAMES = ("postgres", "_postgres", OWN_NAME)
LAST_RESORT = "nobody"


class Account(NamedTuple):
    """A system user that is not the one who runs this process."""

    name: str
    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """The user who must run the cluster in `data`; None means the user we are."""
    if os.geteuid() != 0:
        _refuse_foreign(data)
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return _known(pwd.getpwuid(owner))
    return _system_account()


def run_as(
    account: Account | None, command: list[str | Path], *, text: str = "", log: IO[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command as that user, in a folder that everybody can enter, with what it says in one stream."""
    return subprocess.run(
        command,
        check=False,
        cwd="/",
        env=_environment(),
        input=text,
        stdout=log or subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def can_enter(account: Account | None, folder: Path) -> bool:
    """Asked of the kernel, not read off mode bits: access lists and mounts count too."""
    return run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0


def give(path: Path, account: Account | None) -> None:
    if account:
        os.chown(path, account.uid, account.gid)


def _environment() -> dict[str, str]:
    """Ours without PGDATA, PGPORT and their like, and with messages that can be read in the log."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C"}


def _refuse_foreign(data: Path) -> None:
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return
    if owner != os.geteuid():
        raise EmbeddedPostgresError(
            f"The database in {data} was made by another user (number {owner}). "
            "Start as that user or as root, set DATABASE_URL, or move the state folder away to begin anew."
        )


def _system_account() -> Account:
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in KNOWN_NAMES:
        if name in entries and entries[name].pw_uid != 0:
            return _known(entries[name])
    return _new_account()


def _new_account() -> Account:
    if useradd := shutil.which("useradd"):
        run_as(None, [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", OWN_NAME])
    for name in (OWN_NAME, LAST_RESORT):
        try:
            return _known(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        "PostgreSQL cannot run as root, and there is no other user to run it: "
        "start as an ordinary user, or set DATABASE_URL to a server of yours."
    )


def _known(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
