"""Use case of `migrate_orphaned_photos --clean`: setting aside what no evidence claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection
from django.utils import timezone

from photostore.errors import CommandRefused, Conflict
from photostore.inventory.diff import YOUNG
from photostore.inventory.sweep import MAX_ONLY_COPIES, MAX_SHARE
from photostore.models import StoredFile
from photostore.operations import OperationRunner
from photostore.references import locked_key
from photostore.storage import storage_for
from photostore.storage.disk import DiskStorage
from students.checking import kept_files
from students.key_claims import FOLDERS, UPLOADS, claim_of
from students.matching import State
from students.models import Student
from students.recovery.change.sources import aside_details
from students.recovery.evidence.findings import Finding
from students.recovery.evidence.plan import PLAN, Plan
from students.recovery.unowned import UnownedFile

BATCH = 1_000
_ONLY_COPIES = f"""
SELECT count(DISTINCT bare_sha256) FROM {PLAN} AS unowned
WHERE state = 'unknown' AND (key LIKE 'photos/students/%%' OR key LIKE 'student_photos/%%')
  AND modified_at < %s
  AND NOT EXISTS (SELECT 1 FROM {PLAN} AS other
                  WHERE other.bare_sha256 = unowned.bare_sha256 AND other.state <> 'unknown')
  AND NOT EXISTS (SELECT 1 FROM students_studentphoto AS photo
                  WHERE photo.untagged_sha256 = unowned.bare_sha256)
"""  # noqa: S608 - names of our own


@dataclass(frozen=True)
class Cleaning:
    """What a clean-up would take away. `only_copies`: pictures whose bytes exist nowhere else."""

    plan: Plan
    older_than: datetime
    files: int
    young: int
    claimed: int
    only_copies: int
    all_files: int

    def to_take(self) -> Iterator[Finding]:
        for one in _to_clean(self.plan):
            if one.unowned_file.modified_at < self.older_than:
                yield one

    def check(self, *, force: bool) -> None:
        """Refuse what looks like the wrong database or the wrong disk. Raises `CommandRefused`."""
        if not StoredFile.objects.exists() or not Student.objects.exists():
            raise CommandRefused(
                "Nothing was changed: the database knows no students or no photos at all. "
                "Is it the right one? Restore it first; the files are all that is left."
            )
        if force or self.only_copies <= MAX_ONLY_COPIES or self.files <= self.all_files * MAX_SHARE:
            return
        raise CommandRefused(
            f"Nothing was changed: this would take away {self.files} of {self.all_files} files, and of "
            f"{self.only_copies} pictures there is no other copy. Look at --list; --force does it anyway."
        )


def plan_cleaning(plan: Plan) -> Cleaning:
    """Count what would go, what is too young, and what evidence claims."""
    older_than = timezone.now() - YOUNG
    unknown = [0, 0]
    for one in _to_clean(plan):
        unknown[one.unowned_file.modified_at >= older_than] += 1
    with connection.cursor() as cursor:
        cursor.execute(_ONLY_COPIES, [older_than])
        (only_copies,) = cursor.fetchone()
    unowned_files = sum(plan.counts.values())
    return Cleaning(
        plan=plan,
        older_than=older_than,
        files=unknown[0],
        young=unknown[1],
        claimed=unowned_files - plan.counts[State.UNKNOWN],
        only_copies=only_copies,
        all_files=unowned_files + StoredFile.objects.count(),
    )


def _to_clean(plan: Plan) -> Iterator[Finding]:
    """What no evidence claims, and what belongs to no student who is here: theirs is to be adopted or asked
    about.
    """
    found = (one for one in plan.in_states(State.UNKNOWN) if _is_ours_to_clean(one.unowned_file))
    while batch := list(islice(found, BATCH)):
        kept = kept_files([one.unowned_file.key for one in batch])
        yield from (one for one in batch if one.unowned_file.key not in kept)


def _is_ours_to_clean(unowned_file: UnownedFile) -> bool:
    return unowned_file.key.startswith((FOLDERS, UPLOADS)) and unowned_file.stored_at == unowned_file.key


def remove_empty_folders() -> int:
    """The folders without a file of students who are not here; the number of students' folders removed.

    Nothing is lost with them, so an undo does not bring them back.
    """
    storage = storage_for()
    if not isinstance(storage, DiskStorage):
        return 0
    try:
        names = storage.listdir(FOLDERS)[0]
    except FileNotFoundError:
        return 0
    folders = {folder: name for name in names if (folder := claim_of(f"{FOLDERS}{name}/profile.jpg").folder)}
    here = Student.objects.values_list("student_id", flat=True)
    gone = folders.keys() - set(here.iterator(chunk_size=BATCH))
    return sum(storage.remove_empty_folder(f"{FOLDERS}{folders[folder]}") for folder in gone)


def clean(cleaning: Cleaning, runner: OperationRunner) -> Iterator[tuple[Finding, str]]:
    """Set the files aside one by one, each looked at again; why one was left, empty where it was not."""
    for one in cleaning.to_take():
        yield one, _set_aside(one, cleaning.older_than, runner)


def _set_aside(one: Finding, older_than: datetime, runner: OperationRunner) -> str:
    """Look again under the lock of an upload that would have this name, and act before it is given back."""
    unowned_file = one.unowned_file
    try:
        with locked_key(unowned_file.key):
            there = storage_for(unowned_file.storage_alias).stat(unowned_file.key)
            if kept_files([unowned_file.key]):
                return "It is a photo of a student who is here by now; see adopt_media."
            if there is None or there.modified_at >= older_than:
                return "It is gone, or was written anew."
            details = aside_details(unowned_file)
            done = runner.step("set_aside_unowned", subject=f"orphan {unowned_file.person}", details=details)
            return "" if done else runner.why
    except Conflict as busy:  # these files have been changing for half a minute
        return str(busy)
