"""Pictures for tests, benches and the demo: drawn people, phone photos, odd ones and hostile ones."""

from __future__ import annotations

from testing.phone import phone_jpeg
from testing.portraits import portrait

__all__ = ["phone_jpeg", "portrait"]
