"""The step that adds versions of a photo to a student, and may make the last of them current."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed, NameTaken, StorageUnavailable
from photostore.models import OperationStep, PendingRemoval, StoredFile
from photostore.references.others import refs_named_by_others
from photostore.register import store_all
from photostore.register.after_commit import finish_commit
from photostore.registration import BatchHandler, Outcome
from students.models import Student
from students.photos import Change, all_go_live
from students.recovery.change.case import Case, in_memory, locked_cases, rounds, sifted
from students.recovery.change.files import bring_others_back, lying_at, set_aside
from students.recovery.change.rows import add_former, before, is_as_before, put_back, version_before
from students.recovery.change.sources import (
    actor_of,
    built,
    confirm_sources,
    former_of_legacy_row,
    write_down,
)
from students.recovery.change.standing import Standing, standings
from students.slots import PROFILE


class ChangePhoto(BatchHandler):
    """Details: `student`, `student_id`, `slot`; `live`, whether the last version becomes the current photo,
    and `expected_sha256`, the current one that the plan saw; where the versions come from (`sources.built`);
    `action`, as the audit says it; perhaps `names`, the exports of an adopted photo.

    Written down before acting: `before`, the rows (`rows.before`); `made`, the sha256 of each version that
    gets a row; `keys` of all versions; `new_sha256` and `new_key` of the last one; of the unregistered files
    that lie where these go `there`, those with the right bytes, and `aside`, the others.
    """

    name = "change_photo"

    def perform_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Bytes first, then the rows, then the exports. `Changed` where the student changed since."""
        for some in rounds(steps):
            with locked_cases(some) as (cases, refused):
                yield refused
                done = [case for case in cases if _stands(case)]
                finish_commit(*(case.owner for case in done))
                yield [(case.step, None) for case in done]
                for ready, unfit in in_memory([case for case in cases if case not in done], _build):
                    yield unfit
                    yield _change(ready)

    def revert_many(self, steps: Sequence[OperationStep]) -> Iterator[list[Outcome]]:
        """Put the rows back, and the files that lay in the way. `Changed` where they changed since."""
        for some in rounds(steps):
            with locked_cases(some) as (cases, refused):
                yield refused
                for ready, unfit in in_memory(cases, _look_back):
                    yield unfit
                    yield _take_back(ready)


def _build(case: Case) -> None:
    _expect(case.step, case.standing)
    case.versions = built(case)
    case.former = former_of_legacy_row(case)


def _change(cases: list[Case]) -> list[Outcome]:
    """What becomes of each."""
    taken = _names_of_anybody(cases)
    cases, refused = sifted(cases, lambda case: _refuse_names_of_others(case, taken))
    registered = _registered(cases)
    cases, unfit = sifted(cases, lambda case: _note(case, registered))
    write_down([case.step for case in cases])
    cases, late = sifted(
        cases, lambda case: set_aside(case.step.operation_id, case.details["aside"], case.owner.files)
    )
    # None of them before all of them were found to be pictures.
    store_all([version.file_set for case in cases for version in case.every])
    with transaction.atomic(durable=True):
        locked = standings((case.student.pk for case in cases), lock=True)
        cases, changed = sifted(cases, lambda case: _expect(case.step, locked[case.student.pk]))
        _link(cases, locked)
    finish_commit(*(case.owner for case in cases))
    return [*refused, *unfit, *late, *changed, *((case.step, None) for case in cases)]


def _link(cases: list[Case], locked: dict[int, Standing]) -> None:
    if not cases:
        return
    actor = actor_of(cases[0].step)
    former: list[Change] = []
    live: list[Change] = []
    for case in cases:
        student, action = locked[case.student.pk].student, case.details["action"]
        *others, last = [(student, version, action) for version in case.every]
        former += others
        (live if case.live else former).append(last)
    add_former(former, actor)
    all_go_live(live, actor)
    for case in cases:
        if case.live and (at := case.details.get("photo_updated_at")):
            Student.objects.filter(pk=case.student.pk).update(photo_updated_at=at)


