"""How many files one person may hand in, and how long the service may compute for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from photostore.errors import TooManyAttempts
from photostore.throttling import WINDOW_SECONDS, count, counted

CPU_WINDOW_SECONDS = 600


class UploadThrottle(BaseThrottle):
    """For views that take files: every POST counts, whatever becomes of it; other methods do not.

    All channels of a person count together, and so does what their pictures cost (see `charge_person`).
    """

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - REST framework's signature
        """True. Raises `TooManyAttempts`, whose answer says when to try again."""
        if self.counts(request):
            count_upload(request.user.pk, per_minute=self.per_minute())
        return True

    def counts(self, request: Request) -> bool:
        """Whether this request is one to count."""
        return request.method == "POST"

    def per_minute(self) -> int:
        return int(settings.UPLOADS_PER_MINUTE)


class StaffUploadThrottle(UploadThrottle):
    """For staff, who may bring a school's photos by a script; what is no form cannot bring a file."""

    def counts(self, request: Request) -> bool:
        """Counts forms of any method."""
        return (request.content_type or "").startswith("multipart/") and request.method != "GET"

    def per_minute(self) -> int:
        return staff_per_minute()


def count_upload(person: Any, *, per_minute: int) -> None:
    """One more. Raises `TooManyAttempts`, also where the person's pictures have cost too much."""
    if count(f"uploads:{person}") > per_minute:
        raise TooManyAttempts(retry_after_seconds=WINDOW_SECONDS)
    if counted(_cpu_of(person), window_seconds=CPU_WINDOW_SECONDS) > settings.UPLOAD_CPU_SECONDS:
        raise TooManyAttempts(retry_after_seconds=CPU_WINDOW_SECONDS)


def staff_per_minute() -> int:
    """Photos of students, by REST and in the admin together."""
    return 10 * int(settings.UPLOADS_PER_MINUTE)


def charge_person(person: Any, cpu_seconds: float) -> None:
    """Count what the pictures of a request cost. Less than a quarter of a second is not worth a statement."""
    if person is not None and cpu_seconds >= 0.25:
        count(_cpu_of(person), by=round(cpu_seconds) or 1, window_seconds=CPU_WINDOW_SECONDS)


def _cpu_of(person: Any) -> str:
    return f"upload_cpu:{person}"
