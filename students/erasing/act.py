"""Use case: a student is erased, at once and for good, on the request of whoever may ask for it.

The row's deletion, the tombstones and the giving up of every file commit together; the outbox then removes
the bytes. So a kill leaves nothing to decide: whoever runs next goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from photostore import keys
from photostore.audit import Actor, record
from photostore.errors import PhotostoreError, StorageAway
from photostore.models import Act, AuditEntry, PendingRemoval, QuarantinedFile, StoredFile
from photostore.operations import ActKind, register
from photostore.operations.quarantine import sha256_of
from photostore.outbox import drain
from photostore.register import Owner
from photostore.storage import storage_for
from students import identity
from students.models import ATTENDANCE_LABEL, OWNER_LABEL, AttendancePhoto, Student, StudentPhoto
from students.tombstones import Tombstone, bury
from students.versions import MAX_STORED_BYTES

OPERATOR = Actor(id="", name="erase_student", door="command")
ALIASES = ("default", "safe")
CHUNK_BYTES = 1_048_576


class EraseStudent(ActKind):
    """Details: `student` (pk) and `student_id`; nothing else about the erased is ever written down."""

    name = "erase_student"

    def perform(self, act: Act) -> None:
        """Rows and tombstones in one transaction, then every byte; from any step again."""
        pk, student_id = int(act.details["student"]), UUID(act.details["student_id"])
        owner = Owner(OWNER_LABEL, str(pk))
        with owner.locked():
            if Student.objects.filter(pk=pk, student_id=student_id).exists():
                with transaction.atomic(durable=True):
                    _forget(pk, student_id, owner)
            for given_up in _owners_to_drain(student_id, owner):
                with given_up.locked():
                    drain(given_up)
            _remove_strays(pk, student_id)
        _scrub(act, student_id)
        if PendingRemoval.objects.filter(_of(student_id, owner)).exists():
            raise StorageAway  # the outbox logs what it cannot remove; an erasure must not pass over it

    def revert(self, act: Act) -> None:
        """Never: the operation says that it cannot be undone."""
        raise NotImplementedError


register(EraseStudent())


def _forget(pk: int, student_id: UUID, owner: Owner) -> None:
    """Every row, with its files into the outbox: to be removed, not to be set aside."""
    Student.objects.select_for_update().get(pk=pk)
    attendance = [str(one) for one in AttendancePhoto.objects.filter(student=pk).values_list("pk", flat=True)]
    theirs = Q(**owner.files) | Q(owner_label=ATTENDANCE_LABEL, owner_id__in=attendance)
    theirs |= Q(key__startswith=f"photos/students/{student_id}/")
    sha256s = _sha256s(pk, theirs)
    bury(student_id, sha256s)
    StoredFile.objects.filter(theirs).update(keep_aside=False)
    # A file that was matched or migrated was set aside as nobody's: its bytes say that it is theirs.
    aside = QuarantinedFile.objects.filter(theirs | Q(owner_label="", sha256__in=sha256s))
    for row in aside:
        _give_up(row, owner)
    aside.delete()
    record(OPERATOR, "student.erase", subject=f"student {student_id}")
    Student.objects.filter(pk=pk).delete()
    StoredFile.objects.filter(theirs, kind=StoredFile.Kind.ORIGINAL).delete()
    PendingRemoval.objects.filter(theirs).update(operation=None)


def _sha256s(pk: int, theirs: Q) -> set[str]:
    found = set(QuarantinedFile.objects.filter(theirs).values_list("sha256", flat=True))
    files = StoredFile.objects.filter(theirs).exclude(kind=StoredFile.Kind.DERIVATIVE)
    found.update(files.values_list("sha256", flat=True))
    for model in (StudentPhoto, AttendancePhoto):
        rows = model._default_manager.filter(student=pk)
        for values in rows.values_list("sha256", "untagged_sha256", "source_sha256"):
            found.update(values)
    return found


def _give_up(row: QuarantinedFile, owner: Owner) -> None:
    columns = ("storage_alias", "sha256", "byte_size", "content_type")
    PendingRemoval.objects.create(
        key=keys.quarantined(row.operation, row.key),
        operation=None,
        queued_at=row.quarantined_at,
        **owner.files,
        **{name: getattr(row, name) for name in columns},
    )


def _of(student_id: UUID, owner: Owner) -> Q:
    return Q(**owner.files) | Q(key__contains=f"/students/{student_id}/")


def _owners_to_drain(student_id: UUID, owner: Owner) -> list[Owner]:
    rows = PendingRemoval.objects.filter(_of(student_id, owner))
    return [Owner(*one) for one in rows.order_by().values_list("owner_label", "owner_id").distinct()]


def _remove_strays(pk: int, student_id: UUID) -> None:
    """What no row named: in the student's folders, and in quarantine where the bytes say it is theirs."""
    for alias in ALIASES:
        storage = storage_for(alias)
        if not storage.is_prepared():
            continue
        for prefix in (f"photos/students/{student_id}/", f"derived/students/{student_id}/"):
            for file in [*storage.scan(prefix), *storage.partials(prefix)]:
                storage.remove(file.key)
        for file in list(storage.scan("quarantine/")):
            if _is_theirs(alias, file.key, pk, student_id):
                storage.remove(file.key)
        # By its name alone the documented photo of an id may be another child's: the bytes decide.
        for file in list(storage.scan(f"student_photos/student_{pk}_profile.")):
            if _shows(alias, file.key, student_id):
                storage.remove(file.key)


def _is_theirs(alias: str, key: str, pk: int, student_id: UUID) -> bool:
    if f"/students/{student_id}/" in key:
        return True
    return f"/student_photos/student_{pk}_profile." in key and _shows(alias, key, student_id)


def _shows(alias: str, key: str, student_id: UUID) -> bool:
    """Whether no row names this file, and its bytes are known as the erased student's, or name them."""
    if StoredFile.objects.filter(storage_alias=alias, key=key).exists():
        return False
    if Tombstone.objects.filter(student_id=student_id, sha256=sha256_of(alias, key) or "-").exists():
        return True
    try:
        inside = identity.read(storage_for(alias).read(key, max_bytes=MAX_STORED_BYTES))
    except StorageAway:
        raise
    except PhotostoreError:
        return False
    return inside is not None and inside.student_id == student_id


def _scrub(act: Act, student_id: UUID) -> None:
    """Leave an opaque id in journals and audit, and nothing else about the erased."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE photostore_act SET details = '{}', state = 'skipped', note = 'The student was erased.'
            WHERE id <> %s AND (subject LIKE %s OR details::text LIKE %s)
            """,
            [act.pk, f"student {student_id}%", f"%{student_id}%"],
        )
        entries = AuditEntry.objects.filter(subject__startswith=f"student {student_id}")
        entries.update(old_sha256="", new_sha256="", subject=f"student {student_id}")


def backups_that_remain(student_id: UUID) -> list[str]:
    """The dated backups that still name the student: nobody but a person may delete those."""
    folder: Path = settings.PHOTO_BACKUP_DIR
    return sorted(path.name for path in folder.glob("*.json") if _mentions(path, str(student_id).encode()))


def _mentions(path: Path, wanted: bytes) -> bool:
    tail = b""
    for chunk in _chunks(path):
        if wanted in (tail + chunk).lower():
            return True
        tail = chunk[-len(wanted) :]
    return False


def _chunks(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK_BYTES), b"")
