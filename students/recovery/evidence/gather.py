"""Putting the evidence about stray files together, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from students.identity import number_hashes
from students.key_claims import Place, place_of
from students.recovery.evidence import lookup
from students.recovery.evidence.backups import BackedUpStudent, BackupStudents, Known
from students.recovery.evidence.hashes import NumberHashes
from students.recovery.evidence.ours import were_here
from students.recovery.evidence.signals import Finding, Kind, Signal, StudentRef, judge
from students.recovery.unowned import BATCH, Stray
from students.tombstones import erased_pictures, erased_students


def findings(strays: Iterable[Stray], backup: BackupStudents | None = None) -> Iterator[Finding]:
    """What is known of each file. Asks the database once per question and batch."""
    remaining, hashes = iter(strays), NumberHashes()
    while batch := list(islice(remaining, BATCH)):
        yield from _Gathering(batch, _known(batch, backup), hashes).findings()


def _known(batch: list[Stray], backup: BackupStudents | None) -> Known:
    """What the backup knows about these files: by folder, by old id, by the identity inside, by bytes."""
    if backup is None:
        return Known()
    places = [place_of(stray.key) for stray in batch]
    ids = {place.folder for place in places} | {stray.named_student for stray in batch}
    return backup.about(
        ids={one for one in ids if one},
        pks={place.pk for place in places if place.pk is not None},
        sha256s={sha256 for stray in batch for sha256 in (stray.sha256, stray.bare_sha256)},
    )


@dataclass(frozen=True)
class _Subject:
    """A stray file, what its key claims, and whom a backup knows under that claim."""

    stray: Stray
    place: Place
    old: BackedUpStudent | None

    @property
    def sha256s(self) -> tuple[str, str]:
        return (self.stray.sha256, self.stray.bare_sha256)

    @property
    def telling_sha256s(self) -> tuple[str, ...]:
        """What may say whose it is. The same picture may be on several: then the identity tells, not it."""
        return (self.stray.sha256,) if self.stray.named_student else self.sha256s

    @property
    def whose(self) -> UUID | None:
        """The student_id that it once was: by the identity inside, the folder, or the backup's old id."""
        old = self.old.student_id if self.old and self.path_counts else None
        return self.stray.named_student or self.place.folder or old

    @property
    def path_counts(self) -> bool:
        """Whether the old id in the path says anything about these bytes.

        Not when the identity inside names somebody else, nor when the backup knows that student's photos
        and these are none of them: names are easily given to the wrong file, and integers come back.
        """
        if self.old is None or self.stray.named_student not in {None, self.old.student_id}:
            return False
        return bool(
            self.stray.named_student or not self.old.sha256s or not self.old.sha256s.isdisjoint(self.sha256s)
        )


