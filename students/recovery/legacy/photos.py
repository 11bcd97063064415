"""Which old photos are whose, by the row's own key or a documented name. Looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from photostore import keys
from photostore.models import StoredFile
from photostore.operations import OperationRunner
from photostore.operations.make_way import is_there
from photostore.operations.quarantine import aside_details
from photostore.references.others import refs_named_by_others
from students import identity
from students.key_claims import claim_of
from students.models import Student, StudentPhoto
from students.photos import subject_of
from students.recovery.change.sources import offer_picture
from students.recovery.legacy.listings import Lying, Named, lying, named_by
from students.recovery.legacy.pictures import Pictures, looked_ahead, pictures_of
from students.recovery.storages import FileRef
from students.recovery.unowned import has_own_safe_place
from students.slots import PROFILE
from students.todays import may_be_theirs
from students.tombstones import erased_of
from students.versions import IncomingPhoto, owner_of

ENDINGS = ("jpg", "jpeg", "png", "webp", "gif", "heic")
BATCH = 500
LONGEST_SHOWN = 120


@dataclass(frozen=True)
class Adoption:
    """One old photo: the step to be done, or the sentence why a person has to look."""

    student: Student
    details: dict[str, Any] | None
    why_not: str = ""
    # Files with the same picture under a name that is another integer's: set aside once the version is there.
    left: tuple[dict[str, Any], ...] = ()
    # What the step will make a version of.
    incoming: IncomingPhoto | None = None


def adopt(adoption: Adoption, runner: OperationRunner) -> bool:
    """Carry it out. False where it no longer applied."""
    assert adoption.details is not None
    subject = subject_of(adoption.student)
    if adoption.incoming is not None:
        offer_picture(adoption.details, adoption.incoming)
    if not runner.step("change_photo", subject=subject, details=adoption.details):
        return False
    for left in adoption.left:  # skipped where the name has an owner by now
        runner.step("set_aside_unowned", subject=subject, details=left)
    return True


def adopt_keys(names: Collection[str], runner: OperationRunner) -> None:
    """Adopt what legacy rows name by these keys, where no decision is needed."""
    for student in unknown_photos().filter(profile_photo__in=names).order_by("pk"):
        adopt_alone(student, runner)


def adopt_alone(student: Student, runner: OperationRunner) -> bool:
    """One student's photo, without a listing and without trust in ids; False where it is left."""
    adoption = adoption_of(student)
    return adoption is not None and adoption.details is not None and adopt(adoption, runner)


def photo_adoptions(*, trust_ids: bool) -> Iterator[Adoption]:
    """Every student whose photo is there and not known yet, by primary key.

    The integer in a documented name may be that of another child, for integers come back after a reseed.
    Unless an operator trusts it, a file counts only where the row names it or its name has
    the student's UUID, and another one where it shows the same picture as one of these.
    """
    students = unknown_photos().order_by("pk")
    if not students.exists():
        return
    identity.keys()  # threads without a connection will read what it has signed
    set_aside: set[FileRef] = set()  # since its picture was decoded
    with lying() as here:
        for claim, pictures in looked_ahead(_claims(students, here), lambda claim: claim.file_refs):
            there = {one: picture for one, picture in pictures.items() if one not in set_aside}
            adoption = _adoption(claim, there, trust_ids=trust_ids)
            if adoption is not None:
                yield adoption
                set_aside.update((left["storage_alias"], left["key"]) for left in adoption.left)


@dataclass(frozen=True, slots=True)
class Claim:
    """A student and the files that may be their photo. `unknown`: those that the register does not know."""

    student: Student
    named: Named
    file_refs: list[FileRef]
    unknown: set[FileRef]

    @property
    def own(self) -> str:
        """The key of the file that the row means."""
        return self.named.keys[0] if self.named.keys else ""


