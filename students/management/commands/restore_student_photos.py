"""`manage.py restore_student_photos`: finds what is missing, damaged or unlinked, and brings it back."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from photostore.commands import DONE, FOUND_WRONG, PhotoCommand
from photostore.errors import CommandRefused, StorageUnavailable
from photostore.operations import run_operation
from students.management.chosen import add_trust, refuse_trust_of_none, tell_choice, tell_named, trusted
from students.models import Student
from students.recovery.backups import NO_BACKUP, Backup, InvalidBackup, newest_valid, open_backup
from students.recovery.backups.tombstones import remember
from students.recovery.evidence.ours import is_our_own
from students.recovery.make_roots import make_roots, refused_for
from students.recovery.named_student import is_called
from students.recovery.restore.another_school import refuse_another_schools
from students.recovery.restore.filenames import proposals
from students.recovery.restore.finding import StorageContents
from students.recovery.restore.run import Restoration
from students.recovery.storages import every_storage

WHAT_THEN = (
    "With the database gone and no backup, the photos themselves still say whose they are: enter the "
    "students again, then run migrate_orphaned_photos --list."
)

NEEDED = (
    "--create-students makes students of a backup. Without it, what the database itself knows is restored."
)

ENTER_AGAIN = (
    "Enter them again with the number that they had, then run migrate_orphaned_photos --migrate --deleted: "
    "the photos themselves say whose they are."
)


class Command(PhotoCommand):
    """Restores students' photos, from a backup and from whatever copies are left."""

    help = (
        "Checks every student's photo, its copies and attendance photos; puts back what is missing or "
        "damaged from any place that has the right bytes; links photos again whose rows are gone, from the "
        "newest valid backup. A photo that is linked today, or was removed or erased on purpose, is never "
        "touched. undo_photo_operation undoes all of it."
    )

    wanted: UUID

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--backup-file", metavar="FILE", type=Path, help="use this backup")
        add_trust(parser)
        parser.add_argument("--verify-only", action="store_true", help="look, and change nothing")
        parser.add_argument("--checksum", action="store_true", help="read every photo, do not trust its size")
        parser.add_argument(
            "--only-problems", action="store_true", help="do not list the students who have all their photos"
        )
        parser.add_argument(
            "--previous",
            action="store_true",
            help="who lost the current photo gets the newest earlier one that is there",
        )
        parser.add_argument(
            "--from-filenames", action="store_true", help="list whose unowned files might be, by their names"
        )
        parser.add_argument(
            "--create-students", action="store_true", help="make students of the backup who are gone again"
        )

        parser.add_argument(
            "--bring-back",
            metavar="STUDENT",
            help="a student who was deleted by mistake, with every photo: a UUID, or number:THEIR-NUMBER",
        )
        parser.add_argument(
            "--new-storage", action="store_true", help="take a new, empty storage into use and fill it"
        )

    def work(self, **options: Any) -> int:
        """Choose a backup, make the folders, go through the school."""
        refuse_trust_of_none(options)
        self.only_problems: bool = options["only_problems"]
        self.previous: bool = options["previous"]
        self.trust: bool = options["trust_backup"]
        try:
            if options["from_filenames"]:
                _refuse_beside_proposals(options)
                return self._propose()
            return self._restore(**options)
        except StorageUnavailable as error:
            if options["verify_only"]:  # it makes no folder, so it cannot fail to make one
                raise
            raise refused_for(error) from error

    def _restore(
        self,
        *,
        backup_file: Path | None,
        verify_only: bool,
        checksum: bool,
        create_students: bool,
        new_storage: bool,
        bring_back: str | None,
        **_: Any,
    ) -> int:
        if (new_storage or bring_back is not None) and verify_only:
            raise CommandRefused("--verify-only changes nothing; --new-storage and --bring-back do.")
        if bring_back is not None:
            backup: Backup | None = self._backup_with(bring_back, backup_file)
        else:
            backup = self._backup(backup_file, needed=create_students)
        self.say(f"Started at {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
        made = 0 if verify_only else make_roots(new_storage=new_storage)
        with every_storage() as storages:
            run = Restoration(
                StorageContents(storages), backup, create_students=create_students, checksum=checksum
            )
            run.summary.directories_created, run.only_problems = made, self.only_problems
            run.previous = self.previous
            run.only = None if bring_back is None else self.wanted
            if verify_only:
                self._go_through(run)
            else:
                if backup is not None:
                    self._remember(backup)
                with run_operation(self.name, self.actor) as run.runner:
                    self._go_through(run)
        code = self._conclude(run, verify_only=verify_only)
        if not Student.objects.exists() and _is_empty(backup):
            self.say("Nothing was there to restore: no student in the backup, and none in the database.")
            return FOUND_WRONG
        if run.only and not Student.objects.filter(student_id=run.only).exists():
            return FOUND_WRONG
        return code

    def _remember(self, backup: Backup) -> None:
        """Who was erased. Without our seal anybody may have written it, to hide a child's photos."""
        if not is_our_own(backup):
            count = sum(1 for _ in backup.erased())
            if count:
                self.say(
                    f"Not believed: {count} erasures in {backup.name}, which has no seal of this service."
                )
            return
        here = remember(backup.erased())
        if here:
            self.say(f"Erased before the backup was written, and here again: {here}. See erase_student.")

    def _go_through(self, run: Restoration) -> None:
        for line in self.progress(run.lines(), what="Students", total=run.total):
            self.say(line)

    def _backup(self, backup_file: Path | None, *, needed: bool) -> Backup | None:
        """The backup to use. Without any, the database's own rows are checked, where there are some.

        They beat any backup, so a broken one stops no run: it is `needed` only to make students again.
        """
        if backup_file is not None:
            backup = trusted(self, open_backup(backup_file), trust=self.trust)
            refuse_another_schools(backup)
            tell_named(self, backup)
            return backup
        choice = newest_valid(settings.PHOTO_BACKUP_DIR, check=refuse_another_schools)
        tell_choice(self, choice)
        if choice.backup is not None:
            return choice.backup
        if needed or not Student.objects.exists():
            told = "; ".join(f"{name}: {why}" for name, why in choice.passed_over)
            what_then = NEEDED if Student.objects.exists() else WHAT_THEN
            raise CommandRefused(f"{NO_BACKUP} {told or what_then}", code="no_backup")
        self.say(f"{NO_BACKUP} What the database itself knows is checked.")
        return None

    def _backup_with(self, text: str, backup_file: Path | None) -> Backup:
        """The newest backup that knows the student; `wanted` is their student_id then."""

        def check(backup: Backup) -> None:
            refuse_another_schools(backup)
            found = [one.student_id for one in backup.students() if is_called(one, text)]
            if not found:
                raise InvalidBackup(f"It does not know student {text}.", code="not_in_backup")
            self.wanted = found[0]

        if backup_file is not None:
            backup = trusted(self, open_backup(backup_file), trust=self.trust)
            check(backup)
            tell_named(self, backup)
            return backup
        choice = newest_valid(settings.PHOTO_BACKUP_DIR, check=check)
        tell_choice(self, choice)
        if choice.backup is None:
            raise CommandRefused(f"No backup knows student {text}. {ENTER_AGAIN}", code="no_backup")
        return choice.backup

    def _propose(self) -> int:
        """Names prove nothing: integers come back for other children, and anybody can name a file."""
        found = self.listed()
        with self.ticking("Reading unowned files") as tick:
            for item in proposals(tick):
                found.append(item)
                self.say(f"Perhaps: {item['file']} is of {item['name']} (ID {item['id']}), by its name alone")
        self.result |= {"proposals": found.items, "count": found.count}
        self.say(
            f"{found.count} proposals. Nothing was changed; match_profile_photos assign links one of them."
        )
        return DONE

    def _conclude(self, run: Restoration, *, verify_only: bool) -> int:
        summary = run.summary
        self.result |= summary.as_json() | {"operation": run.runner and run.runner.id}
        for line in () if verify_only else summary.left_for_a_person:
            self.say(f"Left for a person: {line}")
        self.say(
            f"Directories created: {summary.directories_created}\n"
            f"Photos verified: {summary.photos_verified}\n"
            f"Photos missing: {summary.photos_missing}\n"
            f"Records updated: {summary.records_updated}\n"
            f"Healed: {summary.healed}\n"
            f"Attendance photos among those verified: {summary.attendance_verified}"
        )
        wrong = summary.photos_missing or summary.left_for_a_person.count
        return FOUND_WRONG if verify_only and wrong else DONE


def _is_empty(backup: Backup | None) -> bool:
    """Whether it names no student, not even an erased one."""
    return backup is None or (backup.student_count == 0 and next(backup.erased(), None) is None)


def _refuse_beside_proposals(options: dict[str, Any]) -> None:
    """An option that would have no effect is refused: the operator meant something by it."""
    others = ("create_students", "new_storage", "checksum", "only_problems")
    given = [name for name in others if options[name]]
    given += [name for name in ("bring_back", "backup_file") if options[name] is not None]
    if given:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise CommandRefused(f"--from-filenames only lists, and takes no {named}.")
