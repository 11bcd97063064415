"""Which photo is a student's today, and whether everything that says so agrees.

The version's row decides. `profile_photo`, `photo_sha256` and the register follow it; SQL by hand, seed
scripts and imports write past our code, so they are compared each time, and nothing is served across a
difference: a 404, never perhaps another child's face.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast

from photostore.models import StoredFile
from photostore.storage.key_rules import is_key
from students.columns import PlainName
from students.key_claims import OF_OTHERS, claim_of
from students.models import OWNER_LABEL, Student, StudentPhoto

MARK_LENGTH = 16

# `version`: columns, version and register agree. `register`: the version's row was lost, the rest agrees.
# `legacy`: the row names a file of which there is no version yet. `none`: no photo, or no agreement.
Standing = Literal["version", "register", "legacy", "none"]
OURS = ("version", "register")

ALIASES = ("default", "safe")


def with_standing(students: QuerySet[Student]) -> Any:
    """Each with `standing` and `version_key`, the current version's own key."""
    current = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"), replaced_at=None)
    same = current.filter(sha256=OuterRef("photo_sha256"))
    standing = Case(
        When(profile_photo="", then=Value("none")),
        When(Exists(same) & Exists(_own_copies()), then=Value("version")),
        When(Exists(current), then=Value("none")),
        When(Exists(_own_copies()), then=Value("register")),
        When(~Exists(_registered()) & ~Exists(rivals()), then=Value("legacy")),
        default=Value("none"),
        output_field=TextField(),
    )
    return students.annotate(standing=standing, version_key=Subquery(same.values("file")))


def _registered() -> Any:
    return StoredFile.objects.filter(storage_alias__in=ALIASES, key=OuterRef("profile_photo"))


def _own_copies() -> Any:
    """What the register says of the documented name: this student's, and a copy of these very bytes."""
    return _registered().filter(
        kind=StoredFile.Kind.EXPORT,
        sha256=OuterRef("photo_sha256"),
        owner_label=OWNER_LABEL,
        owner_id=Cast(OuterRef("pk"), TextField()),
    )


def rivals() -> Any:
    """Other students whose row names the same file, in whatever spelling."""
    return named_alike(OuterRef("profile_photo")).exclude(pk=OuterRef("pk"))


def named_alike(key: Any) -> Any:
    """Students whose row names `key`, in whatever spelling."""
    plain = Student.objects.exclude(profile_photo="").alias(plain=PlainName("profile_photo"))
    return plain.filter(plain=PlainName(Value(key) if isinstance(key, str) else key))


def standing_of(row: Mapping[str, Any]) -> Standing:
    """Of a row with `standing`, `version_key`, `student_id`, `profile_photo`: also by what the keys say."""
    standing: Standing = row["standing"]
    if standing == "version":
        return standing if is_in_folder(row["student_id"], row["version_key"]) else "none"
    if standing == "legacy":
        return standing if may_be_theirs(row["student_id"], row["profile_photo"]) else "none"
    return standing


def is_in_folder(student_id: UUID, key: str | None) -> bool:
    """Whether the key lies in the folder that is this student's alone."""
    return bool(key) and str(key).startswith(f"photos/students/{student_id}/")


def may_be_theirs(student_id: UUID, key: str) -> bool:
    """Whether a legacy row of this student may name `key`: no other app's, and in no other's folder."""
    return is_key(key) and not key.startswith(OF_OTHERS) and claim_of(key).folder in (None, student_id)


def mark_of(student_id: UUID) -> str:
    """What a link to a legacy photo carries: it ends when the file becomes another student's."""
    return student_id.hex[:MARK_LENGTH]


def mark_of_key(key: str) -> str | None:
    """Whose legacy photo the key is; see `photostore.delivery.legacy`."""
    students = Student.objects.filter(profile_photo=key)
    for row in with_standing(students).values("standing", "version_key", "student_id", "profile_photo"):
        if standing_of(row) == "legacy":
            return mark_of(row["student_id"])
    return None


def stated_sha256(student: Student) -> Any:
    """The query for the sha256 of today's version, where everything agrees on it."""
    students = Student.objects.filter(pk=student.pk)
    return with_standing(students).filter(standing__in=OURS).values("photo_sha256")


def versions_of(student: Student) -> QuerySet[StudentPhoto]:
    """Every version whose bytes lie in the student's own folder: a row moved by SQL shows nobody's face."""
    return StudentPhoto.objects.of_profile().filter(
        student=student, file__startswith=f"photos/students/{student.student_id}/"
    )
