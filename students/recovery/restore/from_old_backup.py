"""What a backup of an older format can still bring back."""

from __future__ import annotations

from students.recovery.legacy import adoption_of
from students.recovery.restore.links import Case


def plan_adoption(case: Case) -> None:
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
        case.needs.links.append(("change_photo", adoption.details))
        case.needs.links.extend(("set_aside_stray", left) for left in adoption.left)
