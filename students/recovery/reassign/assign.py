"""Use cases of `match_profile_photos`: files under `student_photos/` that are unowned, and students."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from django.core.exceptions import SuspiciousFileOperation

from photostore.audit import Actor
from photostore.errors import CommandRefused, FileMissing, FileTooLarge, InvalidFile
from photostore.inventory import orphans
from photostore.models import OperationStep, StoredFile
from photostore.operations import OperationRunner, run_operation
from photostore.operations.runner import interrupted
from photostore.references import root_of
from photostore.storage import FileStat, storage_for
from photostore.storage.key_rules import is_key
from students.key_claims import OF_OTHERS, UPLOADS
from students.matching import State, is_junk
from students.models import Student, StudentPhoto
from students.photos import refuse_anothers
from students.recovery.change.sources import aside_details
from students.recovery.evidence.findings import Finding, Verdict
from students.recovery.evidence.lookup import ref_of
from students.recovery.evidence.plan import Plan, findings, make_plan
from students.recovery.reassign.transfers import Done, carry_out, transfer_of
from students.recovery.unowned import (
    Location,
    UnownedFile,
    read_unowned_file,
    read_unowned_files,
)
from students.right_person import AnotherPerson, looks_of
from students.versions import MAX_STORED_BYTES, incoming_from_storage, new_version

COMMAND = "match_profile_photos"


def available() -> Iterator[FileStat]:
    """Files under `student_photos/` that no row names, but not what operating systems leave there. Streams;
    raises `StorageUnavailable`.
    """
    return (file for file in orphans("default", UPLOADS) if not is_junk(file.key))


def suggestions(tick: Callable[[], None] = lambda: None) -> Plan:
    """What is known of each of them; `tick` is called after each file that was read."""
    return make_plan(read_unowned_files(map(_location, available()), tick))


def named_file(text: str) -> Finding:
    """The unowned file of FILE, a key or a bare name under `student_photos/`, and what is known of it.

    Raises as `unowned_file`.
    """
    found = unowned_file(text)
    read = read_unowned_file(_location(found))
    if read is None:
        raise CommandRefused(f"There is no file {found.key}.")
    return findings([read])[0]


def key_named(text: str) -> str:
    """FILE as a key: a bare name is one under `student_photos/`."""
    return text if "/" in text else f"{UPLOADS}{text}"


def unowned_file(text: str) -> FileStat:
    """Where it lies. Raises `CommandRefused` for what is no name of a file here, for a file that belongs to
    somebody, and for one of another app's.
    """
    key = key_named(text)
    if not is_key(key) or key.startswith(OF_OTHERS):
        raise CommandRefused(f"{text!a} is not the name of a file of students.")
    try:
        found = storage_for().stat(key)
    except SuspiciousFileOperation as error:
        raise CommandRefused(f"{text!a} is not the name of a file of students.") from error
    if found is None:
        raise CommandRefused(f"There is no file {key}.")
    if StoredFile.objects.filter(key=key).exists():
        raise CommandRefused(f"{key} already has an owner.")
    return found


def finish_killed(actor: Actor) -> set[tuple[int, str]]:
    """Finish an assignment that was killed, as one operation: the students' ids, and what each was given.

    Call it under the commands' lock and before anything is looked at: else the photo that it brings would
    come between a plan and its act, or its file would be looked for where it is no longer.
    """
    if not was_killed():
        return set()
    with run_operation(COMMAND, actor) as runner:
        return finish(runner)


def was_killed() -> bool:
    return any(killed.command == COMMAND for killed in interrupted())


def finish(runner: OperationRunner) -> set[tuple[int, str]]:
    """The same within an operation that goes on where the killed one stopped."""
    given = list(runner.operation.steps.filter(kind="change_photo", state=OperationStep.State.DONE))
    for step in given:
        _set_aside_what_was_given(step, runner)
    return {(step.details["student"], step.details["key"]) for step in given}


def _set_aside_what_was_given(step: OperationStep, runner: OperationRunner) -> None:
    key = step.details["key"]
    found = storage_for().stat(key)
    unowned_file = None if found is None else read_unowned_file(_location(found))
    if (
        unowned_file
        and unowned_file.sha256 == step.details["sha256"]
        and not StoredFile.objects.filter(key=key).exists()
    ):
        runner.step("set_aside_unowned", subject=step.subject, details=aside_details(unowned_file))


def assign(*, student: Student, finding: Finding, actor: Actor, confirmed: Collection[str] = ()) -> Done:
    """Make the file the student's photo; the one before stays in the history.

    Raises `CommandRefused` when strong evidence says that the file is another student's, or when the same
    picture is another's photo and that was not `confirmed`. Call it under the commands' lock.
    """
    refuse_wrong(student=student, finding=finding, actor=actor, confirmed=confirmed)
    with run_operation(COMMAND, actor) as runner:
        return give(student=student, finding=finding, runner=runner)


def refuse_wrong(
    *, student: Student, finding: Finding, actor: Actor, confirmed: Collection[str] = ()
) -> None:
    """Raises `CommandRefused` as `assign` does."""
    if finding.erased:
        raise CommandRefused(
            f"{finding.unowned_file.key} was erased on request and stays away. If it may be kept, "
            "upload it anew."
        )
    _refuse_named_by_others(student, finding.unowned_file)
    _refuse_another_students(student, finding)
    _refuse_anothers_picture(student, finding.unowned_file, actor, confirmed)


def give(*, student: Student, finding: Finding, runner: OperationRunner) -> Done:
    """The step itself, after `refuse_wrong`. Raises `CommandRefused` where it changed nothing."""
    chosen = Finding(finding.unowned_file, finding.evidence, Verdict(State.CERTAIN, ref_of(student)))
    transfer = transfer_of(ref_of(student), (chosen,), replace=True)
    ((done,),) = carry_out([transfer], runner, origin=StudentPhoto.Origin.MATCH)
    if done.given is False:
        raise CommandRefused(f"Nothing was changed: {done.why}")
    return done


def _refuse_named_by_others(student: Student, unowned_file: UnownedFile) -> None:
    """What a row names has an owner, also before the register knows it; the student's own may be given."""
    key = unowned_file.key
    if root_of(unowned_file.storage_alias).claims([key]):
        others = Student.objects.exclude(pk=student.pk).filter(profile_photo=key)
        if student.profile_photo.name != key or others.exists():
            raise CommandRefused(f"{key} already has an owner: a row names it. See adopt_media.")