def _claims(students: QuerySet[Student], here: Lying) -> Iterator[Claim]:
    last = 0
    while batch := list(students.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        there = here.those_there({file_ref for student in batch for file_ref in _documented(student)})
        named = here.named(batch)
        yield from _claims_of(
            (student, named.get(student.pk, Named()), [one for one in _documented(student) if one in there])
            for student in batch
        )


def _claims_of(found: Iterable[tuple[Student, Named, list[FileRef]]]) -> list[Claim]:
    """`found`, last: those of the names that old systems gave a student's photo that have a file."""
    claims = [
        (student, named, list(dict.fromkeys([*(("default", key) for key in named.keys), *documented])))
        for student, named, documented in found
    ]
    keys = {key for _student, _named, file_refs in claims for _alias, key in file_refs}
    known = set(StoredFile.objects.filter(key__in=keys).values_list("storage_alias", "key"))
    return [Claim(student, named, file_refs, set(file_refs) - known) for student, named, file_refs in claims]


def unknown_photos() -> QuerySet[Student]:
    """Students without any version, and those whose row names a photo of which there is none.

    A student who was given a former photo meanwhile still has the one that the row names.
    """
    todays = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"), replaced_at=None)
    named = ~Q(profile_photo="") & ~Exists(todays)
    ever = StudentPhoto.objects.of_profile().filter(student=OuterRef("pk"))
    return Student.objects.filter(~Exists(ever) | named)


def adoption_of(student: Student, *, trust_ids: bool = False) -> Adoption | None:
    """What is to be done for one student; None where no file of theirs lies about."""
    file_refs = [file_ref for file_ref in _documented(student) if is_there(file_ref)]
    (claim,) = _claims_of([(student, named_by(student), file_refs)])
    return _adoption(claim, pictures_of(claim.unknown), trust_ids=trust_ids)


def _adoption(claim: Claim, pictures: Pictures, *, trust_ids: bool) -> Adoption | None:
    student, own = claim.student, claim.own
    taken = refs_named_by_others(claim.file_refs, owner_of(student))
    if doubt := _doubt_of_name(claim, taken):
        return Adoption(student, None, doubt)
    file_refs = [one for one in claim.file_refs if one in claim.unknown and one not in taken]
    if not trust_ids:
        file_refs.sort(key=lambda file_ref: _goes_by_id(file_ref, own))
    files = {file_ref: pictures[file_ref] for file_ref in file_refs if file_ref in pictures}
    if not files:
        return _absent(student, claim.file_refs, own)
    for picture in files.values():
        if picture.why_not:
            return Adoption(student, None, f"{file_refs[0][1]}: {picture.why_not}")
    return _of_files(student, own, files, taken, trust_ids=trust_ids)


def _doubt_of_name(claim: Claim, taken: set[FileRef]) -> str:
    """Why a person has to say which file the row means; empty where no person has to, or it means none."""
    student, named, key = claim.student, claim.named, claim.own
    if len(named.keys) > 1:
        return f"{_shown(str(student.profile_photo))} fits more than one file: {', '.join(named.keys)}."
    if not key:
        return ""
    if named.rivals:
        # One of them is perhaps right, and a guess would show one child's face as the other's.
        return f"{key} is named by two rows, also that of {', '.join(named.rivals)}."
    if not may_be_theirs(student.student_id, key):
        return f"{key} lies where no photo of this student can be."
    return f"{key} belongs to another student." if ("default", key) in taken else ""


def _absent(student: Student, there: list[FileRef], own: str) -> Adoption | None:
    """Nothing to be taken over: what the row names is gone, or the register knows it as theirs."""
    if not student.profile_photo or own or there:
        return None
    return Adoption(student, None, f"the row names {_shown(str(student.profile_photo))}, and no file fits.")


def _shown(name: str) -> str:
    """A name of another system, on one line and not longer than that."""
    shown = name if name.isprintable() else repr(name)[1:-1]
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _of_files(
    student: Student, own: str, files: Pictures, taken: set[FileRef], *, trust_ids: bool
) -> Adoption:
    file_refs = list(files)
    source = file_refs[0]
    picture = files[source]
    same = [file_ref for file_ref in file_refs if files[file_ref].pixels == picture.pixels]
    for file_ref in same:
        if files[file_ref].named not in (None, student.student_id):
            return Adoption(student, None, f"{file_ref[1]} says that it shows another student.")
    if doubt := _doubt(own, file_refs, same, trust_ids=trust_ids):
        return Adoption(student, None, doubt)
    if erased_of(student.student_id, [picture.sha256]):
        return Adoption(student, None, f"{source[1]} was erased on request.")
    foreign = [file_ref for file_ref in same if claim_of(file_ref[1]).pk not in (None, student.pk)]
    left = tuple(aside_details(*file_ref) for file_ref in foreign if file_ref not in taken)
    details = _details(student, same, {*taken, *foreign}, picture.sha256)
    assert picture.incoming is not None
    incoming = replace(picture.incoming, filename=PurePosixPath(source[1]).name)
    return Adoption(student, details, left=left, incoming=incoming)


def _doubt(own: str, file_refs: list[FileRef], same: list[FileRef], *, trust_ids: bool) -> str:
    """Why a person has to say whether the picture is the student's; empty where no person has to."""
    source = same[0]
    if not trust_ids and _goes_by_id(source, own):
        return f"{source[1]} has the student's id in its name, and nothing else says whose it is."
    # Where the row says which one it is, the others are told afterwards; else it cannot be told.
    if len(same) < len(file_refs) and own != source[1]:
        other = next(file_ref for file_ref in file_refs if file_ref not in same)
        return f"{source[1]} and {other[1]} show different pictures."
    return ""


def _details(student: Student, same: list[FileRef], taken: set[FileRef], sha256: str) -> dict[str, Any]:
    """`same` are all the names under which the picture lies: each is an export of the version from then on.

    Not so those that are `taken`: by others' rows as well, or by another integer in a documented name.
    """
    source = same[0]
    names = [file_ref for file_ref in same if file_ref not in taken]
    is_name = source[1].startswith("student_photos/") or student.profile_photo
    documented = ("default", source[1]) if is_name and source in names else _free_name(student)
    exports = list(dict.fromkeys([documented, ("safe", keys.student_safe(student.student_id)), *names]))
    return {
        "student": student.pk,
        "student_id": str(student.student_id),
        "slot": PROFILE,
        "live": True,
        "expected_sha256": student.photo_sha256,
        "expected_photo": student.profile_photo.name or "",
        "action": "photo.adopt",
        "how": "file",
        "storage_alias": source[0],
        "key": source[1],
        "sha256": sha256,
        "origin": StudentPhoto.Origin.IMPORT,
        "names": exports,
    }


def _free_name(student: Student) -> FileRef:
    """The name that the student's photo should have, or their folder's while another's row gives it."""
    own = ("default", keys.student_documented(student.pk, "jpg"))
    if not refs_named_by_others([own], owner_of(student)):
        return own
    return "default" if has_own_safe_place() else "safe", keys.student_safe(student.student_id)


def _documented(student: Student) -> list[FileRef]:
    """Where the old systems kept it: the documented names of S0 and S1."""
    documented = [("default", keys.student_documented(student.pk, ending)) for ending in ENDINGS]
    safe = keys.student_safe(student.student_id)
    # Where both aliases lead to one place it is one file, and two rows for it would remove each other's.
    old_safe = [("default", safe)] if has_own_safe_place() else []
    return list(dict.fromkeys([*documented, *old_safe, ("safe", safe)]))


def _goes_by_id(file_ref: FileRef, own: str) -> bool:
    return claim_of(file_ref[1]).role == "documented" and file_ref[1] != own
