"""Byte ranges, as RFC 9110 writes them."""

from __future__ import annotations

import pytest

from photostore.delivery.ranges import ByteRange, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=10-", 10, 100),
        ("bytes=90-200", 90, 100),
        ("bytes=99-99", 99, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-100", 0, 100),
        ("bytes=-1000", 0, 100),
        ("BYTES=5-6", 5, 7),
        ("bytes= 5-6 ", 5, 7),
    ],
)
def test_one_range_is_understood(header: str, start: int, end: int) -> None:
    assert parse_range(header, 100) == ByteRange(start, end)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", f"bytes={'9' * 19}-"])
def test_a_range_outside_the_file_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, 100)


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=--5", "bytes=5", "lines=0-5"),
        *(
            "bytes=0-1,5-6",
            "bytes=0-0,-1",
            "bytes=\u0663-5",
            "bytes=1-2;",
            f"bytes={'9' * 20}-",
            "bytes=0x1-5",
        ),
    ],
)
def test_what_is_malformed_or_several_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


def test_an_empty_file_has_no_range() -> None:
    for header in ("bytes=0-", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            parse_range(header, 0)


def test_the_header_says_which_part_of_how_much() -> None:
    assert ByteRange(5, 10).content_range(100) == "bytes 5-9/100"
