"""Which photo a reader may have got at which time."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from testing.faults.client import Answer
from testing.faults.scenarios.crowds import reigns


def version(sha256: str, replaced_at: float | None) -> SimpleNamespace:
    moment = None if replaced_at is None else datetime.fromtimestamp(replaced_at, UTC)
    return SimpleNamespace(sha256=sha256, replaced_at=moment)


# The second came at 10 and was seen at 11, the third came at 20 and was never seen, the fourth at 30 and 31.
VERSIONS = [version("fourth", None), version("first", 10), version("third", 30), version("second", 20)]
SEEN = {"first": 1.0, "second": 11.0, "fourth": 31.0}


@pytest.mark.parametrize(
    ("photo", "began", "ended", "fair"),
    [
        ("first", 2, 3, True),
        ("first", 10.5, 10.6, True),
        ("first", 11.5, 12, False),
        ("second", 8, 9, False),
        ("second", 8, 10.5, True),
        ("second", 21, 22, True),
        ("second", 32, 33, False),
        ("third", 18, 19, False),
        ("third", 25, 26, True),
        ("fourth", 28, 29, False),
        ("fourth", 40, 41, True),
    ],
)
def test_a_photo_is_fair_while_the_row_may_have_stated_it(
    photo: str, began: float, ended: float, fair: bool
) -> None:
    answer = Answer(200, b"", {}, began, ended)
    assert reigns(VERSIONS, SEEN)[photo].overlaps(answer) is fair
