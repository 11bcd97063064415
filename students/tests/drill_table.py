"""The table of the disaster drills, at the end of a run that had any."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

PROPERTY = "drill"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drill(name): a disaster drill; its outcome stands in the table")


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Any:
    """Says how a drill ended: `outcome(right=…, wrong=…, left=…)`. Wrong must be 0."""
    mark = request.node.get_closest_marker("drill")
    assert mark is not None
    where = request.node.callspec.params.get("each_storage", "") if hasattr(request.node, "callspec") else ""

    def say(*, right: int, wrong: int, left: int) -> None:
        counts = f"{right} / {wrong} / {left}"
        # It travels with the test's report: the process that prints the table may be another one.
        request.node.user_properties.append((PROPERTY, (mark.args[0], where, counts)))
        assert wrong == 0

    return say


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One row for each disaster, one column for each storage."""
    outcomes = _outcomes(terminalreporter)
    if not outcomes:
        return
    table = Table(title="Disaster drills: right / wrong / left for a person")
    for column in ("disaster", "disk", "S3"):
        table.add_column(column)
    for name in dict.fromkeys(name for name, _, _ in outcomes):
        by_storage = {where: counts for drill, where, counts in outcomes if drill == name}
        table.add_row(name, by_storage.get("disk", by_storage.get("", "-")), by_storage.get("s3", "-"))
    terminalreporter.write_line("")
    console = Console(width=110)
    with console.capture() as capture:
        console.print(table)
    terminalreporter.write(capture.get())


def _outcomes(terminalreporter: Any) -> list[tuple[str, str, str]]:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    return [
        value
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
