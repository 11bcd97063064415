"""The step that adds versions of a photo to a student, and may make the last of them current."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed, NameTaken, StorageAway
from photostore.models import Act, PendingRemoval, StoredFile
from photostore.operations import ActKind
from photostore.owners import Owner
from photostore.references.others import named_for_others
from photostore.register import store
from photostore.register.settling import settle
from students.models import Student, StudentPhoto
from students.photos import current_photo, go_live
from students.recovery.change.files import bring_others_back, lying_at, set_aside
from students.recovery.change.rows import add_former, before, is_as_before, put_back
from students.recovery.change.sources import (
    actor_of,
    built,
    confirm_sources,
    former_of_legacy_row,
    student_of,
    write_down,
)
from students.slots import PROFILE
from students.versions import Version, owner_of


class ChangePhoto(ActKind):
    """Details: `student`, `student_id`, `slot`; `live`, whether the last version becomes the current photo,
    and `expected_sha256`, the current one that the plan saw; where the versions come from (`sources.built`);
    `action`, as the audit says it; perhaps `names`, the exports of an adopted photo.

    Written down before acting: `before`, the rows (`rows.before`); `made`, the sha256 of each version that
    gets a row; `keys` of all versions; `new_sha256` and `new_key` of the last one; of the unregistered files
    that lie where these go `there`, those with the right bytes, and `aside`, the others.
    """

    name = "change_photo"

    def perform(self, act: Act) -> None:
        """Bytes first, then the rows, then the exports. Raises `Changed` where the student changed since."""
        student = student_of(act)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(act)
            if not _stands(act, student):
                _change(act, student)
            settle(owner)

    def revert(self, act: Act) -> None:
        """Put the rows back, and the files that lay in the way. Raises `Changed` where they changed since."""
        student = student_of(act)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(act)
            if _stands(act, student):
                confirm_sources(act, student)
                with transaction.atomic(durable=True):
                    put_back(act, Student.objects.select_for_update().get(pk=student.pk))
            elif not is_as_before(act, student):
                raise Changed(_("The student's photo was changed since."))
            settle(owner)
            _give_names_back(act, owner)


def _change(act: Act, student: Student) -> None:
    _expect(act, student)
    versions = built(act, student)
    former = former_of_legacy_row(act, student, versions)
    _refuse_names_of_others(student, versions, live=act.details["live"])
    _write_down(act, student, versions, former)
    set_aside(act.operation_id, act.details["aside"], owner_of(student).files)
    for version in (*former, *versions):  # none of them before all of them were found to be pictures
        store(version.publication, ground_is_clear=True)
    with transaction.atomic(durable=True):
        student = Student.objects.select_for_update().get(pk=student.pk)
        _expect(act, student)
        _link(act, student, [*former, *versions])


def _link(act: Act, student: Student, versions: list[Version]) -> None:
    *former, last = versions
    for version in former if act.details["live"] else versions:
        add_former(student, version, actor_of(act), act.details["action"])
    if act.details["live"]:
        go_live(student, last, actor_of(act), act.details["action"])
        at = act.details.get("photo_updated_at")
        if at:
            Student.objects.filter(pk=student.pk).update(photo_updated_at=at)


def _stands(act: Act, student: Student) -> bool:
    """Whether an earlier try came as far as its commit, and nobody changed it since."""
    if "made" not in act.details:
        return False
    slot, new = act.details["slot"], act.details["new_sha256"]
    rows = StudentPhoto.objects.filter(student=student, slot=slot)
    there = dict(rows.filter(sha256__in=[*act.details["made"], new]).values_list("sha256", "replaced_at"))
    if not there.keys() >= {*act.details["made"], new} or not _is_registered(act, student):
        return False
    is_current = there[new] is None and (slot != PROFILE or student.photo_sha256 == new)
    return is_current if act.details["live"] else not is_current


def _is_registered(act: Act, student: Student) -> bool:
    """The rows may have been here before, and only the register had forgotten them."""
    files = StoredFile.objects.filter(key__in=act.details["keys"], **owner_of(student).files)
    return set(files.values_list("key", flat=True)) == set(act.details["keys"])


def _expect(act: Act, student: Student) -> None:
    """Raise `Changed` where the student has another photo than the plan saw."""
    if not act.details["live"]:
        return
    expected, new = act.details["expected_sha256"], act.details.get("new_sha256")
    slot = act.details["slot"]
    current = current_photo(student, slot)
    sha256 = student.photo_sha256 if slot == PROFILE else current.sha256 if current else ""
    said = act.details.get("expected_photo")
    if sha256 not in (expected, new) or (said is not None and str(student.profile_photo) != said):
        raise Changed(_("The student has another photo by now."))


def _refuse_names_of_others(student: Student, versions: list[Version], *, live: bool) -> None:
    exports = versions[-1].publication.copies if live else ()
    if named_for_others(exports, owner_of(student)):
        raise Changed(NameTaken.sentence)


def _write_down(act: Act, student: Student, versions: list[Version], former: list[Version]) -> None:
    """Once: a killed try may have moved files and brought rows since."""
    if "before" in act.details:
        return
    last, every = versions[-1], [*former, *versions]
    rows = StudentPhoto.objects.filter(student=student, slot=act.details["slot"])
    known = set(rows.values_list("sha256", flat=True))
    made = [one.photo.sha256 for one in every if one.photo.sha256 not in known]
    if not made and not act.details["live"] and act.details["how"] == "file":
        raise Changed(_("The student has this photo already."))
    targets = [("default", one.publication.original.key, one.photo.sha256) for one in every]
    if act.details["live"]:
        targets += [(alias, key, last.photo.sha256) for alias, key in last.publication.copies]
    there, aside = lying_at(targets)
    write_down(
        act,
        before=before(act, student, every),
        made=made,
        new_sha256=last.photo.sha256,
        new_key=last.publication.original.key,
        keys=[one.publication.original.key for one in every],
        there=there,
        aside=aside,
    )


def _give_names_back(act: Act, owner: Owner) -> None:
    """What lay in the way, once the photo that took its place is gone."""
    aside = act.details.get("aside", ())
    names = [key for _alias, key, _sha256 in aside]
    if names and PendingRemoval.objects.filter(key__in=names, **owner.files).exists():
        raise StorageAway  # the storage failed to remove the photo; the next run goes on here
    bring_others_back(act.operation_id, aside, act.details.get("new_sha256", ""))
