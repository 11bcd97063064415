"""Request bodies that cannot be read are refused in a sentence, whatever the parser stumbled over."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """A body of a hundred thousand brackets exhausts Python's own parser, which says so in its own way."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Raises `ParseError`."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("This JSON is nested too deeply.")) from error


class MultiPartParser(parsers.MultiPartParser):
    """Says that the form is malformed, not what Python thinks of its boundary."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Fields and files. Raises `ParseError`."""
        try:
            return super().parse(*args, **kwargs)
        except ParseError as error:
            raise ParseError(_("The form cannot be read: its multipart body is malformed.")) from error
