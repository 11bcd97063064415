"""`make run`: up from nothing; and Ctrl-C, a kill or a closed terminal leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from config.embedded_postgres import discard, postmaster
from testing.database import open_folder

HOME = Path(__file__).resolve().parents[2]
LAST_LINE = "Ctrl-C stops it."


@pytest.fixture(scope="module")
def state_dir() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "var"
        discard(folder / "var")


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture(autouse=True)
def a_terminal_that_can_hang_up() -> Iterator[None]:
    """Under nohup the tests ignore it, and what they start would as well."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def command(state_dir: Path, port: int, **more: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SECRET_KEY"}}
    return subprocess.Popen(
        [sys.executable, "-m", "config.serve"],
        cwd=HOME,
        env=kept | {"PHOTOKEEP_STATE_DIR": str(state_dir), "PORT": str(port)} | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # as a terminal would: a group of its own
    )


@contextmanager
def serving(state_dir: Path, port: int, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service once it says that it is up, with what it said until then."""
    with command(state_dir, port, **more) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if LAST_LINE in line:
                break
        try:
            yield process, said
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def test_from_nothing_to_a_page_and_back(state_dir: Path, port: int) -> None:
    with serving(state_dir, port, DJANGO_SUPERUSER_USERNAME="head") as (process, said):
        assert "administrator head with the password " in said
        assert f"http://127.0.0.1:{port}/admin/" in said
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).status_code == 200
        found = [path for path in state_dir.rglob("*") if path.lstat().st_mode & 0o077]
        assert not found, "open to others"
        assert_ends(process, signal.SIGINT, state_dir, port)
    with serving(state_dir, port) as (process, said):
        assert "administrator" not in said
        assert_ends(process, signal.SIGTERM, state_dir, port)


def test_a_closed_terminal_ends_it(state_dir: Path, port: int) -> None:
    with serving(state_dir, port) as (process, _):
        assert_ends(process, signal.SIGHUP, state_dir, port)


def test_killed_it_takes_everything_along(state_dir: Path, port: int) -> None:
    with serving(state_dir, port) as (process, _):
        process.kill()
        process.wait()
        assert gone_within(15, state_dir, port)


@pytest.mark.exhaustive
def test_a_background_worker_that_dies_is_started_again_and_ends_with_it(state_dir: Path, port: int) -> None:
    with serving(state_dir, port) as (process, _):
        first = background_worker(process.pid)
        os.kill(first, signal.SIGKILL)
        second = background_worker(process.pid, other_than=first)
        assert_ends(process, signal.SIGTERM, state_dir, port)
        assert not Path(f"/proc/{second}").exists()


def background_worker(master: int, other_than: int = 0) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lists = [path.read_text() for path in Path(f"/proc/{master}/task").glob("*/children")]
        for pid in map(int, " ".join(lists).split()):
            with suppress(OSError):  # it may just have ended
                if pid != other_than and b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        time.sleep(0.05)
    raise AssertionError("there is none")


def test_a_port_in_use_is_said_before_any_work(tmp_path: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)), command(tmp_path / "var", port) as process:
        said, _ = process.communicate(timeout=30)
    assert said == f"Photokeep cannot start: Port {port} is in use. Choose another: PORT=8001 make run\n"
    assert process.returncode == 1
    assert not (tmp_path / "var").exists()


def assert_ends(process: subprocess.Popen[str], number: signal.Signals, state_dir: Path, port: int) -> None:
    os.killpg(process.pid, number)
    assert process.wait(timeout=60) == 0
    assert gone_within(0, state_dir, port)


def gone_within(seconds: float, state_dir: Path, port: int) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        if is_free(port) and postmaster.running_in(state_dir / "postgres") is None:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
