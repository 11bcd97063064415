"""Going through a school: the backup's students, then those whom only the database knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby, islice
from typing import Any
from uuid import UUID

from photostore.operations import OperationRunner
from students.models import Student
from students.photos import subject_of
from students.recovery.backups import BackedUpStudent, Backup
from students.recovery.change.entries import of_the_database, offer
from students.recovery.evidence.ours import is_our_own
from students.recovery.reassign.deleted_students import bring_versions_back
from students.recovery.restore.became import Became, Today
from students.recovery.restore.finding import StorageContents
from students.recovery.restore.folders import has_folder, make_folder
from students.recovery.restore.from_old_backup import plan_adoption
from students.recovery.restore.known import (
    former_sha256s,
    is_taken,
    registered_files,
    rows_suffice,
    students_with_photos,
)
from students.recovery.restore.legacy import legacy_sizes, look_at_legacy
from students.recovery.restore.links import REMOVED, LinkPlanner, Source
from students.recovery.restore.previous import previous_photo
from students.recovery.restore.removed_since import perhaps_erased, removed_since
from students.recovery.restore.restore_plan import RestorePlan, put_backs_needed, told_of_anothers
from students.recovery.restore.summary import Summary
from students.recovery.restore.whole import Looked, look_at, look_at_all
from students.slots import PROFILE
from students.tombstones import erased_students

BATCH = 200
AT_A_GLANCE = 2_000
BY_PICTURE = (
    "Not made again: student {} has a photo that was erased on request, perhaps under another id. "
    "If it is another student, enter them anew."
)


@dataclass
class Restoration:
    """One run. Without a runner it only looks."""

    found: StorageContents
    backup: Backup | None
    runner: OperationRunner | None = None
    create_students: bool = False
    checksum: bool = False
    # A student deleted by mistake: this one and no other, also against the word of the audit.
    only: UUID | None = None
    only_problems: bool = False
    # Who lost the current photo gets the one before, where that is there.
    previous: bool = False
    summary: Summary = field(default_factory=Summary)
    _number: int = 0

    @cached_property
    def total(self) -> int:
        """The students to go through: who is here, and who is in the backup alone."""
        if self.only is not None:
            return 1
        return Student.objects.count() + (self.backup.absent_count() if self.backup else 0)

    def lines(self) -> Iterator[str]:
        """One line for every student, as they are done."""
        source = Source()
        if self.backup is not None:
            source = Source(str(self.backup.path), self.backup.sha256, is_our_own(self.backup))
            entries = (one for one in self.backup.students() if self.only in (None, one.student_id))
            while batch := list(islice(entries, AT_A_GLANCE)):
                yield from self._glance(batch, source)
        if self.only is not None:
            return
        table = self.backup.table.name if self.backup else ""
        for looked in look_at_all(self.found, AT_A_GLANCE, besides=table):
            for are_whole, several in groupby(looked, self._is_whole):
                look = self._are_whole if are_whole else self._by_their_rows
                yield from look(several)

    def _glance(self, batch: list[BackedUpStudent], source: Source) -> Iterator[str]:
        """At a glance who has everything; the others one by one."""
        looked = look_at((entry.student_id for entry in batch), self.found)

        def is_whole(entry: BackedUpStudent) -> bool:
            one = looked.get(str(entry.student_id))
            return one is not None and self._is_whole(one) and one.has_all_of(entry)

        for are_whole, entries in groupby(batch, is_whole):
            some = list(entries)
            if are_whole:
                yield from self._are_whole(looked[str(entry.student_id)] for entry in some)
            else:
                for at in range(0, len(some), BATCH):
                    yield from self._of_the_backup(some[at : at + BATCH], source)

    def _is_whole(self, looked: Looked) -> bool:
        """Sizes are not enough for `checksum`; a restore makes the folder that no file shows to be there."""
        by_size = not self.checksum and self.only is None
        return by_size and looked.is_whole and (self.runner is None or looked.verified > 0)

    def _are_whole(self, several: Iterable[Looked]) -> Iterator[str]:
        for one in several:
            self.summary.photos_verified += one.verified
            self.summary.attendance_verified += one.attendance
            head = f"{self._place()}{one.name} ({one.student_id})"
            if not self.only_problems:
                yield f"{head}\nOK: {one.name} (ID {one.pk}): {one.verified} photos"

    def _by_their_rows(self, several: Iterable[Looked]) -> Iterator[str]:
        remaining = iter(several)
        while some := list(islice(remaining, BATCH)):
            students = students_with_photos().filter(pk__in=[one.pk for one in some]).order_by("pk")
            yield from self._here([(one, of_the_database(one)) for one in students], Source(), {})

    def _of_the_backup(self, batch: list[BackedUpStudent], source: Source) -> Iterator[str]:
        assert self.backup is not None
        away = removed_since(self.backup, batch)
        ids = [entry.student_id for entry in batch]
        gone = erased_students(ids)
        here = {student.student_id: student for student in students_with_photos().filter(student_id__in=ids)}
        absent = [entry for entry in batch if entry.student_id not in here]
        by_picture, today = perhaps_erased(self.backup, absent), self._became.of(absent)
        pairs = []
        for entry in batch:
            if entry.student_id in gone and entry.student_id not in here:
                yield f"{self._place()}Erased: student {entry.student_id} is not brought back"
                continue
            if entry.student_id not in here:
                line = self._absent(entry, source, away, by_picture, today[entry.student_id])
                created = line is None and students_with_photos().filter(student_id=entry.student_id).first()
                if not created:
                    line = line or f"Could not be made again: {entry.name} ({entry.student_id})"
                    yield f"{self._place()}{line}"
                    continue
                here[entry.student_id] = created
            pairs.append((here[entry.student_id], entry))
        yield from self._here(pairs, source, away)

    @cached_property
    def _became(self) -> Became:
        assert self.backup is not None
        return Became(self.backup)

    def _absent(
        self,
        entry: BackedUpStudent,
        source: Source,
        away: dict[UUID, set[str]],
        by_picture: set[UUID],
        today: Today,
    ) -> str | None:
        """Make the student again; or the line that says why not."""
        removed = away.get(entry.student_id, set()) & {"student.delete", "student.erase"}
        if removed and (self.only is None or "student.erase" in removed):
            return self._not_brought_back(entry, removed)
        if entry.student_id in by_picture and self.only is None:
            return self._left(BY_PICTURE.format(entry.student_id))
        who = f"{entry.name} ({entry.student_id})"
        if here := today.sentence(who, by_name=self.only is None):
            return here if today.migrated else self._left(here)
        if not (self.create_students or self.only) or self.runner is None:
            return self._left(f"Not in the database: {who}. --create-students makes them again.")
        old_id = None if is_taken(entry.id) else entry.id
        offer(source.path, entry)
        details = {**source.details, "student_id": str(entry.student_id), "id": old_id}
        done = self.runner.step("create_student", subject=f"student {entry.student_id}", details=details)
        self.summary.records_updated += done
        return None

    @staticmethod
    def _not_brought_back(entry: BackedUpStudent, removed: set[str]) -> str:
        line = f"Deleted after the backup was written, not brought back: {entry.student_id}"
        if "student.erase" in removed:
            return line
        return f"{line}. By mistake? restore_student_photos --bring-back {entry.student_id}"

    def _left(self, line: str) -> str:
        self.summary.left_for_a_person.append(line)
        return line

    def _here(
        self,
        pairs: list[tuple[Student, BackedUpStudent]],
        source: Source,
        away: dict[UUID, set[str]],
    ) -> Iterator[str]:
        files = registered_files(student for student, _entry in pairs)
        sizes = legacy_sizes([student for student, _entry in pairs], self.found)
        for student, entry in pairs:
            plan, had_folder = _plan_of(student, entry), has_folder(student)
            planner = LinkPlanner(
                student=student,
                entry=entry,
                source=source,
                found=self.found,
                files=files[student.pk],
                removed_since=away.get(student.student_id, set()),
                plan=plan,
            )
            linked = self._link(planner)
            if self.only is not None and self.runner is not None:
                linked += sum(one.given is True for one in bring_versions_back(student, self.runner))
            rows = registered_files([student])[student.pk] if linked else files[student.pk]
            put_backs_needed(plan, rows, self.found, checksum=self.checksum, student_id=student.student_id)
            look_at_legacy(plan, student, sizes, checksum=self.checksum)
            healed = sum(self._step(kind, student, details) for kind, details in plan.put_backs)
            linked += self._give_previous(student, plan)
            aside = sum(self._step(kind, student, details) for kind, details in plan.asides)
            if plan.asides:
                plan.notes.append(told_of_anothers(aside, len(plan.asides)))
            if self.runner is not None and not had_folder:
                make_folder(student)
                self.summary.directories_created += 1
            head, line = self._place(), self._line(student, plan, linked, healed)
            if not (self.only_problems and line.startswith("OK: ")):
                yield f"{head}{student.name} ({student.student_id})\n{line}"

    def _place(self) -> str:
        """Where in the run the next student stands."""
        self._number += 1
        return f"[{self._number}/{self.total}] "

    def _link(self, planner: LinkPlanner) -> int:
        """Link what is not; the number of steps done. Acts from the database's own rows name no backup."""
        own = planner
        if planner.source.path and rows_suffice(planner.student, planner.entry):
            own = replace(planner, source=Source(), entry=of_the_database(planner.student))
        own.plan_links()
        planner.plan_attendance()
        if planner.entry.had_photo and not planner.entry.photos and not planner.student.profile_photo:
            plan_adoption(planner)
        done = 0
        for kind, details in planner.plan.links:
            path = details.get("backup", planner.source.path)
            offer(path, planner.entry if path == planner.source.path else of_the_database(planner.student))
            done += self._step(kind, planner.student, details) and kind == "change_photo"
        return done

    def _give_previous(self, student: Student, plan: RestorePlan) -> bool:
        if not self.previous or not plan.missing:
            return False
        student = students_with_photos().get(pk=student.pk)
        details = previous_photo(student, set(plan.missing))
        if details is None:
            return False
        given = self._step("change_photo", student, details)
        done = "is the photo again" if given else "is there, and would be the photo again"
        plan.notes.append(f"an earlier version {done}: {details['sha256'][:12]}")
        return given

    def _step(self, kind: str, student: Student, details: dict[str, Any]) -> bool:
        if self.runner is None:
            return False
        return self.runner.step(kind, subject=subject_of(student), details=details)

    def _line(self, student: Student, plan: RestorePlan, linked: int, healed: int) -> str:
        who, summary = f"{student.name} (ID {student.pk})", self.summary
        summary.photos_verified += plan.verified
        summary.attendance_verified += plan.attendance
        summary.photos_missing += len(set(plan.missing))
        summary.records_updated += linked
        summary.healed += healed
        for note in plan.notes:
            if note != REMOVED:  # that one is as it was wanted
                self._left(f"{who}: {note}")
        to_do = len(plan.links) + len(plan.put_backs)
        missing = set(plan.missing)
        said = [f"Missing photo file: {who}"] if missing - plan.former else []
        if former := missing & plan.former:
            said.append(f"Missing former photo: {who}: {len(former)} of the history")
        if plan.missing:
            summary.missing.append(
                {"id": student.pk, "name": student.name, "student_id": str(student.student_id)}
            )
        if linked or healed:
            said.append(f"Restored: {who}: {linked} linked, {healed} put back")
        elif to_do and self.runner is None:
            said.append(f"To restore: {who}: {len(plan.links)} to link, {len(plan.put_backs)} to put back")
            summary.left_for_a_person.append(said[-1])
        elif to_do:
            said.append(self._left(f"Left alone: {who}: changed at the same moment. Run it again."))
        said += [f"Note: {who}: {note}" for note in plan.notes]
        return "\n".join(said) or f"OK: {who}: {plan.verified} photos"


def _plan_of(student: Student, entry: BackedUpStudent) -> RestorePlan:
    attendance = {photo.sha256 for photo in student.photos.all() if photo.slot != PROFILE}
    attendance |= {photo.sha256 for photo in entry.attendance}
    return RestorePlan(former=former_sha256s(student, entry), of_attendance=attendance)
