"""Path converters that more than one app's routes use."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class Sha256Converter(StringConverter):
    """A sha256 in lower-case hexadecimal."""

    regex = "[0-9a-f]{64}"


register_converter(Sha256Converter, "sha256")
