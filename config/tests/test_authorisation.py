"""Who may do what: every route, for each kind of visitor, with own, foreign and missing things.

A refusal changes nothing, and a route without a row in the table fails.
"""

from __future__ import annotations

import pytest

from config.tests.route_table import OK, READS, TABLE, Row, World, ask, cells, everything, routes
from testing.once import begin_again
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_may_not_and_who_may_look() -> None:
    """Every cell that changes nothing, in one world: refusals, and everything that is only read."""
    world = World()
    before = everything()
    wrong = []
    for row in TABLE:
        for who, whose in cells(row):
            expected = row.rule(who, whose) or row.ok
            if row.rule(who, whose) == OK and row.method not in READS:
                continue
            answer = ask(world, row, who, whose)
            body = body_of(answer)
            if answer.status_code != expected:
                wrong.append(f"{row}, {who}, {whose}: {answer.status_code} instead of {expected}: {body!r}")
            if everything() != before:
                wrong.append(f"{row}, {who}, {whose}: something changed")
                before = everything()
    assert wrong == []


@pytest.mark.parametrize("row", [row for row in TABLE if row.method not in READS], ids=str)
def test_who_may(row: Row) -> None:
    world = World()
    for who, whose in cells(row):
        if row.rule(who, whose) != OK:
            continue
        before = everything()
        answer = ask(world, row, who, whose)
        assert answer.status_code == row.ok, f"{who}, {whose}: {body_of(answer)!r}"
        if row.given and everything() != before:  # what was there may be gone
            begin_again()
            world = World()


def test_the_table_names_every_route() -> None:
    """A route without a row here could be open to everybody."""
    assert set(routes()) == {(row.method, row.route) for row in TABLE}
