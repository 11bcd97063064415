"""What a migration says: one line for each student, what is left for a person, and the sum."""

from __future__ import annotations

from collections.abc import Iterator

from photostore.commands import PhotoCommand
from photostore.operations import OperationRunner
from students.matching import State
from students.recovery.evidence.findings import Finding, StudentRef, as_json
from students.recovery.evidence.plan import Person, Plan
from students.recovery.reassign.migrate import left_for_a_person
from students.recovery.reassign.transfers import Done
from students.slots import PROFILE

MEANING = {
    State.CERTAIN: "certain",
    State.PROPOSED: "proposal",
    State.AMBIGUOUS: "several proposals, a person has to choose",
    State.BLOCKED: "blocked, the evidence disagrees",
    State.UNKNOWN: "no evidence",
}


def told(person: Person) -> Iterator[str]:
    """An orphan in words, with each different piece of evidence once."""
    name = f" {person.name}," if person.name else ""
    photo = "profile photo" if person.has_profile_photo else "no profile photo"
    files = f"{person.attendance} attendance photos, {len(person.findings)} files"
    yield f"{person.person}:{name} {photo}, {files}"
    lines: dict[str, None] = {}
    for one in person.findings:
        whose = f" -> {one.verdict.student}" if one.verdict.student else ""
        lines[f"    {MEANING[one.verdict.state]}{whose}"] = None
        lines |= dict.fromkeys(f"        {reason}" for reason in one.reasons)
    yield from lines


def _file_ref(finding: Finding) -> tuple[str, str]:
    return finding.unowned_file.storage_alias, finding.unowned_file.key


def _is_certain(finding: Finding) -> bool:
    return finding.verdict.state == State.CERTAIN


class Report:
    def __init__(self, command: PhotoCommand) -> None:
        self.command = command
        self.counts = {"students": 0, "photos": 0, "attendance_photos": 0, "known_already": 0, "skipped": 0}
        self.problems = command.listed()
        # What was given though no evidence was certain of it: it is not left.
        self.given: set[tuple[str, str]] = set()

    def add(self, student: StudentRef, done: list[Done]) -> None:
        given = [one.assignment for one in done if one.given]
        attendance = sum(step.slot != PROFILE for step in given)
        self.counts["students"] += bool(given)
        self.counts["attendance_photos"] += attendance
        self.counts["photos"] += len(given) - attendance
        self.counts["known_already"] += sum(one.given is None for one in done)
        if given:
            self.command.say(f"{student}: {len(given) - attendance} photos, {attendance} attendance photos")
        for one in done:
            if one.given is not False:
                self.given |= {
                    _file_ref(source) for source in one.assignment.sources if not _is_certain(source)
                }
            if one.given is False:
                self.counts["skipped"] += 1
                key = one.assignment.sources[0].unowned_file.key
                problem = f"{key}: not given to {student}: {one.why}"
                self.command.say(problem)
                self.problems.append(problem)

    def finish(self, plan: Plan, runner: OperationRunner) -> None:
        left = self.command.listed()
        for one in left_for_a_person(plan):
            if _file_ref(one) in self.given:
                continue
            self.command.say(f"Left: {one.unowned_file.key}: {MEANING[one.verdict.state]}")
            for reason in one.reasons:
                self.command.say(f"    {reason}")
            left.append(as_json(one))
        self.command.result |= self.counts | {
            "resumed": runner.resumed,
            "problems": self.problems.items,
            "left": left.items,
            "left_count": left.count,
        }
        self.command.say(
            "{students} students got {photos} photos and {attendance_photos} attendance photos; "
            "{known_already} files they had already; {skipped} skipped; ".format(**self.counts)
            + f"{left.count} files left for a person."
        )
