"""`manage.py match_profile_photos`: unowned photos find their students, one by one, with a person looking."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandParser

from photostore.commands import DONE, PhotoCommand, one_at_a_time
from photostore.errors import CommandRefused
from students.checking import called
from students.management.help import ExampleFormatter
from students.matching import State
from students.models import Student
from students.recovery.evidence.findings import Finding, as_json
from students.recovery.evidence.plan import Plan
from students.recovery.named_student import student_named
from students.recovery.reassign.assign import (
    assign,
    available,
    finish_killed,
    key_named,
    named_file,
    suggestions,
)
from students.recovery.unowned import BATCH

ACTIONS = ("list-students-without-photos", "list-available-photos", "assign", "suggest", "interactive")
EXAMPLES = """\
what it can do:
  list-students-without-photos   students who have no photo
  list-available-photos          files under student_photos/ that no student owns
  suggest                        who they may be, and why; changes nothing
  assign STUDENT FILE            make FILE the photo of STUDENT
  interactive                    walk through the files: y yes, n no, o it is another student's, s skip the
                                 student, q quit

STUDENT is an id (17), a UUID, or number:S-17. FILE is a key, or a name under student_photos/.

examples:
  manage.py match_profile_photos suggest
  manage.py match_profile_photos assign 17 IMG_2041.JPG
  manage.py match_profile_photos assign number:S-17 "student_photos/12345 (1).jpg"

