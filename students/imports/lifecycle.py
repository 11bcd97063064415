"""What every import goes through, whatever is imported: begun, ready, committing, committed or discarded.

A state changes by one UPDATE that names the state before: of two people who commit at once, one is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor, record
from photostore.errors import Conflict, NotFound, PhotostoreError
from photostore.models import Operation
from students.models import Import, ImportRow, ImportSource

State = Import.State
FORGOTTEN_AT_ONCE = 100


def begin(
    kind: Import.Kind,
    actor: Actor,
    *,
    file_names: list[str],
    options: dict[str, Any] | None = None,
    pk: UUID | None = None,
) -> Import:
    """A new import, to be read; call it in the transaction that keeps what was handed in."""
    begun = Import.objects.create(
        pk=pk or uuid4(),
        kind=kind,
        created_by_id=actor.id,
        created_by=actor.name,
        channel=actor.channel,
        file_names=file_names,
        options=options or {},
    )
    record(actor, "import.begin", subject=subject_of(begun))
    return begun


def standing() -> QuerySet[Import]:
    """Those that have not expired; one that is committing never does."""
    return Import.objects.filter(Q(expires_at__gt=timezone.now()) | Q(state=State.COMMITTING))


def find(kind: Import.Kind, import_id: UUID) -> Import:
    """One that has not expired. Raises `NotFound`."""
    found = standing().filter(kind=kind, pk=import_id).first()
    if found is None:
        raise NotFound
    return found


def find_row(batch: Import, n: int) -> ImportRow:
    """Raises `NotFound`."""
    row = batch.rows.filter(n=n).select_related("student").first()
    if row is None:
        raise NotFound
    row.batch = batch
    return row


def row_numbers(said: Iterable[str]) -> list[int]:
    """Those that a form names; no row has a number of ten digits."""
    return [int(n) for n in said if n.isdecimal() and len(n) < 10]


def read_again(batch: Import, actor: Actor, *, options: dict[str, Any]) -> None:
    """Its rows are forgotten, and made anew with other choices. Raises `Conflict` unless it is ready."""
    with transaction.atomic():
        _step(batch, (State.READY, State.FAILED), State.READING, options=options, found={}, error=None)
        batch.rows.all().delete()
        record(actor, "import.read_again", subject=subject_of(batch))


def now_ready(batch: Import, *, found: dict[str, Any]) -> None:
    """Reading is over; call it in the transaction that writes the last rows."""
    _step(batch, (State.READING,), State.READY, found=found)


def failed(batch: Import, why: PhotostoreError) -> None:
    """It cannot be read, and why. What was read so far is forgotten."""
    with transaction.atomic():
        error = {**getattr(why, "params", {}), "code": why.code, "sentence": str(why)}
        _step(batch, (State.READING,), State.FAILED, error=error)
        batch.rows.all().delete()


def begin_commit(batch: Import, actor: Actor) -> None:
    """From here on the job commits it, killed or not. Raises `Conflict` unless it is ready."""
    who = {"id": actor.id, "name": actor.name, "channel": actor.channel, "address": actor.address}
    with transaction.atomic():
        _step(batch, (State.READY,), State.COMMITTING, committed_by=who, operation=uuid4())
        record(actor, "import.commit", subject=subject_of(batch))


def was_undone(batch: Import) -> bool:
    """What a killed run had committed so far was undone: then the rest is not wanted either."""
    states = (Operation.State.UNDONE, Operation.State.PARTLY)
    return Operation.objects.filter(pk__in=[batch.operation], state__in=states).exists()


def now_committed(batch: Import) -> None:
    """The last row is done, and the list itself is not needed any more. Idempotent."""
    did_something = Operation.objects.filter(pk__in=[batch.operation]).exists()
    Import.objects.filter(pk=batch.pk, state=State.COMMITTING).update(
        state=State.COMMITTED, operation=batch.operation if did_something else None
    )
    ImportSource.objects.filter(batch=batch).delete()


def discard(batch: Import, actor: Actor) -> None:
    """It is not wanted: its rows go, and nothing else was changed. Raises `Conflict` once it is committed."""
    with transaction.atomic():
        _step(batch, (State.READING, State.READY, State.FAILED), State.DISCARDED)
        batch.rows.all().delete()
        ImportSource.objects.filter(batch=batch).delete()
        record(actor, "import.discard", subject=subject_of(batch))


def committer(batch: Import) -> Actor:
    return Actor(**(batch.committed_by or {}))


def refuse_unless_ready(batch: Import) -> None:
    """Rows change while they are ready for review, and at no other time. Raises `Conflict`."""
    if batch.state != State.READY:
        raise _not_now(batch)


def counts(batch: Import) -> dict[str, int]:
    """The number of rows in each state."""
    return counts_of([batch])[batch.pk]


def counts_of(batches: Collection[Import]) -> dict[UUID, dict[str, int]]:
    """The same of many, in one query."""
    found: dict[UUID, dict[str, int]] = {batch.pk: {} for batch in batches}
    rows = ImportRow.objects.filter(batch__in=found).order_by("state").values_list("batch", "state")
    for pk, state, number in rows.annotate(Count("pk")):
        found[pk][state] = number
    return found


def forget_expired() -> int:
    """Delete imports whose time is over, with their rows; how many. One that is committing is not touched."""
    some = [batch.pk for batch in expired()]
    Import.objects.filter(pk__in=some).delete()
    return len(some)


def expired() -> list[Import]:
    """Those that `forget_expired` takes next."""
    old = Import.objects.filter(expires_at__lte=timezone.now()).exclude(state=State.COMMITTING)
    return list(old.order_by("expires_at", "pk")[:FORGOTTEN_AT_ONCE])


def left_alone() -> Iterator[tuple[UUID, bool]]:
    """Imports that should have been read (False) or committed (True) for an hour, and are not."""
    stuck = Import.objects.filter(state__in=(State.READING, State.COMMITTING), created_at__lt=_an_hour_ago())
    for pk, state, options in stuck.values_list("pk", "state", "options"):
        if "arriving" not in options:
            yield pk, state == State.COMMITTING


def _an_hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def subject_of(batch: Import) -> str:
    """How audit rows name it."""
    return f"import {batch.pk}"


def _step(batch: Import, before: tuple[State, ...], after: State, **fields: Any) -> None:
    stepped = Import.objects.filter(pk=batch.pk, state__in=before).update(state=after, **fields)
    batch.refresh_from_db()
    if not stepped:
        raise _not_now(batch)


def _not_now(batch: Import) -> Conflict:
    sentence = _("This import is %(state)s; that is not possible any more, or not yet.")
    return Conflict(sentence % {"state": batch.get_state_display()}, code="import_is_" + batch.state)
