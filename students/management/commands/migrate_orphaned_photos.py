"""`manage.py migrate_orphaned_photos`: after a reseed, yesterday's photos find today's students."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from photostore.commands import DONE, FOUND_WRONG, REFUSED, PhotoCommand
from photostore.errors import CommandRefused
from photostore.operations import OperationRunner, run_operation
from students.management.chosen import add_trust, refuse_trust_of_none, tell_choice, tell_named, trusted
from students.management.help import ExampleFormatter
from students.management.migration_report import Report, told
from students.matching import State
from students.recovery.backups import newest_valid, open_backup
from students.recovery.evidence.backups import BackupStudents, students_in
from students.recovery.evidence.findings import Finding, as_json
from students.recovery.evidence.ours import refuse_not_our_own
from students.recovery.evidence.plan import Person, Plan, make_plan
from students.recovery.reassign.clean import Cleaning, clean, plan_cleaning, remove_empty_folders
from students.recovery.reassign.deleted_students import versions_set_aside
from students.recovery.reassign.migrate import by_order, carry_over, carry_pairs
from students.recovery.unowned import read_unowned_files, unowned_locations

EXAMPLES = """\
After the students were made anew, with other ids, their photos lie in folders that no student owns.
Look first, then migrate; a file goes to a student only where evidence says so:

  manage.py migrate_orphaned_photos --list
  manage.py migrate_orphaned_photos --migrate
  manage.py migrate_orphaned_photos --migrate --accept-names   also by unique names and student numbers
  manage.py match_profile_photos interactive                   decide about the rest yourself
  manage.py migrate_orphaned_photos --clean                    what no student claims; --confirm sets it aside

