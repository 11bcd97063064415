"""A PostgreSQL of our own, for when DATABASE_URL names none.

Several processes may use it at once; it runs while any of them lives, and the last one out stops it.
Nothing here knows Django: it runs before there are settings.
"""

import atexit
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .cluster import Cluster
from .errors import EmbeddedPostgresError
from .privacy import own_folder, tighten
from .usage import Usage

__all__ = ["EmbeddedPostgresError", "discard", "ensure"]

_HOME = Path(__file__).resolve().parents[2]
_used: dict[Path, Usage] = {}


def ensure(state_dir: Path, *, throwaway: bool = False) -> str:
    """The DATABASE_URL of a running server, kept alive for as long as this process lives."""
    state_dir = state_dir.absolute()
    try:
        own_folder(state_dir)
        tighten(state_dir)
        return _ensure(state_dir.resolve(), throwaway)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL cannot work in {state_dir} ({error}): "
            "see to its owner and to the space on its disk, or set DATABASE_URL."
        ) from error


def discard(state_dir: Path) -> None:
    """Stop a throwaway cluster and remove its data. No other process may be using it."""
    cluster = Cluster.of(state_dir.resolve())
    cluster.stop()
    shutil.rmtree(cluster.data if cluster.data.parent == cluster.state_dir else cluster.data.parent)


def _ensure(state_dir: Path, throwaway: bool) -> str:
    cluster = Cluster.of(state_dir, throwaway=throwaway)
    usage = _used.get(state_dir)
    if usage is None:
        usage = _used[state_dir] = Usage(cluster.data.parent)
        atexit.register(_leave, cluster, usage, os.getpid())
    with usage.turn():
        usage.join()
        port = cluster.running_port()
        if port is None:
            _post_guardian(state_dir)
            port = cluster.start()
        return cluster.url(port)


def _leave(cluster: Cluster, usage: Usage, user: int) -> None:
    """At the exit of the process that came in; its forked children only borrowed the server."""
    if os.getpid() != user:
        return
    with usage.turn():
        if usage.is_last():
            cluster.stop()
        usage.leave()


def _post_guardian(state_dir: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", f"{__name__}.guardian", state_dir],
        check=True,
        cwd=_HOME,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