def _refuse_another_students(student: Student, finding: Finding) -> None:
    for piece in finding.evidence:
        if piece.strong and ref_of(student) not in piece.students:
            whose = ", ".join(map(str, piece.students))
            raise CommandRefused(
                f"{finding.unowned_file.key} belongs to another student: {piece.why} {whose}."
            )
    if finding.unowned_file.moment:
        raise CommandRefused(
            f"{finding.unowned_file.key} is an attendance photo, of {finding.unowned_file.moment}."
        )


def _refuse_anothers_picture(
    student: Student, unowned_file: UnownedFile, actor: Actor, confirmed: Collection[str]
) -> None:
    try:
        data = storage_for(unowned_file.storage_alias).read(
            unowned_file.stored_at, max_bytes=MAX_STORED_BYTES
        )
        incoming = incoming_from_storage(data, unowned_file.key, StudentPhoto.Origin.MATCH)
    except (FileMissing, FileTooLarge, InvalidFile):
        return  # the step says so itself
    looks = looks_of(new_version(student, incoming, actor).photo, named=incoming.named)
    try:
        refuse_anothers(student, looks, confirmed=confirmed, actor=actor)
    except AnotherPerson as error:
        codes = ",".join(one.code for one in error.findings)
        raise CommandRefused(
            f"{error} If it is right all the same: --confirm {codes}", code=error.code
        ) from error


def _location(found: FileStat) -> Location:
    return Location.of("default", found)