An assignment is undone with: manage.py undo_photo_operation --last
"""

ABOUT_NOBODY = ("Is it a student's? [o] name one [n]o [q]uit ", "onq")
WHOSE = "Which student? An id, a UUID or number:S-17; Enter for none: "


class Command(PhotoCommand):
    """Lists, proposes and assigns; never matches by itself."""

    help = "Assigns unowned files under student_photos/ to the students whom they show."
    exclusive = False  # lists only look, and no other command shall wait while a person decides

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """With the examples kept as they are written."""
        return super().create_parser(
            prog_name, subcommand, epilog=EXAMPLES, formatter_class=ExampleFormatter, **kwargs
        )

    def arguments(self, parser: CommandParser) -> None:
        """One action, and for `assign` its two arguments."""
        parser.add_argument("action", choices=ACTIONS, metavar="ACTION", help="see below")
        parser.add_argument(
            "student", nargs="?", metavar="STUDENT", help="for assign: 17, a UUID or number:S-17"
        )
        parser.add_argument(
            "file", nargs="?", metavar="FILE", help="for assign: a key, or a name under student_photos/"
        )

        parser.add_argument(
            "--confirm",
            default="",
            metavar="CODES",
            help="for assign: the picture is right, although it is another student's (is_anothers)",
        )

    def work(self, **options: Any) -> int:
        self.confirmed = frozenset(options["confirm"].split(","))
        student, file = options["student"], options["file"]
        if (options["action"] == "assign") != (file is not None) or (student and file is None):
            raise CommandRefused("assign takes STUDENT and FILE; the other actions take nothing.")
        if options["action"] == "assign":
            with one_at_a_time(self.name):
                self._assign_named(student_named(student), file)
        else:
            getattr(self, "_" + options["action"].replace("-", "_"))()
        return DONE

    def _list_students_without_photos(self) -> None:
        students = Student.objects.without_photo().order_by("pk")
        rows = students.values_list("pk", "student_id", "student_number", "name", "class_name")
        self._listed(
            "students",
            (
                (
                    f"{pk:>8}  {number or '-':<12}  {name}{f' ({where})' if where else ''}",
                    {"id": pk, "student_id": str(student_id), "student_number": number, "name": name},
                )
                for pk, student_id, number, name, where in rows.iterator(chunk_size=BATCH)
            ),
            "{} students have no photo.",
        )

    def _list_available_photos(self) -> None:
        self._listed(
            "photos",
            (
                (f"{file.key}  ({file.byte_size:,} bytes)", {"key": file.key, "byte_size": file.byte_size})
                for file in available()
            ),
            "{} files are unowned.",
        )

    def _suggest(self) -> None:
        self._listed(
            "suggestions",
            (("\n".join(_told(one)), as_json(one)) for one in self._read_all().in_states(*State)),
            "{} files are unowned. Nothing was changed.",
        )

    def _read_all(self) -> Plan:
        """The bar is gone before anything is printed or asked."""
        with self.ticking("Reading files") as tick:
            return suggestions(tick)

    def _listed(self, name: str, items: Iterator[tuple[str, Any]], end: str) -> None:
        """Print as they come; only `--json` has to collect them."""
        listed = self.listed()
        for line, item in items:
            self.say(line)
            listed.append(item)
        self.result |= {name: listed.items, "count": listed.count}
        self.say(end.format(listed.count))

    def _assign_named(self, student: Student, file: str) -> None:
        """The same command after a kill finds its file no longer where it was."""
        if (student.pk, key_named(file)) in finish_killed(self.actor):
            self._tell(student, key_named(file), given=True)
        else:
            self._assign(student, named_file(file))

    def _assign(self, student: Student, finding: Finding) -> None:
        done = assign(student=student, finding=finding, actor=self.actor, confirmed=self.confirmed)
        self._tell(student, finding.unowned_file.key, given=done.given is True)

    def _tell(self, student: Student, key: str, *, given: bool) -> None:
        student.refresh_from_db()
        self.result |= {
            "student": {"id": student.pk, "student_id": str(student.student_id), "name": student.name},
            "key": key,
            "profile_photo": str(student.profile_photo),
            "changed": given,
        }
        if not given:
            self.say(f"{student.name} has this photo already; the file was set aside.")
        else:
            self.say(f"{key} is now the photo of {student.name}: {student.profile_photo}")

    def _interactive(self) -> None:
        if self.json:
            raise CommandRefused("interactive asks a person; use suggest with --json.")
        tally = {"assigned": 0, "refused": 0, "declined": 0, "without a suggestion": 0}
        skipped = set()
        with suppress(CommandRefused), one_at_a_time(self.name):  # whatever runs now was not killed
            finish_killed(self.actor)
        for finding in self._read_all().in_states(*State):
            ref = finding.verdict.student
            if ref in skipped:
                tally["declined"] += 1
                continue
            self.say("\n".join(_told(finding)))
            about_one = (f"Is this {ref}? [y]es [n]o [o]ther student [s]kip [q]uit ", "ynosq")
            answer = self._ask(*(about_one if ref else ABOUT_NOBODY))
            if answer == "q":
                break
            if answer == "s":
                skipped.add(ref)
            pk = ref.pk if ref and answer == "y" else self._another() if answer == "o" else None
            if pk is None:
                tally["declined" if ref else "without a suggestion"] += 1
            else:
                tally["assigned" if self._try_to_assign(pk, finding) else "refused"] += 1
        self.say(", ".join(f"{count} {what}" for what, count in tally.items()) + ".")
        if tally["assigned"]:
            self.say("Each assignment is an operation of its own: undo_photo_operation undoes it.")

    def _try_to_assign(self, pk: int, finding: Finding) -> bool:
        try:
            with one_at_a_time(self.name):
                self._assign(Student.objects.get(pk=pk), named_file(finding.unowned_file.key))
        except (CommandRefused, Student.DoesNotExist) as refusal:
            self.say(f"  {refusal}")
            return False
        return True

    def _another(self) -> int | None:
        """The student whom a person names and confirms: a mistyped id is another child's."""
        for text in self._typed(WHOSE):
            if not text:
                return None
            try:
                student = student_named(text)
            except CommandRefused as refusal:
                self.say(f"  {refusal}")
                continue
            who = called(student.name, student.class_name, student.pk)
            if self._ask(f"Make it the photo of {who}? [y]es [n]o ", "yn") == "y":
                return student.pk
        return None

    def _ask(self, question: str, answers: str) -> str:
        for text in self._typed(question):
            if text[:1].lower() in tuple(answers):
                return text[:1].lower()
            self.say(f"Please type {', '.join(answers[:-1])} or {answers[-1]}.")
        return "q" if "q" in answers else "n"  # the end of the input

    def _typed(self, question: str) -> Iterator[str]:
        """What a person types, asked again after each line."""
        while True:
            self.stdout.write(question, ending="")
            self.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                return
            yield line.strip()


def _told(finding: Finding) -> list[str]:
    verdict = finding.verdict
    whose = {
        State.CERTAIN: f"is {verdict.student}",
        State.PROPOSED: f"may be {verdict.student}",
        State.AMBIGUOUS: f"one of several that may be {verdict.student}"
        if verdict.student
        else "may be several",
        State.BLOCKED: "the evidence disagrees; a person has to look",
        State.UNKNOWN: "nothing is known about it",
    }[verdict.state]
    return [f"{finding.unowned_file.key}: {whose}", *(f"    {reason}" for reason in finding.reasons)]
