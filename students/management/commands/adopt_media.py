"""`manage.py adopt_media`: photos that were here before this service become known to it."""

from __future__ import annotations

from typing import Any

from photostore.commands import DONE, PhotoCommand
from photostore.operations import conduct
from students.adoption import adoptions
from students.models import Student
from students.restore.places import make_places


class Command(PhotoCommand):
    """Takes over an existing deployment's photos under the names that they have."""

    help = (
        "Finds students' photos under their documented names (student_photos/student_{id}_profile.*, "
        "photos/students/{student_id}/profile.jpg) that are not known yet: hashes, cleans, tags and "
        "registers them and keeps each as a version. Nothing is renamed; the old bytes stay in quarantine. "
        "Safe to stop and to run again; undo_photo_operation takes it back."
    )

    def work(self, **_options: Any) -> int:
        """Go through the students who have no version yet."""
        make_places()
        adopted, left = 0, []
        with conduct(self.name, self.actor) as conductor:
            found = self.progress(
                adoptions(), what="Photos", total=Student.objects.filter(photos=None).count()
            )
            for adoption in found:
                student = adoption.student
                why = adoption.why_not
                if adoption.details is not None:
                    subject = f"student {student.student_id}"
                    if conductor.act("adopt_photo", subject=subject, details=adoption.details):
                        adopted += 1
                        self.say(f"Adopted: {student.name} (ID {student.pk})")
                        continue
                    why = conductor.why
                left.append({"id": student.pk, "name": student.name, "why": why})
                self.say(f"Left for a person: {student.name} (ID {student.pk}): {why}")
        self.result |= {"adopted": adopted, "left_for_a_person": left}
        self.say(f"Adopted: {adopted}\nLeft for a person: {len(left)}")
        return DONE
