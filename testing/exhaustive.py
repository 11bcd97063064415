"""A pytest plugin: what repeats a proof (at every step, size or format, or on S3 again) runs with `--all`.

`make test` proves every promise once on disk and once on S3; `make test-all` runs everything. Of the tests
that `each_storage` runs twice, those marked `s3` do so in `make test`, the others with `--all` only.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_VARIABLE = "PHOTOKEEP_TEST_ALL"


def is_exhaustive() -> bool:
    """Whether this run repeats its proofs; also in the processes that a test starts."""
    return os.environ.get(_VARIABLE) == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="also run what repeats a proof (make test-all)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "exhaustive: repeats a proof; runs with --all only")
    config.addinivalue_line("markers", "s3: proves a promise on S3 that no other test proves there")
    os.environ[_VARIABLE] = "1" if config.getoption("--all") else ""


def pytest_report_header(config: pytest.Config) -> str:
    """What this run leaves out, said before it begins."""
    if config.getoption("--all"):
        return "everything, also what repeats a proof"
    return "every promise once; what repeats a proof is left to `make test-all`"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test that is named by its own id (`test_x.py::test_y`) runs all the same."""
    if config.getoption("--all"):
        return
    named = {name.partition("[")[0] for name in config.args if "::" in name}
    left_out = [item for item in items if _repeats(item) and not _is_named(item, named)]
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)


def _repeats(item: pytest.Item) -> bool:
    if item.get_closest_marker("exhaustive"):
        return True
    callspec = getattr(item, "callspec", None)
    is_on_s3 = callspec is not None and callspec.params.get("each_storage") == "s3"
    return is_on_s3 and not item.get_closest_marker("s3")


def _is_named(item: pytest.Item, named: set[str]) -> bool:
    here = item.nodeid.partition("[")[0]
    return any(Path(name).as_posix().removeprefix("./").endswith(here) for name in named)
