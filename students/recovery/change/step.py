"""The step that adds versions of a photo to a student, and may make the last of them current."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed, NameTaken, StorageUnavailable
from photostore.models import OperationStep, PendingRemoval, StoredFile
from photostore.operations import StepHandler
from photostore.owners import Owner
from photostore.references.others import refs_named_by_others
from photostore.register import store
from photostore.register.after_commit import finish_commit
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


class ChangePhoto(StepHandler):
    """Details: `student`, `student_id`, `slot`; `live`, whether the last version becomes the current photo,
    and `expected_sha256`, the current one that the plan saw; where the versions come from (`sources.built`);
    `action`, as the audit says it; perhaps `names`, the exports of an adopted photo.

    Written down before acting: `before`, the rows (`rows.before`); `made`, the sha256 of each version that
    gets a row; `keys` of all versions; `new_sha256` and `new_key` of the last one; of the unregistered files
    that lie where these go `there`, those with the right bytes, and `aside`, the others.
    """

    name = "change_photo"

    def perform(self, step: OperationStep) -> None:
        """Bytes first, then the rows, then the exports. Raises `Changed` where the student changed since."""
        student = student_of(step)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(step)
            if not _stands(step, student):
                _change(step, student)
            finish_commit(owner)

    def revert(self, step: OperationStep) -> None:
        """Put the rows back, and the files that lay in the way. Raises `Changed` where they changed since."""
        student = student_of(step)
        owner = owner_of(student)
        with owner.locked():
            student = student_of(step)
            if _stands(step, student):
                confirm_sources(step, student)
                with transaction.atomic(durable=True):
                    put_back(step, Student.objects.select_for_update().get(pk=student.pk))
            elif not is_as_before(step, student):
                raise Changed(_("The student's photo was changed since."))
            finish_commit(owner)
            _give_names_back(step, owner)


def _change(step: OperationStep, student: Student) -> None:
    _expect(step, student)
    versions = built(step, student)
    former = former_of_legacy_row(step, student, versions)
    _refuse_names_of_others(student, versions, live=step.details["live"])
    _write_down(step, student, versions, former)
    set_aside(step.operation_id, step.details["aside"], owner_of(student).files)
    for version in (*former, *versions):  # none of them before all of them were found to be pictures
        store(version.file_set)
    with transaction.atomic(durable=True):
        student = Student.objects.select_for_update().get(pk=student.pk)
        _expect(step, student)
        _link(step, student, [*former, *versions])


def _link(step: OperationStep, student: Student, versions: list[Version]) -> None:
    *former, last = versions
    for version in former if step.details["live"] else versions:
        add_former(student, version, actor_of(step), step.details["action"])
    if step.details["live"]:
        go_live(student, last, actor_of(step), step.details["action"])
        at = step.details.get("photo_updated_at")
        if at:
            Student.objects.filter(pk=student.pk).update(photo_updated_at=at)


def _stands(step: OperationStep, student: Student) -> bool:
    """Whether an earlier try came as far as its commit, and it was not changed since."""
    if "made" not in step.details:
        return False
    slot, new = step.details["slot"], step.details["new_sha256"]
    rows = StudentPhoto.objects.filter(student=student, slot=slot)
    there = dict(rows.filter(sha256__in=[*step.details["made"], new]).values_list("sha256", "replaced_at"))
    if not there.keys() >= {*step.details["made"], new} or not _is_registered(step, student):
        return False
    is_current = there[new] is None and (slot != PROFILE or student.photo_sha256 == new)
    return is_current if step.details["live"] else not is_current


def _is_registered(step: OperationStep, student: Student) -> bool:
    """The rows may have been here before, and only the register had forgotten them."""
    files = StoredFile.objects.filter(key__in=step.details["keys"], **owner_of(student).files)
    return set(files.values_list("key", flat=True)) == set(step.details["keys"])


def _expect(step: OperationStep, student: Student) -> None:
    """Raise `Changed` where the student has another photo than the plan saw."""
    if not step.details["live"]:
        return
    expected, new = step.details["expected_sha256"], step.details.get("new_sha256")
    slot = step.details["slot"]
    current = current_photo(student, slot)
    sha256 = student.photo_sha256 if slot == PROFILE else current.sha256 if current else ""
    said = step.details.get("expected_photo")
    if sha256 not in (expected, new) or (said is not None and str(student.profile_photo) != said):
        raise Changed(_("The student has another photo by now."))


def _refuse_names_of_others(student: Student, versions: list[Version], *, live: bool) -> None:
    exports = versions[-1].file_set.exports if live else ()
    if refs_named_by_others(exports, owner_of(student)):
        raise Changed(NameTaken.sentence)


def _write_down(
    step: OperationStep, student: Student, versions: list[Version], former: list[Version]
) -> None:
    """Once: a killed try may have moved files and brought rows since."""
    if "before" in step.details:
        return
    last, every = versions[-1], [*former, *versions]
    rows = StudentPhoto.objects.filter(student=student, slot=step.details["slot"])
    known = set(rows.values_list("sha256", flat=True))
    made = [one.photo.sha256 for one in every if one.photo.sha256 not in known]
    if not made and not step.details["live"] and step.details["how"] == "file":
        raise Changed(_("The student has this photo already."))
    targets = [("default", one.file_set.original.key, one.photo.sha256) for one in every]
    if step.details["live"]:
        targets += [(alias, key, last.photo.sha256) for alias, key in last.file_set.exports]
    there, aside = lying_at(targets)
    write_down(
        step,
        before=before(step, student, every),
        made=made,
        new_sha256=last.photo.sha256,
        new_key=last.file_set.original.key,
        keys=[one.file_set.original.key for one in every],
        there=there,
        aside=aside,
    )


def _give_names_back(step: OperationStep, owner: Owner) -> None:
    """What lay in the way, once the photo that took its place is gone."""
    aside = step.details.get("aside", ())
    names = [key for _alias, key, _sha256 in aside]
    if names and PendingRemoval.objects.filter(key__in=names, **owner.files).exists():
        raise StorageUnavailable  # the storage failed to remove the photo; the next run goes on here
    bring_others_back(step.operation_id, aside, step.details.get("new_sha256", ""))
