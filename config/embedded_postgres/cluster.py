"""One PostgreSQL cluster in one folder: where it lies, how it is made, how it is started."""

import os
import re
import secrets
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import postmaster
from .accounts import Account, account_for, can_enter, give, run_as
from .binaries import binaries_for
from .errors import EmbeddedPostgresError
from .privacy import open_to_append, own_folder

ROLE = DATABASE = "photokeep"

# Root's cluster goes here when the user who runs PostgreSQL cannot enter the state folder.
OUTSIDE = Path("/var/lib/photokeep")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # For disks without a moving arm; the default makes the planner shun indexes that are three times faster.
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No row's values in the log: messages of errors, their details and statements quote them. Whoever caused
    # an error is told it; what happens to the server itself is still written down.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For a cluster that is thrown away: a crash may destroy it, and tests run in half the time.
THROWAWAY_SETTINGS = {
    **{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
    # Its workers are the superuser's: no other user could drop a database while one is in it.
    "autovacuum": "off",
}

LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Cluster:
    state_dir: Path
    data: Path
    account: Account | None
    throwaway: bool = False

    @classmethod
    def of(cls, state_dir: Path, *, throwaway: bool = False) -> "Cluster":
        data = _data_folder(state_dir)
        return cls(state_dir, data, account_for(data), throwaway)

    @property
    def log(self) -> Path:
        return self.state_dir / "postgres.log"

    def running_port(self) -> int | None:
        found = postmaster.settled_in(self.data)
        return found.port if found else None

    def start(self) -> int:
        """Start the server, making the cluster first where there is none; gives its port."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        postmaster.forget_stale(self.data)
        if not self._password_file.exists():
            self._set_password(self.data)
        # More than once: a port may be taken between choosing and listening, and the sessions of a
        # server that was killed need a moment to notice.
        if not any(self._launch(self._choose_port()) for _ in range(3)):
            raise self._failure("PostgreSQL does not start")
        port = self.running_port()
        if port is None:
            raise self._failure("PostgreSQL stopped as soon as it had started")
        return port

    def stop(self) -> None:
        postmaster.stop(self.data)

    def url(self, port: int) -> str:
        try:
            password = self._password_file.read_text()
        except FileNotFoundError:
            raise EmbeddedPostgresError(
                f"{self._password_file} is gone while PostgreSQL runs: stop every process of this "
                "service and start again, and a new password is made."
            ) from None
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"

    @property
    def _password_file(self) -> Path:
        return self.state_dir / "postgres-password"

    @property
    def _port_file(self) -> Path:
        return self.state_dir / "postgres-port"

    @cached_property
    def _binaries(self) -> tuple[Path, int]:
        version = self.data / "PG_VERSION"
        return binaries_for(int(version.read_text()) if version.exists() else None, self.account)

    def _create(self) -> None:
        """Made beside its place and renamed when it is whole, so a kill leaves no half of a cluster."""
        unfinished = self.data.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give(unfinished, self.account)
        self._initdb(unfinished)
        # Only the service's role comes in, and only with its password; not even the superuser.
        (unfinished / "pg_hba.conf").write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n")
        self._single_user(
            unfinished, f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
        )
        self._set_password(unfinished)
        unfinished.rename(self.data)

    def _initdb(self, folder: Path) -> None:
        binaries, major = self._binaries
        said = ""
        for locale in _locales(major):
            command: list[str | Path] = [binaries / "initdb", "--pgdata", folder, "--username=postgres"]
            command += ["--encoding=UTF8", *locale, "--data-checksums"]
            command += ["--auth-local=reject", "--auth-host=reject"]
            made = run_as(self.account, command + (["--no-sync"] if self.throwaway else []))
            if made.returncode == 0:
                return
            said = made.stdout
        self._note(said)
        raise self._failure("PostgreSQL's initdb could not make a new database")

    def _set_password(self, folder: Path) -> None:
        password = secrets.token_urlsafe(24)
        self._single_user(folder, f"ALTER ROLE {ROLE} PASSWORD '{password}';\n")
        _write_whole(self._password_file, password)

    def _single_user(self, folder: Path, sql: str) -> None:
        """While no server runs; it needs no password, so it can set one."""
        program = self._binaries[0] / "postgres"
        done = run_as(self.account, [program, "--single", "-D", folder, "postgres"], text=sql)
        if done.returncode or re.search(r"\b(ERROR|FATAL|PANIC):", done.stdout):
            self._note(re.sub(r"PASSWORD '.*?'", "PASSWORD '…'", done.stdout))
            raise self._failure("PostgreSQL could not set up its role and database")

    def _launch(self, port: int) -> bool:
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {}) | {"port": str(port)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._keep_log_small()
        program = self._binaries[0] / "pg_ctl"
        with open_to_append(self.log) as log:
            started = run_as(self.account, [program, "start", "-w", "-D", self.data, "-o", options], log=log)
        if started.returncode:
            self._port_file.unlink()  # perhaps it was the port: the next attempt takes another
        return started.returncode == 0

    def _choose_port(self) -> int:
        """The last one again, so that what an operator noted down stays true; another when it is taken."""
        last = self._port_file.read_text() if self._port_file.exists() else ""
        port = _listenable(int(last)) if last.isdecimal() else None
        port = port or _listenable(0) or 0
        _write_whole(self._port_file, str(port))
        return port

    def _keep_log_small(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _note(self, text: str) -> None:
        with open_to_append(self.log) as log:
            log.write(text)

    def _failure(self, what: str) -> EmbeddedPostgresError:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else ""
        return EmbeddedPostgresError(
            f"{what}: mend what the end of {self.log} says, or move {self.state_dir} away to begin with "
            f"an empty database, or set DATABASE_URL to a server of yours.\n{tail}"
        )


def _data_folder(state_dir: Path) -> Path:
    """In the state folder, or, when the user who must run it cannot enter there, outside under an id
    that the state folder remembers: without the state folder the service is as new."""
    inside, location = state_dir / "postgres", state_dir / "postgres-location"
    if not location.exists():
        account = account_for(inside)
        if inside.exists() or can_enter(account, state_dir):
            return inside
        _write_once(location, secrets.token_hex(8))
    identity = location.read_text().strip()
    if not re.fullmatch(r"[0-9a-f]{16}", identity):
        raise EmbeddedPostgresError(f"{location} is damaged: remove it to begin with an empty database.")
    folder = OUTSIDE / identity
    for path in (OUTSIDE, folder):
        if not path.exists():
            own_folder(path)
    return folder / "postgres"


def _write_whole(path: Path, text: str) -> None:
    """For our eyes only, and never half, wherever a kill falls."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and of two who write at once the first one holds."""
    draft = path.with_name(f"{path.name}.{text}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _locales(major: int) -> list[list[str]]:
    """Plain byte order for sorting, but letters known beyond ASCII: É must be found as é.
    C is the last resort, for systems that have no C.UTF-8."""
    if major >= 17:
        return [["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]]
    return [["--locale=C.UTF-8"], ["--locale=C"]]


def _listenable(port: int) -> int | None:
    """This port, or for 0 any that is free; None when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        number: int = probe.getsockname()[1]
        return number
