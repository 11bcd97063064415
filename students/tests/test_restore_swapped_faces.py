"""Another student's photo in the place of one of which no copy is left is taken out of sight."""

from __future__ import annotations

from typing import Any

import pytest

from photostore import keys
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.tests.drill_school import PUPILS, Pupil, judge, same_students
from students.tests.reseeding import links, tree, undo_last

pytestmark = pytest.mark.django_db(transaction=True)


def overwrite(victim: Pupil, other: Pupil) -> None:
    """Every copy of one student's photo with another's, identity and all, as a careless copy command does."""
    theirs, another = (
        StudentPhoto.objects.of_profile().get(student_id=one.pk, replaced_at=None) for one in (victim, other)
    )
    data = storage_for().read(str(another.file), max_bytes=2**26)
    documented = str(Student.objects.get(pk=victim.pk).profile_photo)
    safe = ("safe", keys.student_safe(victim.student_id))
    for alias, key in (("default", str(theirs.file)), ("default", documented), safe):
        storage_for(alias).put(key, data, content_type="image/jpeg")


@pytest.mark.drill("all copies of one student's photo overwritten with another's")
def test_a_strangers_face_is_set_aside_and_comes_back_with_undo(school: list[Pupil], outcome: Any) -> None:
    overwrite(school[0], school[1])
    before = tree(), links()
    code, said = run("restore_student_photos", "--checksum", "--verify-only")
    assert (code, said["photos_missing"]) == (1, 1)
    assert (tree(), links()) == before
    code, said = run("restore_student_photos", "--checksum")
    counts = judge(school, same_students(school))
    outcome(**counts)
    assert counts == {"right": PUPILS - 1, "wrong": 0, "left": 1}
    assert (code, said["photos_missing"], said["healed"]) == (0, 1, 0)
    assert any("photo of another student" in line for line in said["left_for_a_person"])
    assert run("verify_media", "--checksum")[1]["misplaced"] == []
    assert run("restore_student_photos", "--checksum")[1]["operation"] is None
    assert not undo_last().skipped
    assert (tree(), links()) == before
