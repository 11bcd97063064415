"""A pytest plugin: tests of a program that is not installed are left out, and the summary says how to get it.

In CI (`CI=true`) they run, and fail.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

# By mark: what the program is for, its names, and how to install it.
PROGRAMS = {
    "browser": (
        "drives a real Chromium",
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "chromium",
    ),
    "clamd": ("asks a real ClamAV daemon", ("clamd",), "clamav-daemon"),
    "pgbouncer": ("starts a real pooler", ("pgbouncer",), "pgbouncer"),
}
LEFT_OUT = "left_out"
_left_out: list[str] = []


def program(mark: str) -> str:
    """The path of the program; fails where there is none: only CI gets here then."""
    path = _path(mark)
    if path is None:
        pytest.fail(f"There is none: apt-get install {PROGRAMS[mark][2]}", pytrace=False)
    return path


def pytest_configure(config: pytest.Config) -> None:
    for mark, (what, _, _) in PROGRAMS.items():
        config.addinivalue_line("markers", f"{mark}: {what}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("CI") == "true":
        return
    missing = {mark for mark in PROGRAMS if not _path(mark)}
    left_out = [item for item in items if any(map(item.get_closest_marker, missing))]
    _left_out.extend(item.nodeid for item in left_out)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LEFT_OUT] = _left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker of pytest-xdist left out the same, and only this process prints a summary."""
    _left_out[:] = getattr(node, "workeroutput", {}).get(LEFT_OUT, _left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _left_out:
        packages = " ".join(package for mark, (_, _, package) in PROGRAMS.items() if not _path(mark))
        terminalreporter.write_sep("-", "left out", yellow=True)
        terminalreporter.write_line("\n".join(_left_out))
        terminalreporter.write_line(f"Left out: {len(_left_out)} tests. apt-get install {packages}")


def _path(mark: str) -> str | None:
    """Debian keeps daemons where only root's PATH looks."""
    where = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
    return next((path for name in PROGRAMS[mark][1] if (path := shutil.which(name, path=where))), None)
