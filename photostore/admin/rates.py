"""How often something succeeds and fails, day by day, read off the audit, and drawn as a chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from photostore.errors import Sentence
from photostore.models import AuditEntry

DAYS = 30
# The drawing, in units of its own: 30 days of 20, and 100 for the busiest of them.
STEP, HEIGHT = 20, 100


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    done: int
    refused: int

    @property
    def attempts(self) -> int:
        return self.done + self.refused


@dataclass(frozen=True, slots=True)
class Bar:
    """One day in the chart: where it stands, and how high its two parts are."""

    day: Day
    x: int
    done_height: float
    refused_height: float

    @property
    def done_y(self) -> float:
        return HEIGHT - self.done_height

    @property
    def refused_y(self) -> float:
        return self.done_y - self.refused_height


@dataclass(frozen=True, slots=True)
class Chart:
    """Thirty days of one thing that people do, as bars."""

    title: Sentence
    days: list[Day]

    @property
    def done(self) -> int:
        return sum(day.done for day in self.days)

    @property
    def refused(self) -> int:
        return sum(day.refused for day in self.days)

    @property
    def success_percent(self) -> int | None:
        """Of all attempts; None without any."""
        attempts = self.done + self.refused
        return round(100 * self.done / attempts) if attempts else None

    @property
    def busiest(self) -> int:
        return max(day.attempts for day in self.days)

    @property
    def bars(self) -> list[Bar]:
        unit = HEIGHT / max(1, self.busiest)
        return [
            Bar(day, index * STEP, day.done * unit, day.refused * unit) for index, day in enumerate(self.days)
        ]


def chart(title: Sentence, actions: Iterable[str], *, until: date | None = None) -> Chart:
    """The last thirty days of these actions; one query over the newest part of the audit.

    A change is recorded by its use case under a name, a refusal by the route that answered it: name both.
    """
    last = until or timezone.localdate()
    days = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    return Chart(title, _days(days, list(actions)))


def _days(days: list[date], names: list[str]) -> list[Day]:
    # A route answers without its slash as well.
    routes = [*names, *(name.removesuffix("/") for name in names)]
    rows = (
        AuditEntry.objects.filter(
            at__gte=_midnight(days[0]), at__lt=_midnight(days[-1], 1), action__in=routes
        )
        .annotate(day=TruncDate("at"))
        .values("day")
        .annotate(
            done=Count("pk", filter=Q(outcome=AuditEntry.Outcome.DONE)),
            refused=Count("pk", filter=Q(outcome=AuditEntry.Outcome.REFUSED)),
        )
        .order_by("day")
    )
    counted = {row["day"]: (row["done"], row["refused"]) for row in rows}
    return [Day(day, *counted.get(day, (0, 0))) for day in days]


def _midnight(day: date, later: int = 0) -> datetime:
    """The moment at which a day begins, so that the audit's index on moments is used."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=later), time.min))