def _stands(case: Case) -> bool:
    """Whether an earlier try came as far as its commit, and nobody changed it since."""
    details = case.details
    if "made" not in details:
        return False
    new, there = details["new_sha256"], case.standing.in_slot(case.slot)
    # The rows may have been here before, and only the register had forgotten them.
    is_registered = case.standing.registered.issuperset(details["keys"])
    if not there.keys() >= {*details["made"], new} or not is_registered:
        return False
    is_current = there[new].replaced_at is None and (case.slot != PROFILE or case.student.photo_sha256 == new)
    return is_current if case.live else not is_current


def _expect(step: OperationStep, standing: Standing) -> None:
    """Raise `Changed` where the student has another photo than the plan saw."""
    details, student = step.details, standing.student
    if not details["live"]:
        return
    expected, new, slot = details["expected_sha256"], details.get("new_sha256"), details["slot"]
    sha256 = student.photo_sha256 if slot == PROFILE else standing.current_sha256(slot)
    said = details.get("expected_photo")
    if sha256 not in (expected, new) or (said is not None and str(student.profile_photo) != said):
        raise Changed(_("The student has another photo by now."))


def _exports(case: Case) -> Sequence[tuple[str, str]]:
    return case.versions[-1].file_set.exports if case.live else ()


def _names_of_anybody(cases: list[Case]) -> set[tuple[str, str]]:
    """Of the names that are to be written those that a row has, whosever it is; mostly there are none."""
    exports = {export for case in cases for export in _exports(case)}
    registered = StoredFile.objects.filter(key__in=[key for _alias, key in exports])
    keys = {key for _alias, key in refs_named_by_others(exports, None)}
    keys |= set(registered.values_list("key", flat=True))
    return {(alias, key) for alias, key in exports if key in keys}


def _refuse_names_of_others(case: Case, taken: set[tuple[str, str]]) -> None:
    asked = taken.intersection(_exports(case))
    if asked and refs_named_by_others(asked, case.owner):
        raise Changed(NameTaken.sentence)


def _targets(case: Case) -> list[tuple[str, str, str]]:
    targets = [("default", one.file_set.original.key, one.photo.sha256) for one in case.every]
    return targets + [(alias, key, case.versions[-1].photo.sha256) for alias, key in _exports(case)]


def _registered(cases: list[Case]) -> set[tuple[str, str]]:
    names = [key for case in cases for _alias, key, _sha256 in _targets(case)]
    return set(StoredFile.objects.filter(key__in=names).values_list("storage_alias", "key"))


def _note(case: Case, registered: set[tuple[str, str]]) -> None:
    """What is to be written down. Once: a killed try may have moved files and brought rows since."""
    if "before" in case.details:
        return
    last, known = case.versions[-1], case.standing.in_slot(case.slot)
    made = [one.photo.sha256 for one in case.every if one.photo.sha256 not in known]
    if not made and not case.live and case.details["how"] == "file":
        raise Changed(_("The student has this photo already."))
    there, aside = lying_at(_targets(case), registered)
    case.step.details |= {
        "before": before(case),
        "made": made,
        "new_sha256": last.photo.sha256,
        "new_key": last.file_set.original.key,
        "keys": [one.file_set.original.key for one in case.every],
        "there": there,
        "aside": aside,
    }


def _look_back(case: Case) -> None:
    """Whether it can be taken back, or is already."""
    if _stands(case):
        confirm_sources(case)
        case.old = version_before(case)
    elif not is_as_before(case):
        raise Changed(_("The student's photo was changed since."))


def _take_back(cases: list[Case]) -> list[Outcome]:
    standing = [case for case in cases if _stands(case)]
    if standing:
        with transaction.atomic(durable=True):
            put_back(standing, standings((case.student.pk for case in standing), lock=True))
    finish_commit(*(case.owner for case in cases))
    cases, refused = sifted(cases, _give_names_back)
    return [*refused, *((case.step, None) for case in cases)]


def _give_names_back(case: Case) -> None:
    """What lay in the way, once the photo that took its place is gone."""
    aside = case.details.get("aside", ())
    names = [key for _alias, key, _sha256 in aside]
    if names and PendingRemoval.objects.filter(key__in=names, **case.owner.files).exists():
        raise StorageUnavailable  # the storage failed to remove the photo; the next run goes on here
    bring_others_back(case.step.operation_id, aside, case.details.get("new_sha256", ""))
