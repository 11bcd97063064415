"""What is done for students in the background."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob

from photostore.background import command, on_request, periodic
from photostore.errors import CommandRefused, NotFound, StorageUnavailable
from students.fingerprints import Looker
from students.imports import kinds, lifecycle
from students.imports.photos import arriving
from students.models import Import
from students.recovery.legacy.by_itself import WORKER, Adopter
from students.renumbering import retag_some

# It remembers what it had to leave, so that no round reads the same damaged file again.
_adopter = Adopter()
_looker = Looker()


@on_request(_("Read an import"), again_after_seconds=30, again_on=(StorageUnavailable,))
def read_import(import_id: str) -> None:
    """Nothing where it is read already."""
    kinds.read(UUID(import_id))


@on_request(_("Commit an import"), again_after_seconds=10, again_on=(StorageUnavailable, CommandRefused))
def commit_import(import_id: str) -> None:
    """Goes on where a killed worker stopped; waits for a command that changes photos meanwhile."""
    kinds.commit(UUID(import_id))


def read_soon(import_id: UUID) -> None:
    """Have it read, once the caller's transaction has committed."""
    read_import.configure(lock=f"import {import_id}").defer(import_id=str(import_id))


def read_once_complete(batch: Import) -> None:
    """Have a zip that came in pieces read where its last byte is here; nothing where another call has done
    so. Raises `StorageUnavailable`.
    """
    with suppress(NotFound), transaction.atomic():
        if arriving.now_complete(batch):
            read_soon(batch.pk)


def commit_soon(import_id: UUID) -> None:
    """Have it committed, once the caller's transaction has committed."""
    commit_import.configure(lock=f"import {import_id}").defer(import_id=str(import_id))


@periodic(_("Resume imports that were interrupted"), cron="*/5 * * * *")
def take_up_imports() -> None:
    waiting = ProcrastinateJob.objects.filter(status__in=("todo", "doing"))
    known = set(waiting.filter(lock__startswith="import ").values_list("lock", flat=True))
    for import_id, is_read in lifecycle.left_alone():
        if f"import {import_id}" not in known:
            (commit_soon if is_read else read_soon)(import_id)
    for batch in arriving.awaited():
        read_once_complete(batch)


@periodic(_("Adopt photos that another system's rows name"), cron="* * * * *")
def adopt_legacy_rows() -> None:
    """What a person has to decide is left for `adopt_media`."""
    _adopter.adopt_some()


@periodic(_("Update the photos of students whose number changed"), cron="* * * * *")
def retag_photos() -> None:
    """Numbers that SQL changed; other changes see to it themselves."""
    retag_some(WORKER)


@periodic(_("Look at photos that came back unseen"), cron="* * * * *", queue="long")
def look_at_pixels() -> None:
    """Recovery copies what it knows and decodes nothing."""
    _looker.look()


@periodic(_("Delete imports that expired"), cron="13 * * * *")
def forget_expired_imports() -> None:
    """Batch by batch, until none is left."""
    while kinds.forget_expired():
        pass


@periodic(_("Write the backup"), cron="47 1 * * *", queue="long")
def back_up() -> None:
    """The newest thirty are kept."""
    command("create_seed_backup", "--keep", "30")
