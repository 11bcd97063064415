"""The id of the request that is being answered, for logs, audit rows and answers alike."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def current_request_id() -> str:
    """The id of the current request; empty outside one."""
    return _current.get()


def begin_request(offered: str | None) -> str:
    """Take the id that a proxy offers when it is plain, else make one."""
    request_id = offered if offered and _ACCEPTABLE.fullmatch(offered) else uuid.uuid4().hex
    _current.set(request_id)
    return request_id


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request on every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True
