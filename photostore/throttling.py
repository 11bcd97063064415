"""How often something may happen, counted in PostgreSQL so that every worker sees it."""

from __future__ import annotations

import random
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import connection

WINDOW_SECONDS = 60
# Old windows are dropped along the way, so that the table stays as small as a day's traffic.
SWEEP_SHARE = 0.01

_COUNT = """
INSERT INTO photostore_ratewindow AS w (name, window_started_at, count) VALUES (%(name)s, now(), %(by)s)
ON CONFLICT (name) DO UPDATE SET
    count = CASE WHEN w.window_started_at > now() - %(window)s * interval '1 second'
                 THEN w.count + %(by)s ELSE %(by)s END,
    window_started_at = CASE WHEN w.window_started_at > now() - %(window)s * interval '1 second'
                             THEN w.window_started_at ELSE now() END
RETURNING count
"""
_COUNTED = """
SELECT count FROM photostore_ratewindow
WHERE name = %s AND window_started_at > now() - %s * interval '1 second'
"""
_TAKE_BACK = "UPDATE photostore_ratewindow SET count = greatest(count - 1, 0) WHERE name = ANY(%s)"


def count(name: str, *, by: int = 1, window_seconds: int = WINDOW_SECONDS) -> int:
    """Count one more occurrence of `name`, or `by`; give the number in its window, these included.

    One atomic statement: two workers never see the same number.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"name": name, "by": by, "window": window_seconds})
        found = int(cursor.fetchone()[0])
    if random.random() < SWEEP_SHARE:  # noqa: S311 - no secret
        forget_old_windows()
    return found


def counted(name: str, *, window_seconds: int = WINDOW_SECONDS) -> int:
    """The number in the current window of `name`; 0 where none is open."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [name, window_seconds])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def network_of(address: str) -> str:
    """Whose address it is, for counting: one provider's customer has a whole /64 of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ip_network((known.packed, 64), strict=False))


def uncount(*names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [sorted(names)])


def forget_old_windows() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM photostore_ratewindow WHERE window_started_at < now() - interval '1 day'")
