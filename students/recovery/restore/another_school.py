"""Whether a backup is this school's: by its seal, by a person's word, else by what is here of it."""

from __future__ import annotations

from itertools import islice

from photostore import keys
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.recovery.backups import BackedUpStudent, Backup, InvalidBackup
from students.recovery.evidence.ours import is_our_own

BATCH = 500
SEARCHED_IN_STORAGE = 200


def refuse_another_schools(backup: Backup) -> None:
    """Raises `InvalidBackup` where no student, no number and no photo of the backup is here."""
    if backup.student_count == 0 or is_our_own(backup):
        return
    entries = backup.students()
    searched = 0
    while batch := list(islice(entries, BATCH)):
        if _is_in_the_database(batch):
            return
        for entry in batch:
            if entry.had_photo and searched < SEARCHED_IN_STORAGE:
                searched += 1
                if _is_in_storage(entry):
                    return
    raise InvalidBackup(
        f"{backup.name} may be another school's backup: no student and no photo of it is here, and no key of "
        "this service sealed it. If it is yours: --backup-file and --trust-backup. Nothing was changed.",
        code="another_school",
    )


def _is_in_the_database(batch: list[BackedUpStudent]) -> bool:
    if Student.objects.filter(student_id__in=[entry.student_id for entry in batch]).exists():
        return True
    sha256s = [photo.sha256 for entry in batch for photo in entry.photos]
    return StudentPhoto.objects.of_profile().filter(sha256__in=sha256s).exists()


def _is_in_storage(entry: BackedUpStudent) -> bool:
    file_refs = [("default", photo.key) for photo in entry.photos]
    safe = keys.student_safe(entry.student_id)
    file_refs += [("safe", safe), ("default", safe)]
    # A storage that is to be made first has nothing in it.
    return any(storage_for(alias).is_prepared() and storage_for(alias).stat(key) for alias, key in file_refs)
