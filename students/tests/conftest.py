"""What the tests of several commands ask for."""

from collections.abc import Callable

import pytest

from students.tests.drill_school import backup, school  # noqa: F401 - the school of the drills
from students.tests.killing import watched


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """See `students.tests.killing`."""
    return watched(monkeypatch)
