"""Measured in a process with Django in it: pages of a list of students, and a page as JSON."""

from __future__ import annotations

import statistics
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.renderers import JSONRenderer

from bench.documented.our_rows import StudentSerializer
from bench.processes import cpu_with_postgres
from bench.sizes import size
from photostore.delivery.links import LinkMaker
from students.models import Student
from students.representation import represent, represented

PAGE = 100
DEEP_ROW = size(190_000, 80)
ROUNDS = size(25, 2)
# The documented page takes up to a second; a few of them say enough.
DOCUMENTED_ROUNDS = size(3, 1)
CASES: dict[str, dict[str, str]] = {
    "every student": {},
    "has_photo=false": {"has_photo": "false"},
    "class_name=…": {"class_name": "class 20"},
    "search by a name": {"search": "ada"},
}
_AUTHENTICATION = ("knox_authtoken", "users_user", "auth_permission")

Figures = dict[str, float]
Call = Callable[[], object]


@override_settings(ROOT_URLCONF="bench.documented.our_rows")
def pages(token: str) -> dict[str, Figures]:
    """For every case: CPU seconds of page 1 and of the deep page, ours and documented, and our queries."""
    client = Client(headers={"authorization": f"Bearer {token}"})
    return {name: _case(client, filters) for name, filters in CASES.items()}


def _case(client: Client, filters: dict[str, str]) -> Figures:
    cursor = b64encode(urlencode({"p": DEEP_ROW}).encode()).decode()
    first = page_of(client, "/api/students/", page_size=PAGE, **filters)
    deep = page_of(client, "/api/students/", page_size=PAGE, cursor=cursor, **filters)
    their_first = page_of(client, "/documented/students/", **filters)
    their_deep = page_of(client, "/documented/students/", page=_page_number(filters), **filters)
    figures = dict(zip(("first", "deep"), in_turn(ROUNDS, first, deep), strict=True))
    theirs = in_turn(DOCUMENTED_ROUNDS, their_first, their_deep)
    return figures | {
        "their_first": theirs[0],
        "their_deep": theirs[1],
        "queries": _queries(deep),
        "their_queries": _queries(their_deep),
    }


def page_of(client: Client, address: str, *, under: str = "results", **query: Any) -> Call:
    """To be called often; asserts that it is a whole page."""
    full = f"{address}?{urlencode(query)}"

    def call() -> None:
        response = client.get(full)
        assert response.status_code == 200, response.content
        assert len(response.json()[under]) == PAGE

    return call


def _page_number(filters: dict[str, str]) -> int:
    """The documented page that begins where ours does."""
    before = Student.objects.filter(pk__lte=DEEP_ROW)
    if "has_photo" in filters:
        before = before.without_photo()
    if "class_name" in filters:
        before = before.filter(class_name=filters["class_name"])
    if "search" in filters:
        before = before.filter(name__icontains=filters["search"])
    return before.count() // PAGE + 1


def _queries(call: Call) -> int:
    """Besides those that tell who asks and what they may do."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return sum(not any(table in query["sql"] for table in _AUTHENTICATION) for query in captured)


def hundred_rows() -> Figures:
    rows, students = represented(Student.objects.order_by("pk")), Student.objects.order_by("pk")
    return json_figures(list(rows[:PAGE]), represent, list(students[:PAGE]), StudentSerializer)


def json_figures(rows: Any, represent: Any, objects: Any, serializer: Any) -> Figures:
    """Milliseconds of CPU from what was loaded to JSON, ours and documented."""
    request, renderer = RequestFactory().get("/"), JSONRenderer()

    def ours() -> None:
        links = LinkMaker.of(request)
        renderer.render([represent(row, links) for row in rows])

    def theirs() -> None:
        renderer.render(serializer(objects, many=True, context={"request": request}).data)

    many = [partial(_repeat, call) for call in (ours, theirs)]
    return dict(zip(("ours", "baseline"), (one * 1000 / 20 for one in in_turn(ROUNDS, *many)), strict=True))


def _repeat(call: Call) -> None:
    for _ in range(20):
        call()


def in_turn(rounds: int, *calls: Call) -> list[float]:
    """CPU seconds of each, with PostgreSQL's: medians over the rounds, in each of which they take turns."""
    for call in calls:
        call()
    taken: list[list[float]] = [[_cpu_of(call) for call in calls] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def _cpu_of(call: Call) -> float:
    before = cpu_with_postgres()
    call()
    return cpu_with_postgres() - before
