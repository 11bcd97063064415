"""A zip that comes over many connections, by tus: announced, then its bytes, from the last break on.

Only where files are on a disk: a bucket does not let a file grow.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from photostore import keys
from photostore.audit import Actor
from photostore.errors import Conflict, FileMissing, FileTooLarge, InvalidFile, NotFound
from photostore.incoming import spool
from photostore.storage import storage_for
from students.imports import lifecycle
from students.imports.photos.archive import MEGABYTE
from students.imports.photos.receive import limits
from students.models import Import

ARRIVING = "arriving"


def announce(*, filename: str, size: int, actor: Actor) -> Import:
    """A new import whose zip of `size` bytes is about to come. Raises `FileTooLarge`, `Conflict`."""
    if size < 1:
        raise InvalidFile(_("The file is empty."), code="empty_file", field="size")
    most = limits().zip_bytes
    if size > most:
        raise FileTooLarge(
            _("The file is too large. The limit is %(limit)d MB.") % {"limit": most // MEGABYTE}
        )
    if storage_for().takes_uploads_itself:
        raise Conflict(
            _("Files are kept in a bucket here, which takes no upload in pieces. Send the zip as a form."),
            code="no_tus_here",
        )
    import_id = uuid4()
    spool.begin_spool(keys.import_source(import_id, 0))
    with transaction.atomic():
        options = {"sources": 1, ARRIVING: {"size": size}}
        return lifecycle.begin(
            Import.Kind.PHOTOS, actor, pk=import_id, file_names=[filename[-255:]], options=options
        )


def announced_size(batch: Import) -> int:
    """Raises `NotFound` for an import whose zip is not on its way."""
    arriving = batch.options.get(ARRIVING)
    if arriving is None or batch.state != Import.State.READING:
        raise NotFound
    return int(arriving["size"])


def arrived_bytes(batch: Import) -> int:
    """How much of it is here for good. Raises `NotFound`, `StorageUnavailable`."""
    announced_size(batch)
    try:
        return spool.arrived_bytes(keys.import_source(batch.pk, 0))
    except FileMissing as error:
        raise NotFound from error


def receive(batch: Import, *, offset: int, byte_count: int | None, read: Callable[[int], bytes]) -> int:
    """Add what `read` gives; how much is here then.

    What came before a broken connection stays. Raises `NotFound`, `Conflict`, `InUse`, `StorageUnavailable`
    and whatever `read` raises.
    """
    size = announced_size(batch)
    try:
        with spool.held_spool(keys.import_source(batch.pk, 0)) as held:
            room = size - held.byte_size
            if held.byte_size != offset:
                raise Conflict(
                    _("Upload-Offset is not the next byte. Ask for it with HEAD."), code="wrong_offset"
                )
            if byte_count is not None and byte_count > room:
                raise Conflict(_("More bytes were sent than were announced."), code="more_than_announced")
            held.append(read, byte_count=room)
            return held.byte_size
    except FileMissing as error:
        raise NotFound from error


def now_complete(batch: Import) -> bool:
    """Whether its last byte is here, which is said once; have it read in the same transaction.

    Raises `NotFound`, `StorageUnavailable`.
    """
    if arrived_bytes(batch) != announced_size(batch):
        return False
    options = {name: value for name, value in batch.options.items() if name != ARRIVING}
    return bool(awaited().filter(pk=batch.pk).update(options=options))


def awaited() -> QuerySet[Import]:
    """Those whose zip is on its way."""
    return Import.objects.filter(state=Import.State.READING, options__has_key=ARRIVING)
