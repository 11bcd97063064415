"""Pictures for tests, benches and the demo: drawn people, phone photos, odd ones and hostile ones."""

from __future__ import annotations

from testing.hostile_pictures import PAYLOAD, Hostile, heic, hostile, saved
from testing.odd_pictures import PRIVATE, QUARTERS, Odd, odd, quarters
from testing.phone import phone_jpeg
from testing.portraits import portrait

__all__ = [
    "PAYLOAD",
    "PRIVATE",
    "QUARTERS",
    "Hostile",
    "Odd",
    "heic",
    "hostile",
    "odd",
    "phone_jpeg",
    "portrait",
    "quarters",
    "saved",
]
