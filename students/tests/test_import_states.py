"""One state of each row, and the alarm of a shift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from students.imports.photos.states import (
    BY_HAND,
    LABELS,
    TABS,
    TICKED,
    Facts,
    State,
    first_shifted,
    state_of,
)

EVERYTHING = Facts(
    refused=True, unreadable=True, absent=True, twin="others", rival=True, disagrees=True, forbidden=True,
    staff=True, candidates=2, is_current=True, was_current=True, older=True, has_photo=True,
)  # fmt: skip
TAKEN_AWAY = [
    ({}, "refused_member"),
    ({"refused": False}, "not_an_image"),
    ({"unreadable": False}, "missing_file"),
    ({"absent": False}, "duplicate_in_zip"),
    ({"twin": ""}, "two_for_one"),
    ({"rival": False}, "blocked"),
    ({"disagrees": False}, "not_allowed"),
    ({"forbidden": False}, "staff"),
    ({"staff": False}, "ambiguous"),
    ({"candidates": 0}, "unknown"),
    ({"candidates": 1}, "identical"),
    ({"is_current": False}, "in_history"),
    ({"was_current": False}, "older"),
    ({"older": False}, "replaces"),
    ({"has_photo": False}, "new"),
]


def test_the_first_that_applies():
    facts, found = EVERYTHING, []
    for less, _state in TAKEN_AWAY:
        facts = replace(facts, **less)
        found.append(state_of(facts))
    assert found == [state for _less, state in TAKEN_AWAY]


def test_staff_needs_no_candidate_and_only_two_states_are_ticked():
    assert state_of(Facts(staff=True, candidates=0)) == State.STAFF
    assert state_of(Facts(rival=True, candidates=0)) == State.UNKNOWN
    assert {State.NEW, State.REPLACES} == TICKED
    assert not BY_HAND & {State.UNKNOWN, State.AMBIGUOUS, State.MISSING_FILE, State.REFUSED_MEMBER}


def test_every_state_has_a_label_and_a_tab():
    assert set(LABELS) == set(State) == set(TABS)


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ([None] * 8, None),
        ([1, 2, 3, 4, 5, 6, 7, 8], None),
        ([1, 2, 4, 5, 6, 7, 8, None], 2),  # the row of 3 is missing from the pictures
        ([1, 2, 3, 3, 4, 5, 6, 7], 3),
        ([1, 2, 4, None, 6, None, 8, None], 2),  # who was not seen before does not count
        ([1, 2, 4, 5, 5, 6, 7, 8], None),  # two are no run
        ([2, 1, 4, 3, 6, 5, 8, 7], None),  # exchanged in pairs: no direction
        ([1, 2, 7, 7, 1, 2, 7, 8], None),  # strangers, but no neighbours
    ],
)
def test_a_shift_is_three_neighbours_in_one_direction(said: list[int | None], first: int | None):
    assert first_shifted(list(zip(range(1, 9), said, strict=True))) == first