class _Gathering:
    """One batch and all that was looked up for it."""

    def __init__(self, strays: list[Stray], backup: Known, hashes: NumberHashes) -> None:
        self.backup = backup
        self.subjects = [self._subject(stray) for stray in strays]
        self.recorded = {one.stray: backup.with_photo(*one.telling_sha256s) for one in self.subjects}
        olds = [subject.old for subject in self.subjects if subject.old]
        olds += [old for several in self.recorded.values() for old in several]
        self.holders = {one.stray: self._holders(one) for one in self.subjects}
        olds += [old for several in self.holders.values() for old in several]
        olds += [old for stray in strays if (old := backup.by_student_id(stray.named_student))]
        named = {subject.whose for subject in self.subjects if subject.whose}
        self.here = lookup.by_student_id(named | {old.student_id for old in olds})
        self.were_here = were_here({one.named_student for one in strays if one.named_student})
        self.hashes = lookup.by_number_hash(
            {stray.number_hash for stray in strays if stray.number_hash}, hashes
        )
        stems = {subject.place.stem for subject in self.subjects if subject.place.stem}
        self.numbers = lookup.by_number(stems | {old.number for old in olds if old.number})
        self.names = lookup.by_name({old.name for old in olds if old.name})
        self.called = lookup.by_name_words({one.place.name_words for one in self.subjects} - {()})
        self.pks = lookup.by_pk({one.place.file_id for one in self.subjects if one.place.file_id})
        self.sha256s = lookup.by_sha256(sha256 for one in self.subjects for sha256 in one.sha256s)

        self.erased_pictures = erased_pictures(sha256 for one in self.subjects for sha256 in one.sha256s)
        self.erased_students = erased_students({one.whose for one in self.subjects if one.whose})

    def _is_erased(self, subject: _Subject) -> bool:
        """By whose it says it is; else by the picture, unless it is recorded for somebody else as well.

        One who is not here is perhaps the erased, as they were called before a reseed.
        """
        whose = subject.whose
        erased_of = {
            student_id: erased_at
            for sha256 in subject.sha256s
            for student_id, erased_at in self.erased_pictures.get(sha256, {}).items()
        }
        if whose is not None and (whose in self.erased_students or whose in erased_of):
            return True
        if whose is not None and self._is_here(subject):
            return False
        recorded = not self.sha256s.keys().isdisjoint(subject.sha256s)
        return bool(erased_of) and not recorded and not self._is_a_twins(subject, erased_of)

    def _is_a_twins(self, subject: _Subject, erased_of: dict[UUID, datetime]) -> bool:
        """Whether the backup has the picture of somebody else than the erased.

        Whoever alone had it there, before the erasure, and is not here, is the erased under the id that they
        had then: they may have come back under another since, by a name without a number.
        """
        holders = self.holders[subject.stray]
        others = [old for old in holders if old.student_id not in erased_of]
        written_at = self.backup.created_at
        return bool(others) and (
            len(holders) > 1
            or any(self._today(old) for old in others)
            or bool(written_at and written_at >= max(erased_of.values()))
        )

    def _holders(self, subject: _Subject) -> list[BackedUpStudent]:
        """Everybody in the backup who had this picture, whatever identity was inside."""
        found = (old for sha256 in subject.sha256s for old in self.backup.sha256s.get(sha256, ()))
        return list({old.student_id: old for old in found}.values())

    def _is_here(self, subject: _Subject) -> bool:
        """Whether whoever it says it is, is here: by id, by number, or as the backup's old student."""
        old = self._old(subject)
        return bool(
            subject.whose in self.here
            or (self._number_counts(subject.stray) and self.hashes.get(subject.stray.number_hash))
            or (old and self._today(old))
        )

    def _subject(self, stray: Stray) -> _Subject:
        place = place_of(stray.key)
        old = self.backup.by_student_id(place.folder) or self.backup.by_pk(place.pk)
        return _Subject(stray, place, old)

    def findings(self) -> Iterator[Finding]:
        """One for each file, in order."""
        for subject in self.subjects:
            if self._is_erased(subject):
                yield Finding(subject.stray, (), judge(()), ("erased on request; stays away",), erased=True)
                continue
            strong = list(self._strong(subject))
            signals = (*strong, *self._called_like_another(subject, strong)) or tuple(self._weak(subject))
            notes = (subject.stray.note,) if subject.stray.note else ()
            old = self._old(subject) or subject.old
            yield Finding(subject.stray, signals, judge(signals), notes, old.name if old else "")

    def _old(self, subject: _Subject) -> BackedUpStudent | None:
        """Whom the backup knows by the identity inside, or by the path where that counts."""
        named = self.backup.by_student_id(subject.stray.named_student)
        return named or (subject.old if subject.path_counts else None)

    def _strong(self, subject: _Subject) -> Iterator[Signal]:
        stray = subject.stray
        if stray.named_student in self.here:
            yield _signal(Kind.IDENTITY, {self.here[stray.named_student]}, "the identity inside names")
        if self._number_counts(stray) and (owners := self.hashes.get(stray.number_hash)):
            yield _signal(Kind.NUMBER_HASH, owners, "the identity inside has the student number of")
        old = self._old(subject)
        if old and (todays := self._today(old, by_number=not self._had_another_number_since(subject, old))):
            yield _signal(Kind.BACKUP, todays, "the backup's old id leads to")
        yield from self._recorded(subject)

    def _number_counts(self, stray: Stray) -> bool:
        """Whether the number inside is one of this school's; see `ours`."""
        if stray.by_newest_key or stray.named_student in self.were_here:
            return True
        return self.backup.is_own and self.backup.by_student_id(stray.named_student) is not None

    def _called_like_another(self, subject: _Subject, found: list[Signal]) -> Iterator[Signal]:
        """Numbers are mistyped, or given anew: not where the only one of that name is somebody else."""
        old = self._old(subject)
        if not found or old is None or not old.is_only_one_called or found[0].kind == Kind.IDENTITY:
            return
        called = self.names.get(old.name, set())
        if len(called) == 1 and any(not called & set(signal.students) for signal in found):
            yield _signal(Kind.NAME_OF_ANOTHER, called, "but the only one called as they were is")

    @staticmethod
    def _had_another_number_since(subject: _Subject, old: BackedUpStudent) -> bool:
        """Whether the photo is newer than the backup, and was tagged under another number."""
        hashed = subject.stray.number_hash
        is_newer = old.sha256s.isdisjoint(subject.sha256s)
        return bool(is_newer and hashed and old.number and hashed not in number_hashes(old.number))

    def _recorded(self, subject: _Subject) -> Iterator[Signal]:
        """The bytes as stored decide; without the identity the same picture may be on several."""
        owners = next((found for one in subject.telling_sha256s if (found := self.sha256s.get(one))), None)
        if owners:
            yield _signal(Kind.RECORDED, owners, "the database records this photo for")
        olds = self.recorded[subject.stray]
        todays = set().union(*(self._today(old) for old in olds))
        # Of several in the backup only one may be here; the photo may be any of theirs.
        if todays and len(olds) == 1:
            yield _signal(Kind.RECORDED, todays, "the backup records this photo for")

    def _today(self, old: BackedUpStudent, *, by_number: bool = True) -> set[StudentRef]:
        """The student of a backup today: by number, and by `student_id`; more than one proves nothing."""
        number = self.numbers.get(old.number) if by_number and old.number else None
        found = {number, self.here.get(old.student_id)}
        return {student for student in found if student}

    def _weak(self, subject: _Subject) -> Iterator[Signal]:
        place = subject.place
        if place.stem and place.stem in self.numbers:
            yield _signal(
                Kind.NUMBER_IN_NAME, {self.numbers[place.stem]}, "the file is named by the number of"
            )
        if not self._number_counts(subject.stray) and (owners := self.hashes.get(subject.stray.number_hash)):
            why = "the identity inside, made with a key that may be another school's, has the number of"
            yield _signal(Kind.NUMBER_OF_OLDER_KEY, owners, why)
        # With an identity inside, the integer is that of a former student.
        if place.file_id in self.pks and not subject.stray.named_student:
            yield _signal(Kind.ID_IN_NAME, {self.pks[place.file_id]}, "the file is named by the id of")
        yield from self._named(subject, self._old(subject))

    def _named(self, subject: _Subject, old: BackedUpStudent | None) -> Iterator[Signal]:
        """By a name that is unique on both sides. Of two different numbers one is a namesake's."""
        found: set[StudentRef] = set()
        if old and old.is_only_one_called:
            found = self.names.get(old.name, set())
        elif subject.place.name_words:
            found = self.called.get(subject.place.name_words, set())
        had_number = bool(subject.stray.number_hash or (old and old.number))
        if len(found) == 1 and not (had_number and any(one.has_number for one in found)):
            yield _signal(Kind.NAME, found, "the only one of this name is")


def _signal(kind: Kind, students: set[StudentRef], why: str) -> Signal:
    return Signal(kind, tuple(sorted(students)), why)