Evidence is the identity inside a photo, a backup's old id with its student number, or the sha256 that the
database or a backup records. An id in a file name is shown and never applied: integers come back for other
children. Killed? Run the same command again. Wrong? manage.py undo_photo_operation --last
"""


class Command(PhotoCommand):
    help = "Give orphaned photos (their student is not in the database) to the right students of today."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """With the examples kept as they are written."""
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=ExampleFormatter, **kwargs
        )

    def arguments(self, parser: CommandParser) -> None:
        """One of three things to do, and how."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--list", action="store_true", help="show the orphans and what is known of them")
        what.add_argument("--migrate", action="store_true", help="give them to their students")
        what.add_argument("--clean", action="store_true", help="set aside what no evidence claims (dry run)")
        parser.add_argument("--by", choices=("evidence", "order"), default="evidence", help=BY_HELP)
        parser.add_argument(
            "--accept-names", action="store_true", help="also what a unique name or a student number says"
        )
        parser.add_argument(
            "--newest-is-current",
            action="store_true",
            help="a certain photo that is younger than the student's own takes its place",
        )
        parser.add_argument(
            "--deleted",
            action="store_true",
            help="also photos of students who were deleted, as long as they lie in quarantine",
        )
        parser.add_argument("--confirm", action="store_true", help="for --clean and --by order: really do it")
        parser.add_argument("--force", action="store_true", help="with --clean: even if it takes very much")
        parser.add_argument("--backup-file", metavar="F", help="instead of the newest valid backup")
        add_trust(parser)

    def work(self, **options: Any) -> int:
        _check_usage(options)
        self.deleted: bool = options["deleted"]
        backup = self._backup(options["backup_file"], trust=options["trust_backup"])
        self.say(f"Started at {timezone.now():%Y-%m-%d %H:%M:%S} UTC")
        if options["list"]:
            return self._list(self._plan(backup))
        if options["clean"]:
            return self._clean(backup, options)
        if options["by"] == "order" and not options["confirm"]:
            return self._show_pairs(self._plan(backup))
        return self._migrate(backup, options)

    def _backup(self, path: str | None, *, trust: bool) -> BackupStudents | None:
        """The one that was named, or the newest valid one; evidence does not need any."""
        if path is not None:
            named = trusted(self, open_backup(Path(path)), trust=trust)
            tell_named(self, named)
            return students_in(named)
        folder = Path(settings.PHOTO_BACKUP_DIR)
        choice = newest_valid(folder, check=refuse_not_our_own)
        if choice.backup is None:
            choice = newest_valid(folder)
        tell_choice(self, choice)
        return students_in(choice.backup) if choice.backup else None

    def _plan(self, backup: BackupStudents | None, runner: OperationRunner | None = None) -> Plan:
        """Read every orphan. With `runner` also what its killed run had to move out of the way."""
        resumed = runner.operation if runner and runner.resumed else None
        locations = chain(unowned_locations(resumed), versions_set_aside() if self.deleted else ())
        unowned_files = read_unowned_files(locations)
        return make_plan(self.progress(unowned_files, what="Reading orphans"), backup)

    def _list(self, plan: Plan) -> int:
        orphans = self.listed()
        for person in plan.persons():
            orphans.append(_orphan(person) if self.json else None)
            for line in told(person):
                self.say(line)
        counts = {state.value: plan.counts[state] for state in State}
        self.result |= {"orphans": orphans.items, "count": orphans.count, "files": counts}
        self.say(
            f"{orphans.count} orphans; files: {', '.join(f'{n} {state}' for state, n in counts.items())}."
        )
        self.say("Nothing was changed.")
        return DONE

    def _migrate(self, backup: BackupStudents | None, options: dict[str, Any]) -> int:
        report = Report(self)
        with run_operation(self.name, self.actor) as runner:
            if runner.resumed:
                self.say("An earlier run was interrupted; this one goes on with it.")
            plan = self._plan(backup, runner)
            steps = carry_over(
                plan,
                runner,
                accept_names=options["accept_names"],
                newest_is_current=options["newest_is_current"],
            )
            for carried in self.progress(steps, what="Migrating"):
                report.add(carried.transfer.student, carried.done)
            if options["by"] == "order":
                for pair, done in carry_pairs(plan, runner):
                    self.say(_pair_line(pair.orphan, str(pair.student)))
                    report.add(pair.student, done)
            report.finish(plan, runner)
        self.result["operation"] = runner.id
        return FOUND_WRONG if runner.skipped else DONE

    def _show_pairs(self, plan: Plan) -> int:
        pairs = self.listed()
        for pair in by_order(plan):
            pairs.append({"orphan": pair.orphan.person, "student": pair.student.pk})
            self.say(_pair_line(pair.orphan, str(pair.student)))
        self.result |= {"pairs": pairs.items, "count": pairs.count, "code": "needs_confirm"}
        self.say(
            f"Nothing was changed. {pairs.count} pairs, by their place in two sorted lists and nothing else: "
            "about one of them is right, whatever the size of the school. --confirm does it anyway."
        )
        return REFUSED

    def _clean(self, backup: BackupStudents | None, options: dict[str, Any]) -> int:
        cleaning = plan_cleaning(self._plan(backup))
        if not options["confirm"]:
            self._show_cleaning(cleaning)
        cleaning.check(force=options["force"])
        if not options["confirm"]:
            self.say("Nothing was changed. --confirm moves these files to quarantine.")
            return DONE
        with run_operation(f"{self.name} --clean", self.actor) as runner:
            moved, left = 0, self.listed()
            for finding, why_not in self.progress(
                clean(cleaning, runner), what="Setting aside", total=cleaning.files
            ):
                moved += not why_not
                if why_not:
                    left.append({"key": finding.unowned_file.key, "why": why_not})
                    self.say(f"Left alone: {finding.unowned_file.key}: {why_not}")
        self.result |= {"operation": runner.id, "left": left.items, "left_count": left.count}
        self._count_cleaning(cleaning, moved=moved, skipped=runner.skipped)
        self.result["folders_removed"] = folders = remove_empty_folders()
        self.say(f"{moved} files are in quarantine; undo_photo_operation --last brings them back.")
        self.say(f"Empty folders removed: {folders}")
        return FOUND_WRONG if runner.skipped else DONE

    def _show_cleaning(self, cleaning: Cleaning) -> None:
        keys = self.listed()
        for finding in cleaning.to_take():
            self.say(f"{finding.unowned_file.key}  ({'; '.join(finding.reasons) or 'no evidence'})")
            keys.append(finding.unowned_file.key)
        self.result |= {"would_take": keys.items, "operation": None}
        self._count_cleaning(cleaning, moved=0, skipped=0)

    def _count_cleaning(self, cleaning: Cleaning, *, moved: int, skipped: int) -> None:
        counts = {
            "unclaimed": cleaning.files,
            "only_copies": cleaning.only_copies,
            "young": cleaning.young,
            "claimed": cleaning.claimed,
        }
        self.result |= counts | {"moved": moved, "skipped": skipped}
        self.say(
            f"{cleaning.files} files that no evidence claims ({cleaning.only_copies} pictures without "
            f"another copy). Left alone: {cleaning.young} younger than an hour, "
            f"{cleaning.claimed} that evidence claims."
        )


BY_HELP = "evidence (default), or order: the old rule for what no evidence decides; needs --confirm"


def _check_usage(options: dict[str, Any]) -> None:
    refuse_trust_of_none(options)
    if options["force"] and not options["clean"]:
        raise CommandRefused("--force goes with --clean.")
    if options["list"] and options["confirm"]:
        raise CommandRefused(
            "--list changes nothing; --confirm goes with --clean and with --migrate --by order."
        )
    if options["clean"] and options["deleted"]:
        raise CommandRefused("--deleted goes with --list and --migrate: those photos are set aside already.")
    if options["newest_is_current"] and not options["migrate"]:
        raise CommandRefused("--newest-is-current goes with --migrate.")
    if not options["migrate"] and (options["accept_names"] or options["by"] == "order"):
        raise CommandRefused("--by and --accept-names go with --migrate.")


def _orphan(person: Person) -> dict[str, Any]:
    findings: tuple[Finding, ...] = person.findings
    return {
        "orphan": person.person,
        "name": person.name,
        "profile_photo": person.has_profile_photo,
        "attendance_photos": person.attendance,
        "files": [as_json(one) for one in findings],
    }


def _pair_line(orphan: Person, student: str) -> str:
    return f"{orphan.person}{f' ({orphan.name})' if orphan.name else ''} -> {student}"
