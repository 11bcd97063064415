"""Use case: a student is erased, at once and for good, on request.

The row's deletion, the tombstones and the giving up of every file commit together; the outbox then removes
the bytes. So a kill leaves nothing to decide: the next run goes on.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from photostore import keys
from photostore.audit import Actor, record
from photostore.errors import StorageUnavailable
from photostore.models import AuditEntry, OperationStep, PendingRemoval, QuarantinedFile, StoredFile
from photostore.operations import StepHandler
from photostore.owners import Owner
from photostore.register.outbox import drain
from students.models import (
    OWNER_LABEL,
    SHA256_COLUMNS,
    FormerStudentNumber,
    Student,
    StudentPhoto,
)
from students.recovery.change.sources import write_down
from students.recovery.erase.admin_log import forget_admin_log
from students.recovery.erase.database_log import forget_in_database_log
from students.recovery.erase.files import (
    LooseFiles,
    empty_folders,
    files_in_folder,
    sha256s_of_the_rows_own_file,
)
from students.recovery.erase.former_ids import former_ids
from students.recovery.erase.imports import forget_imports, rows_that_name
from students.recovery.erase.remaining_traces import recorded_in_backup
from students.tombstones import add_tombstones, erased_students

OPERATOR = Actor(id="", name="erase_student", channel="command")


class EraseStudent(StepHandler):
    """Details: `student` (pk, 0 where unknown) and `student_id`, of one who is here or was deleted.

    Written down before acting: `earlier`, the ids that they had before a reseed, which are erased with them;
    `import_rows`, the keys of the rows of imports that are theirs.
    Nothing else about the erased is ever written down.
    """

    name = "erase_student"

    def perform(self, step: OperationStep) -> None:
        """Rows and tombstones in one transaction, then every byte; from any step again."""
        pk, student_id = int(step.details["student"]), UUID(step.details["student_id"])
        owner, loose = Owner(OWNER_LABEL, str(pk)), LooseFiles()
        if "earlier" not in step.details:
            step.details["earlier"] = sorted(map(str, former_ids(student_id, pk, loose)))
            write_down([step])
        if "import_rows" not in step.details:
            step.details["import_rows"] = rows_that_name(pk)
            write_down([step])
        earlier = [UUID(one) for one in step.details["earlier"]]
        ids = (student_id, *earlier)
        forget_in_database_log(student_id)
        with owner.locked():
            # What is recognised by its bytes is looked at before the rows and the folder are gone.
            known = set().union(*map(recorded_in_backup, ids))
            known |= {file.bare_sha256 for one in ids for file in files_in_folder(one)}
            known |= sha256s_of_the_rows_own_file(student_id)
            with transaction.atomic(durable=True):
                for one in earlier:
                    add_tombstones(one, ())
                _forget(pk, student_id, owner, known)
            for given_up in _owners_to_drain(student_id, owner):
                with given_up.locked():
                    drain(given_up)
            for one in ids:
                empty_folders(one)
        for one in ids:
            forget_imports(pk, one, step.details["import_rows"])
        loose.look()
        loose.remove_those_of(student_id, earlier)
        for one in ids:
            _scrub(step, one)
        if PendingRemoval.objects.filter(_of(student_id, owner)).exists():
            # The outbox logs what it cannot remove; an erasure must not pass over it.
            raise StorageUnavailable

    def revert(self, step: OperationStep) -> None:
        """Never: the operation says that it cannot be undone."""
        raise NotImplementedError


def _forget(pk: int, student_id: UUID, owner: Owner, known: set[str]) -> None:
    """Every row, with its files into the outbox: to be removed, not to be set aside."""
    is_here = Student.objects.select_for_update().filter(pk=pk, student_id=student_id).exists()
    theirs = Q(key__startswith=f"photos/students/{student_id}/")
    # The integer of a deleted student may be another student's by now.
    another = Student.objects.filter(pk=pk).exclude(student_id=student_id).first()
    if another is None:
        theirs |= Q(**owner.files)
    before_them = Q(quarantined_at__lt=another.created_at, **owner.files) if another else Q(pk=None)
    known_as_erased = erased_students([student_id])
    add_tombstones(student_id, known | _sha256s(pk if is_here else None, theirs))
    StoredFile.objects.filter(theirs).update(keep_aside=False)
    aside = QuarantinedFile.objects.filter(theirs | before_them)
    for row in aside:
        _give_up(row, owner)
    aside.delete()
    if not known_as_erased:
        record(OPERATOR, "student.erase", subject=f"student {student_id}")
    numbers = FormerStudentNumber.objects.filter(student=pk if is_here else None)
    forget_admin_log(
        pk,
        numbers=[str(one) for one in numbers.values_list("pk", flat=True)],
        until=another.created_at if another else None,
    )
    Student.objects.filter(pk=pk, student_id=student_id).delete()
    StoredFile.objects.filter(theirs, kind=StoredFile.Kind.ORIGINAL).delete()
    PendingRemoval.objects.filter(theirs).update(operation=None)


def _sha256s(pk: int | None, theirs: Q) -> set[str]:
    found = set(QuarantinedFile.objects.filter(theirs).values_list("sha256", flat=True))
    found.update(PendingRemoval.objects.filter(theirs).values_list("sha256", flat=True))
    files = StoredFile.objects.filter(theirs).exclude(kind=StoredFile.Kind.DERIVATIVE)
    found.update(files.values_list("sha256", flat=True))
    for values in StudentPhoto.objects.filter(student=pk).values_list(*SHA256_COLUMNS):
        found.update(values)
    return found - {""}


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


# A file that was unowned when it was moved is named by its own name, perhaps a person's, and by its sha256.
_EMPTY_STEPS = """
UPDATE photostore_operationstep SET details = '{}', state = 'skipped', note = 'The student was erased.',
    subject = CASE WHEN subject LIKE 'student %%' THEN subject ELSE 'student ' || %(student)s END
WHERE id <> %(step)s AND (subject LIKE %(any)s OR details::text LIKE %(any)s OR (subject NOT LIKE 'student %%'
    AND details->>'sha256' IN (
        SELECT sha256 FROM students_tombstone WHERE student_id = %(student)s AND sha256 <> '')))
"""


def _scrub(step: OperationStep, student_id: UUID) -> None:
    """Leave an opaque id in journals and audit, and nothing else about the erased."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EMPTY_STEPS, {"step": step.pk, "student": student_id, "any": f"%{student_id}%"})
        entries = AuditEntry.objects.filter(subject__startswith=f"student {student_id}")
        entries.update(old_sha256="", new_sha256="", subject=f"student {student_id}")
