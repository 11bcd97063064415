"""What a backup of an older format can still bring back."""

from __future__ import annotations

from students.recovery.legacy import adoption_of
from students.recovery.restore.links import LinkPlanner


def plan_adoption(planner: LinkPlanner) -> None:
    """An old backup knows only that there was a photo; it is taken over from where it always lay.

    Students who are made again may have been given an integer that was another child's.
    """
    if "photo.remove" in planner.removed_since or planner.rows:
        return
    adoption = adoption_of(planner.student, trust_ids=planner.entry.id == planner.student.pk)
    if adoption is None:
        planner.plan.missing.append(planner.entry.student_id.hex)
    elif adoption.details is None:
        planner.plan.notes.append(adoption.why_not)
    else:
        planner.plan.links.append(("change_photo", adoption.details))
        planner.plan.links.extend(("set_aside_unowned", left) for left in adoption.left)
