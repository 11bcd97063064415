"""What to say once the made-up school is there."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings
from django.urls import reverse

from students.demo.roster import OLD_FOLDER, TWINS_IN_NAME, Pupil, unowned_files
from students.demo.school import Plan
from students.search import words

TEXT = """\
{done}

What to try ({start}):

  {admin}
      The students' admin. Search “{plain}”: it finds {accented}, typed as it is or without accents.
  {admin}?q={twins_query}
      Two students are called {twins}: the faces and the numbers tell them apart.
  {admin}?has_photo=no
      The {without} who have no photo. Open one and hand a picture in.
  {admin}?q={often_number}
      {often} has three photos. Open the page and bring the first one back.

{unowned} unowned files lie under {folder}, as an older system left them:
  {names}"""


def what_to_try(plan: Plan) -> str:
    """For a person: what was done, where to look, whom to search for."""
    school = plan.school
    accented = next(pupil for pupil in school if "'" in pupil.name and not pupil.name.isascii())
    twin = school[TWINS_IN_NAME[0]]
    often = next(pupil for pupil in school if pupil.photos == 3)
    names = [key.removeprefix(OLD_FOLDER) for key in unowned_files(school)]
    return TEXT.format(
        done=_done(plan),
        start="`make run` starts the service where it is not up yet",
        admin=admin_address(),
        plain=_typed(accented),
        accented=accented.name,
        twins=twin.name,
        twins_query=quote_plus(_typed(twin)),
        without=sum(not pupil.photos for pupil in school),
        often=often.name,
        often_number=often.number,
        unowned=len(names),
        folder=OLD_FOLDER,
        names=", ".join(names),
    )


def _typed(pupil: Pupil) -> str:
    """The name as it is typed in a hurry."""
    return " ".join(words(pupil.name))


def as_json(plan: Plan) -> dict[str, Any]:
    """The same for machines."""
    return {
        "students": len(plan.school),
        "students_added": sum(task.first < 0 for task in plan.tasks),
        "photos_added": plan.photos,
        "unowned files": list(unowned_files(plan.school)),
        "admin": admin_address(),
    }


def admin_address() -> str:
    """Where staff find the students: the public address, else the one that `make run` serves."""
    base = settings.PUBLIC_BASE_URL or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    return f"{base}{reverse('admin:students_student_changelist')}"


def _done(plan: Plan) -> str:
    if not plan.tasks:
        return "The made-up school is there already; nothing was changed."
    added = sum(task.first < 0 for task in plan.tasks)
    return f"Added {added} made-up students in 8 classes, and {plan.photos} drawn photos."
