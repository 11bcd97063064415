"""Counting, so that every worker sees it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from photostore.models import RateWindow
from photostore.throttling import count, counted, forget_old_windows, uncount


@pytest.mark.django_db
def test_each_name_is_counted_for_itself() -> None:
    assert [count("a"), count("a"), count("b"), count("a")] == [1, 2, 1, 3]


@pytest.mark.django_db
def test_one_may_be_taken_back_but_never_below_none() -> None:
    count("a")
    for _time in range(3):
        uncount("a")
    assert count("a") == 1
    uncount("unknown")


@pytest.mark.django_db
def test_a_window_ends_and_a_new_one_begins_at_one() -> None:
    for _time in range(5):
        count("a")
    age(61)
    assert [count("a"), count("a")] == [1, 2]


@pytest.mark.django_db
def test_counting_does_not_lengthen_the_window() -> None:
    count("a")
    age(40)
    assert count("a") == 2
    age(40)
    assert count("a") == 1


def age(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE photostore_ratewindow "
            "SET window_started_at = window_started_at - %s * interval '1 second'",
            [seconds],
        )


@pytest.mark.django_db
def test_windows_of_yesterday_are_forgotten_and_todays_kept() -> None:
    count("old")
    age(2 * 86400)
    count("new")
    forget_old_windows()
    assert list(RateWindow.objects.values_list("name", flat=True)) == ["new"]


@pytest.mark.django_db(transaction=True)
def test_no_two_threads_ever_see_the_same_number() -> None:
    def once(_number: int) -> int:
        try:
            return count("a")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as threads:
        assert sorted(threads.map(once, range(64))) == list(range(1, 65))


@pytest.mark.django_db
def test_several_may_be_counted_at_once_and_looked_at_without_counting() -> None:
    assert counted("a") == 0
    count("a", by=7)
    assert [counted("a"), count("a"), counted("a")] == [7, 8, 8]
    age(61)
    assert counted("a") == 0
    assert count("a", by=3) == 3
