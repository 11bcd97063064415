"""The audit neither grows for ever nor is filled by one person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from photostore import audit
from photostore.audit import Actor, forget_old_entries, record, record_refusal
from photostore.models import AuditEntry

pytestmark = pytest.mark.django_db
MONA = Actor("7", "mona", "api", "192.0.2.1")


def test_rows_go_when_their_time_is_over(settings: Any) -> None:
    settings.AUDIT_DAYS = 30
    for _ in range(4):
        record(MONA, "photo.upload")
    old, older, *_young = AuditEntry.objects.order_by("pk")
    AuditEntry.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
    AuditEntry.objects.filter(pk=older.pk).update(at=timezone.now() - timedelta(days=29))
    assert forget_old_entries() == 1
    assert AuditEntry.objects.count() == 3
    settings.AUDIT_DAYS = 0
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=4000))
    assert forget_old_entries() == 0


def test_only_so_many_go_at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "FORGOTTEN_AT_ONCE", 2)
    for _ in range(3):
        record(MONA, "photo.upload")
    AuditEntry.objects.update(at=timezone.now() - timedelta(days=settings.AUDIT_DAYS + 1))
    assert (forget_old_entries(), forget_old_entries(), forget_old_entries()) == (2, 1, 0)


def test_one_person_cannot_fill_it_with_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "REFUSALS_PER_MINUTE", 5)
    for _ in range(9):
        record_refusal(MONA, "POST /x")
    record_refusal(Actor("8", "nina", "api", "192.0.2.1"), "POST /x")
    assert AuditEntry.objects.filter(actor_name="mona").count() == 5
    assert AuditEntry.objects.filter(actor_name="nina").count() == 1
    record(MONA, "photo.upload")
    assert AuditEntry.objects.filter(actor_name="mona").count() == 6, "what was done is always written down"


def test_nobody_fills_it_from_all_addresses_of_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ANONYMOUS_REFUSALS_PER_MINUTE", 5)
    for number in range(9):
        record_refusal(Actor("", "", "api", f"2001:db8::{number:x}"), "POST /x")
    assert AuditEntry.objects.count() == 5
