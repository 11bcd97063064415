"""Going through a school: the backup's students, then those whom only the database knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from photostore.bounded import MAX_LISTED, BoundedList
from photostore.models import AuditEntry, StoredFile
from photostore.operations import Conductor
from students.models import ATTENDANCE_LABEL, OWNER_LABEL, AttendancePhoto, Student
from students.photos import subject_of
from students.recovery.backups import BackedUpStudent, Backup
from students.recovery.evidence.ours import is_our_own
from students.recovery.legacy import adoption_of
from students.recovery.reassign.deleted_students import bring_versions_back
from students.recovery.restore.became import Became, Today
from students.recovery.restore.entries import of_the_database, offer
from students.recovery.restore.finding import Found
from students.recovery.restore.folders import has_folder, make_folder
from students.recovery.restore.legacy import legacy_sizes, look_at_legacy
from students.recovery.restore.links import REMOVED, Case, Source
from students.recovery.restore.needs import Needs, heals_needed
from students.recovery.run_memory import Lines, SeenStudents
from students.tombstones import erased_pictures, erased_students

BATCH = 200
# Who was deleted by mistake and brought back was not deleted after all, until that is undone.
SWAPPED = {
    "student.revive": ("student.delete", "student.revive"),
    "student.unrevive": ("student.revive", "student.delete"),
}
BY_PICTURE = (
    "Not made again: student {} has a photo that was erased on request, perhaps under another id. "
    "If it is somebody else, enter them anew."
)
TAKEN_AWAY = ("photo.remove", "attendance.delete", "student.delete", "student.erase")


@dataclass
class Summary:
    """What the run came to. `missing`: the students of whom `photos_missing` are."""

    directories_created: int = 0
    photos_verified: int = 0
    attendance_verified: int = 0
    photos_missing: int = 0
    records_updated: int = 0
    healed: int = 0
    left_for_a_person: Lines = field(default_factory=Lines)
    missing: BoundedList = field(default_factory=BoundedList)

    def as_json(self) -> dict[str, Any]:
        """For machines: all counts, and what is left for a person as far as anybody can read."""
        counted = {one.name: getattr(self, one.name) for one in fields(self) if one.type == "int"}
        left = self.left_for_a_person
        return counted | {
            "missing": self.missing.items,
            "missing_count": self.missing.count,
            "left_for_a_person": left.first(MAX_LISTED),
            "left_count": left.count,
        }


@dataclass
class Restoration:
    """One run. Without a conductor it only looks."""

    found: Found
    backup: Backup | None
    conductor: Conductor | None = None
    create_students: bool = False
    checksum: bool = False
    # Somebody deleted by mistake: this student and nobody else, also against the word of the audit.
    only: UUID | None = None
    only_problems: bool = False
    summary: Summary = field(default_factory=Summary)
    _seen: SeenStudents = field(default_factory=SeenStudents)
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
            while batch := list(islice(entries, BATCH)):
                yield from self._of_the_backup(batch, source)
        if self.only is not None:
            return
        last = 0
        while rows := list(_students().filter(pk__gt=last).order_by("pk")[:BATCH]):
            last = rows[-1].pk
            seen = self._seen.among([student.pk for student in rows])
            unseen = [student for student in rows if student.pk not in seen]
            yield from self._here([(student, of_the_database(student)) for student in unseen], Source(), {})

    def _of_the_backup(self, batch: list[BackedUpStudent], source: Source) -> Iterator[str]:
        taken_away = self._taken_away(batch)
        ids = [entry.student_id for entry in batch]
        gone = erased_students(ids)
        here = {student.student_id: student for student in _students().filter(student_id__in=ids)}
        absent = [entry for entry in batch if entry.student_id not in here]
        by_picture, today = self._perhaps_erased(absent), self._became.of(absent)
        pairs = []
        for entry in batch:
            if entry.student_id in gone and entry.student_id not in here:
                yield f"{self._place()}Erased: student {entry.student_id} is not brought back"
                continue
            if entry.student_id not in here:
                line = self._absent(entry, source, taken_away, by_picture, today[entry.student_id])
                created = line is None and _students().filter(student_id=entry.student_id).first()
                if not created:
                    line = line or f"Could not be made again: {entry.name} ({entry.student_id})"
                    yield f"{self._place()}{line}"
                    continue
                here[entry.student_id] = created
            pairs.append((here[entry.student_id], entry))
        yield from self._here(pairs, source, taken_away)

    @cached_property
    def _became(self) -> Became:
        assert self.backup is not None
        return Became(self.backup)

    def _perhaps_erased(self, absent: list[BackedUpStudent]) -> set[UUID]:
        """Who is not here and has a picture that was erased of somebody after the backup was written.

        Perhaps under another id: after a reseed everybody has one. A person has to say.
        """
        assert self.backup is not None
        erased = erased_pictures({sha256 for entry in absent for sha256 in entry.sha256s})
        if self.backup.created_at:
            at = self.backup.created_at
            erased = {sha256: who for sha256, who in erased.items() if max(who.values()) >= at}
        return {
            entry.student_id
            for entry in absent
            if any(entry.student_id not in erased.get(one, {entry.student_id}) for one in entry.sha256s)
        }

    def _absent(
        self,
        entry: BackedUpStudent,
        source: Source,
        taken_away: dict[UUID, set[str]],
        by_picture: set[UUID],
        today: Today,
    ) -> str | None:
        """Make the student again; or the line that says why not."""
        removed = taken_away.get(entry.student_id, set()) & {"student.delete", "student.erase"}
        if removed and (self.only is None or "student.erase" in removed):
            return self._not_brought_back(entry, removed)
        if entry.student_id in by_picture and self.only is None:
            return self._left(BY_PICTURE.format(entry.student_id))
        who = f"{entry.name} ({entry.student_id})"
        if here := today.sentence(who, by_name=self.only is None):
            return here if today.migrated else self._left(here)
        if not (self.create_students or self.only) or self.conductor is None:
            return self._left(f"Not in the database: {who}. --create-students makes them again.")
        old_id = None if _is_taken(entry.id) else entry.id
        offer(source.path, entry)
        details = {**source.details, "student_id": str(entry.student_id), "id": old_id}
        done = self.conductor.act("create_student", subject=f"student {entry.student_id}", details=details)
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
        taken_away: dict[UUID, set[str]],
    ) -> Iterator[str]:
        files = _files(student for student, _entry in pairs)
        self.found.look_ahead(row for rows in files.values() for row in rows)
        self._seen.add([student.pk for student, _entry in pairs])
        sizes = legacy_sizes([student for student, _entry in pairs], self.found)
        for student, entry in pairs:
            needs, had_folder = Needs(former=_former(student, entry)), has_folder(student)
            case = Case(
                student=student,
                entry=entry,
                source=source,
                found=self.found,
                files=files[student.pk],
                taken_away=taken_away.get(student.student_id, set()),
                needs=needs,
            )
            linked = self._link(case)
            if self.only is not None and self.conductor is not None:
                linked += sum(one.given is True for one in bring_versions_back(student, self.conductor))
            rows = _files([student])[student.pk] if linked else files[student.pk]
            heals_needed(needs, rows, self.found, checksum=self.checksum, student_id=student.student_id)
            look_at_legacy(needs, student, sizes, checksum=self.checksum)
            healed = sum(self._act(kind, student, details) for kind, details in needs.heals)
            aside = sum(self._act(kind, student, details) for kind, details in needs.asides)
            if needs.asides:
                needs.notes.append(_told_of_anothers(aside, len(needs.asides)))
            if self.conductor is not None and not had_folder:
                make_folder(student)
                self.summary.directories_created += 1
            head, line = self._place(), self._line(student, needs, linked, healed)
            if not (self.only_problems and line.startswith("OK: ")):
                yield f"{head}{student.name} ({student.student_id})\n{line}"

    def _place(self) -> str:
        """Where in the run the next student stands."""
        self._number += 1
        return f"[{self._number}/{self.total}] "

    def _link(self, case: Case) -> int:
        """Link what is not; the number of acts done. Acts from the database's own rows name no backup."""
        own = case
        if case.source.path and _rows_suffice(case.student, case.entry):
            own = replace(case, source=Source(), entry=of_the_database(case.student))
        own.plan_links()
        case.plan_attendance()
        if case.entry.had_photo and not case.entry.photos and not case.student.profile_photo:
            _plan_old(case)
        done = 0
        for kind, details in case.needs.links:
            path = details.get("backup", case.source.path)
            offer(path, case.entry if path == case.source.path else of_the_database(case.student))
            done += self._act(kind, case.student, details)
        return done

    def _act(self, kind: str, student: Student, details: dict[str, Any]) -> bool:
        if self.conductor is None:
            return False
        return self.conductor.act(kind, subject=subject_of(student), details=details)

    def _line(self, student: Student, needs: Needs, linked: int, healed: int) -> str:
        who, summary = f"{student.name} (ID {student.pk})", self.summary
        summary.photos_verified += needs.verified
        summary.attendance_verified += needs.attendance
        summary.photos_missing += len(set(needs.missing))
        summary.records_updated += linked
        summary.healed += healed
        for note in needs.notes:
            if note != REMOVED:  # that one is as somebody wanted it
                self._left(f"{who}: {note}")
        to_do = len(needs.links) + len(needs.heals)
        missing = set(needs.missing)
        said = [f"Missing photo file: {who}"] if missing - needs.former else []
        if former := missing & needs.former:
            said.append(f"Missing former photo: {who}: {len(former)} of the history")
        if needs.missing:
            summary.missing.append(
                {"id": student.pk, "name": student.name, "student_id": str(student.student_id)}
            )
        if linked or healed:
            said.append(f"Restored: {who}: {linked} linked, {healed} put back")
        elif to_do and self.conductor is None:
            said.append(f"To restore: {who}: {len(needs.links)} to link, {len(needs.heals)} to put back")
            summary.left_for_a_person.append(said[-1])
        elif to_do:
            said.append(self._left(f"Left alone: {who}: changed at the same moment. Run it again."))
        said += [f"Note: {who}: {note}" for note in needs.notes]
        return "\n".join(said) or f"OK: {who}: {needs.verified} photos"

    def _taken_away(self, batch: list[BackedUpStudent]) -> dict[UUID, set[str]]:
        """What people took away after the backup was written: actions, and half-days of attendance."""
        assert self.backup is not None
        subjects = {f"student {entry.student_id}": entry.student_id for entry in batch}
        moments = {
            f"student {entry.student_id} {photo.date:%Y-%m-%d}_{photo.session}": entry.student_id
            for entry in batch
            for photo in entry.attendance
        }
        rows = AuditEntry.objects.filter(
            action__in=[*TAKEN_AWAY, *SWAPPED], outcome="done", subject__in=[*subjects, *moments]
        )
        if self.backup.created_at:
            rows = rows.filter(at__gte=self.backup.created_at)
        found: dict[UUID, set[str]] = {}
        for action, subject in rows.order_by("at", "pk").values_list("action", "subject"):
            student_id = subjects.get(subject) or moments[subject]
            taken = found.setdefault(student_id, set())
            if action in SWAPPED:
                before, after = SWAPPED[action]
                if before in taken:
                    taken.remove(before)
                    taken.add(after)
            else:
                taken.update({action, subject.rpartition(" ")[2]})
        return found


