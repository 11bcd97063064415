"""Log lines as JSON, without what a database quotes of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any

import psycopg
from pythonjsonlogger.json import JsonFormatter

from photostore.web.addresses import logged_path

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class PrivateJsonFormatter(JsonFormatter):
    """A refused row is quoted in its error: a name would stay in the log after an erasure."""

    def formatException(self, ei: ExcInfo) -> Any:
        """The traceback, with the kind of a database's error in place of its words."""
        text = str(super().formatException(ei))
        for said, instead in _quoting(ei[1]):
            text = text.replace(said, instead)
        return text

    def format(self, record: Any) -> str:
        """The same where the error is part of the message, and Django's lines without the name of a file."""
        text = record.getMessage()
        for said, instead in _quoting(record.exc_info[1] if record.exc_info else None):
            text = text.replace(said, instead)
        if hasattr(getattr(record, "request", None), "path_info"):
            text = text.replace(record.request.path, logged_path(record.request))
        record.msg, record.args = text, ()
        return str(super().format(record))


def _quoting(error: BaseException | None) -> Iterator[tuple[str, str]]:
    """The words of every database error that led to this one, and what may be said instead."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, psycopg.Error) and str(error):
            kind = [error.sqlstate, error.diag.table_name, error.diag.constraint_name]
            yield str(error).rstrip(), f"[{' '.join(filter(None, kind))}]"
        error = error.__cause__ or error.__context__
