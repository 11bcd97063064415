"""What a person said who looked at photos, and that is not done yet."""

from __future__ import annotations

from django.db import models

from photostore.models import SHA256_LENGTH


class StagedMatch(models.Model):
    """An unowned file, and whom it shows: `student_id` as the students have it, or no student. Nothing
    follows from it before it is committed. No foreign key: students are deleted by SQL as well.
    """

    sha256 = models.CharField(max_length=SHA256_LENGTH, primary_key=True)
    key = models.TextField()
    student_id = models.UUIDField(null=True)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["said_at"]
        constraints = [
            # Two pictures of one student are for a person to choose from.
            models.UniqueConstraint(fields=["student_id"], name="students_one_staged_match"),
        ]

    def __str__(self) -> str:
        return self.key
