"""Whether a picture that comes in for a student is another's: asked of every channel, by what is certain.

Only identities that we signed and equal hashes stop; nothing here compares faces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photostore.errors import Conflict
from students import identity
from students.identity import Identity
from students.models import SHA256_COLUMNS, Student, StudentPhoto

STOPS = ("names_another", "is_anothers")
SENTENCES: dict[str, str | Promise] = {
    "names_another": _("The tag inside the file names another student: %(name)s."),
    "is_anothers": _("The same picture is the photo of another student: %(name)s."),
    "was_anothers": _("The same picture was a photo of another student: %(name)s."),
    "number_of_another": _("The file name is the number of another student: %(name)s."),
}


@dataclass(frozen=True, slots=True)
class Looks:
    """What a picture is recognised by; empty texts where something is not known."""

    sha256s: frozenset[str]
    pixel_sha256: str
    named: Identity | None = None
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a picture may be another student's; `code` is stable."""

    code: str
    other: Student

    @property
    def stops(self) -> bool:
        """Whether a person has to confirm it first."""
        return self.code in STOPS

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % {"name": self.other.name}


class AnotherPerson(Conflict):
    """The picture is another student's, as far as can be told: `findings` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        sentence = " ".join([*map(str, findings), str(_("Nothing was changed."))])
        super().__init__(sentence, code=findings[0].code)


def findings(student: Student, looks: Looks) -> list[Finding]:
    """What speaks against this picture being the student's; what stops comes first."""
    found = [*_named(student, looks), *_same(student, looks), *_numbered(student, looks)]
    return sorted(found, key=lambda one: not one.stops)


def _named(student: Student, looks: Looks) -> Iterator[Finding]:
    inside = looks.named
    if inside is None or inside.student_id == student.student_id:
        return
    if student.student_number and inside.number_hash in identity.number_hashes(student.student_number):
        return  # their own, from before the students were entered anew
    other = Student.objects.filter(student_id=inside.student_id).first() or _by_number(inside.number_hash)
    if other is not None and other.pk != student.pk:
        yield Finding("names_another", other)


def _by_number(hashed: str) -> Student | None:
    """Whose number it is today. Hashes are kept nowhere, so all are made: it is asked once in a blue moon."""
    if not hashed:
        return None
    numbered = Student.objects.exclude(student_number=None).values_list("pk", "student_number")
    for pk, number in numbered.iterator(chunk_size=2_000):
        if number and hashed in identity.number_hashes(number):
            return Student.objects.filter(pk=pk).first()
    return None


def _same(student: Student, looks: Looks) -> Iterator[Finding]:
    asked = Q(*((f"{column}__in", looks.sha256s) for column in SHA256_COLUMNS[:3]), _connector=Q.OR)
    if looks.pixel_sha256:
        asked |= Q(pixel_sha256=looks.pixel_sha256)
    photos = StudentPhoto.objects.filter(asked).exclude(student=student).select_related("student")
    told: set[int] = set()
    for photo in sorted(photos.order_by("pk")[:20], key=lambda one: one.replaced_at is not None):
        if photo.student_id not in told:
            told.add(photo.student_id)
            yield Finding("is_anothers" if photo.replaced_at is None else "was_anothers", photo.student)


def _numbered(student: Student, looks: Looks) -> Iterator[Finding]:
    number = PurePosixPath(looks.filename.replace("\\", "/")).stem.strip()
    if not number or number == student.student_number:
        return
    other = Student.objects.filter(student_number=number).exclude(pk=student.pk).first()
    if other is not None:
        yield Finding("number_of_another", other)


def looks_of(photo: StudentPhoto, *, named: Identity | None = None) -> Looks:
    """A version's, saved or not; `named` is what the file said inside when it came in."""
    sha256s = {photo.sha256, photo.untagged_sha256, photo.source_sha256} - {""}
    return Looks(frozenset(sha256s), photo.pixel_sha256, named, photo.original_filename)
