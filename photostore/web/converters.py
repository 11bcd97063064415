"""Path converters that more than one app's routes use."""

import datetime

from django.urls import register_converter
from django.urls.converters import StringConverter


class Sha256Converter(StringConverter):
    """A sha256 in lower-case hexadecimal."""

    regex = "[0-9a-f]{64}"


class DateConverter:
    """A day as `2026-11-21`."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> datetime.date:
        """The date. Raises `ValueError` for one that is in no calendar; the route then does not match."""
        return datetime.date.fromisoformat(value)

    def to_url(self, value: datetime.date) -> str:
        return value.isoformat()


register_converter(DateConverter, "date")
register_converter(Sha256Converter, "sha256")
