"""Help with examples whose lines stay as they were written."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter

from django.core.management.base import DjangoHelpFormatter


class ExampleFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Django's order of options, argparse's untouched epilog."""