def _former(student: Student, entry: BackedUpStudent) -> set[str]:
    """By the rows and the backup; what is today's by the row is not among them."""
    former = {photo.sha256 for photo in student.photos.all() if photo.replaced_at}
    former |= {photo.sha256 for photo in entry.photos if photo.replaced_at}
    return former - {student.photo_sha256}


def _told_of_anothers(aside: int, found: int) -> str:
    """About another student's photo in the place of one of which no copy is left."""
    done = f"{aside} set aside" if aside else "to be set aside"
    return f"the photo of another student lay in {found} places of theirs, {done}"


def _plan_old(case: Case) -> None:
    """An old backup knows only that there was a photo; it is taken over from where it always lay.

    Students who are made again may have been given an integer that was another child's.
    """
    if "photo.remove" in case.taken_away or case.rows:
        return
    adoption = adoption_of(case.student, trust_ids=case.entry.id == case.student.pk)
    if adoption is None:
        case.needs.missing.append(case.entry.student_id.hex)
    elif adoption.details is None:
        case.needs.notes.append(adoption.why_not)
    else:
        case.needs.links.append(("adopt_photo", adoption.details))


def _rows_suffice(student: Student, entry: BackedUpStudent) -> bool:
    """Whether the database knows every version that the backup knows: then its own rows are the source."""
    rows = {photo.sha256 for photo in student.photos.all()}
    return bool(rows) and rows >= {photo.sha256 for photo in entry.photos}


def _is_taken(pk: int | None) -> bool:
    return pk is not None and Student.objects.filter(pk=pk).exists()


def _students() -> Any:
    return Student.objects.prefetch_related("photos", "attendance_photos")


def _files(students: Iterable[Student]) -> dict[int, list[StoredFile]]:
    """The register's rows of these students and of their attendance photos, originals first."""
    given = list(students)
    files: dict[int, list[StoredFile]] = {student.pk: [] for student in given}
    owners = {(OWNER_LABEL, str(student.pk)): student.pk for student in given}
    # Asked anew: a link that was made a moment ago has a row that the student at hand does not know.
    attendance = AttendancePhoto.objects.filter(student__in=files).values_list("pk", "student_id")
    owners |= {(ATTENDANCE_LABEL, str(pk)): student for pk, student in attendance}
    for label in (OWNER_LABEL, ATTENDANCE_LABEL):
        ids = [owner_id for known, owner_id in owners if known == label]
        rows = StoredFile.objects.filter(owner_label=label, owner_id__in=ids)
        for row in rows.order_by("-kind", "pk"):
            files[owners[label, row.owner_id]].append(row)
    return files
