"""Unowned files that a person looks at: each is said to show a student or no student, and all are given at
once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import CommandRefused, Conflict, NotFound, PhotostoreError
from photostore.operations import OperationRunner, run_operation
from students.matching import is_junk
from students.models import StagedMatch, Student
from students.recovery.evidence.plan import Plan, make_plan
from students.recovery.reassign.assign import (
    COMMAND,
    finish,
    give,
    named_file,
    refuse_wrong,
    unowned_file,
    was_killed,
)
from students.recovery.unowned import Location, read_unowned_files, unowned_locations


@dataclass
class Outcome:
    """How many were given, by which operation, and what stays staged, by its sha256, with the reason."""

    operation: str | None = None
    given: int = 0
    left: dict[str, PhotostoreError] = field(default_factory=dict)


def to_look_at(at_most: int) -> Plan:
    """What is known of the first of all students' files that are unowned, orphans' folders included; not of
    those that were said to show no student.
    """
    return make_plan(read_unowned_files(islice(_not_said_to_be_nobody(), at_most)))


def _not_said_to_be_nobody() -> Iterator[Location]:
    said = dict(StagedMatch.objects.filter(student_id=None).values_list("key", "said_at"))
    for location in unowned_locations():
        if not is_junk(location.key) and not (
            location.key in said and location.modified_at <= said[location.key]
        ):
            yield location


def stage(*, key: str, sha256: str, student_id: UUID | None, actor: Actor) -> None:
    """The person who saw the picture with this sha256 says whom it shows; None: no student.

    Raises `CommandRefused` for what is no unowned file, `NotFound` for a student who is not here, `Conflict`
    where another picture is said to show the student, or no picture can have been seen.
    """
    unowned_file(key)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Conflict(_("This photo has already been dealt with."), code="changed_since")
    if student_id is not None and not Student.objects.filter(student_id=student_id).exists():
        raise NotFound
    said = {"key": key, "student_id": student_id, "said_by": actor.name}
    try:
        StagedMatch.objects.update_or_create(sha256=sha256, defaults=said)
    except IntegrityError as error:  # known to the constraint alone where two people say it at once
        raise Conflict(_("Another picture was chosen for this student."), code="two_for_one") from error


def unstage(sha256: str) -> None:
    """As if nothing had been said."""
    StagedMatch.objects.filter(sha256=sha256.replace("\0", "")).delete()


def give_staged(
    actor: Actor, *, confirmed: Collection[tuple[str, int]] = (), findings: Collection[str] = ()
) -> Outcome:
    """Make every staged file the photo of its student, all as one operation.

    `confirmed`: the sha256 of those that are right although `findings` speak against it, and the key of the
    student for whom they are. What is refused stays staged. Call it under the commands' lock; killed and
    called again, it goes on.
    """
    outcome = Outcome()
    goes_on = was_killed()
    with run_operation(COMMAND, actor) as runner:
        done = finish(runner) if goes_on else set()
        for match in StagedMatch.objects.exclude(student_id=None):
            student = Student.objects.filter(student_id=str(match.student_id)).first()
            if student is not None and (student.pk, match.key) in done:
                outcome.given += 1
                match.delete()
                continue
            codes = findings if student and (match.sha256, student.pk) in confirmed else ()
            try:
                _give(match, student, runner, actor, codes)
            except PhotostoreError as why:
                outcome.left[match.sha256] = why
            else:
                outcome.given += 1
                match.delete()
    outcome.operation = runner.id
    return outcome


def _give(
    match: StagedMatch, student: Student | None, runner: OperationRunner, actor: Actor, codes: Collection[str]
) -> None:
    if student is None:
        raise NotFound(_("This student no longer exists."))
    finding = named_file(match.key)
    if finding.unowned_file.sha256 != match.sha256:
        raise CommandRefused(f"{match.key} is another file by now; look at it again.", code="changed_since")
    refuse_wrong(student=student, finding=finding, actor=actor, confirmed=codes)
    give(student=student, finding=finding, runner=runner)
