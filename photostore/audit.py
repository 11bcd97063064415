"""Who did what: one row for every change and for every refused attempt."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from photostore.errors import StorageUnavailable
from photostore.many_rows import insert
from photostore.models import AuditEntry
from photostore.request_id import current_request_id
from photostore.throttling import count, network_of

ANONYMOUS_REFUSALS_PER_MINUTE = 20
REFUSALS_PER_MINUTE = 120
FORGOTTEN_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who acts, and the channel they came through: api, admin, command, media."""

    id: str
    name: str
    channel: str
    address: str = ""

    @classmethod
    def of(cls, request: HttpRequest, channel: str = "api") -> Actor:
        """The person behind a request; anonymous ones have an empty id."""
        user = getattr(request, "user", None)
        address = client_address(request)
        if user is None or not user.is_authenticated:
            return cls(id="", name="", channel=channel, address=address)
        return cls(id=str(user.pk), name=user.get_username()[:200], channel=channel, address=address)


ANONYMOUS = Actor(id="", name="", channel="upload")

_request: ContextVar[HttpRequest | None] = ContextVar("acting_request", default=None)


@contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """While `request` is answered, its sender is the actor."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def acting_request() -> HttpRequest | None:
    """The request that this thread answers; None in a command."""
    return _request.get()


def current_actor() -> Actor:
    """The sender of the request that is being answered, else the operator of a command."""
    request = _request.get()
    return operator() if request is None else Actor.of(request, channel_of(request))


def operator() -> Actor:
    """Who runs a command on this machine."""
    return Actor(id="", name=os.environ.get("USER", "") or "operator", channel="command")


def subject_of_user(user_id: object) -> str:
    """How audit rows name a user."""
    return f"user {user_id}"


def channel_of(request: HttpRequest) -> str:
    """By which of our ways in a request came."""
    if request.path.startswith("/admin/"):
        return "admin"
    return "page" if request.path.startswith("/me/") else "api"


def client_address(request: HttpRequest) -> str:
    """The address that the request came from: the last hop that is not a proxy of ours.

    `X-Forwarded-For` counts only when the peer is in `TRUSTED_PROXIES`: anybody can send the header.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while address in settings.TRUSTED_PROXIES and hops:
        hop = hops.pop().strip()
        try:
            address = str(ip_address(hop))
        except ValueError:
            break
    return str(address)[:64]


def record(
    actor: Actor,
    action: str,
    *,
    subject: str = "",
    old_sha256: str = "",
    new_sha256: str = "",
    code: str = "",
    outcome: str = AuditEntry.Outcome.DONE,
    details: Iterable[str] = (),
) -> None:
    """Write one row, in the caller's transaction: a change and its row commit together.

    `details` are names of rights or fields, never a value.
    """
    entry_of(
        actor,
        action,
        subject=subject,
        old_sha256=old_sha256,
        new_sha256=new_sha256,
        code=code,
        outcome=outcome,
        details=", ".join(details),
    ).save(force_insert=True)


def record_all(entries: Iterable[AuditEntry]) -> None:
    """The same of many, made by `entry_of`."""
    AuditEntry.objects.bulk_create(entries)


def entry_of(actor: Actor, action: str, *, subject: str = "", **values: str) -> AuditEntry:
    """One row, not saved yet."""
    return AuditEntry(
        actor_id=actor.id,
        actor_name=actor.name,
        channel=actor.channel,
        action=action,
        subject=subject[:200],
        request_id=current_request_id(),
        address=actor.address,
        **values,
    )


def record_many(actor: Actor, action: str, subjects: Iterable[str]) -> None:
    """The same for many subjects, in few statements."""
    now, request_id = timezone.now(), current_request_id()
    insert(
        AuditEntry,
        [
            {
                "at": now,
                "actor_id": actor.id,
                "actor_name": actor.name,
                "channel": actor.channel,
                "action": action,
                "outcome": AuditEntry.Outcome.DONE,
                "code": "",
                "subject": subject[:200],
                "old_sha256": "",
                "new_sha256": "",
                "request_id": request_id,
                "address": actor.address,
            }
            for subject in subjects
        ],
    )


@contextmanager
def failures_recorded(actor: Actor, action: str, subject: str) -> Iterator[None]:
    """Leave an audit row when storage or scanner fail, which no refusal of ours would leave."""
    try:
        yield
    except StorageUnavailable as error:
        record_refusal(actor, action, subject=subject, code=error.code)
        raise


def record_refusal(actor: Actor, action: str, *, subject: str = "", code: str = "") -> None:
    """Write one row about an attempt that was refused, outside any transaction that was rolled back.

    They are counted for each person, and for each network of anonymous visitors, and dropped beyond a
    limit: else anybody could fill the disk.
    """
    limit = REFUSALS_PER_MINUTE if actor.id else ANONYMOUS_REFUSALS_PER_MINUTE
    if count(f"refusals:{actor.id or network_of(actor.address)}") > limit:
        return
    record(actor, action, subject=subject, code=code, outcome=AuditEntry.Outcome.REFUSED)


def forget_old_entries() -> int:
    """Delete some of the rows that are older than `AUDIT_DAYS`, the oldest first; how many."""
    if not settings.AUDIT_DAYS:
        return 0
    old = AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=settings.AUDIT_DAYS))
    some = old.order_by("at", "id").values("pk")[:FORGOTTEN_AT_ONCE]
    return AuditEntry.objects.filter(pk__in=some).delete()[0]
