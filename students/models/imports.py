"""A list of students, or many photos, handed in: read, looked at by a person, then committed or not."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.models import KEY_LENGTH, SHA256_LENGTH
from students.models.students import Student

KEPT_FOR = timedelta(days=14)
ROW_STATE_LENGTH = 20
# In the data of a row, what it was before somebody said by eye whom it shows.
BEFORE_BY_EYE = "before_by_eye"


def expiry() -> datetime:
    """When an import that begins now is forgotten."""
    return timezone.now() + KEPT_FOR


class Import(models.Model):
    """One import, of students or of photos. Commit is one operation, whose id is `operation`."""

    class Kind(models.TextChoices):
        """What is imported."""

        STUDENTS = "students", _("students")
        PHOTOS = "photos", _("photos")

    class State(models.TextChoices):
        """Where it stands. One that is read or committed while its worker is killed is taken up again."""

        READING = "reading", _("being read")
        READY = "ready", _("ready to be looked at")
        COMMITTING = "committing", _("being committed")
        COMMITTED = "committed", _("committed")
        DISCARDED = "discarded", _("discarded")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.READING)
    created_by_id = models.CharField(max_length=64, blank=True)
    created_by = models.CharField(max_length=200, blank=True)
    # Through which it came in; and who committed it: {id, name, channel, address}, as an `Actor`.
    channel = models.CharField(max_length=32)
    committed_by = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=expiry)
    # What was handed in, as its owner called it, and what was chosen for reading it: columns, charset, index.
    file_names = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    # What reading found out: the charset it took, the columns, students without a picture. For people.
    found = models.JSONField(default=dict)
    # Why it failed: a code, and what its sentence is filled with. See `students.imports.failures`.
    error = models.JSONField(null=True)
    operation = models.UUIDField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["kind", "-created_at"], name="students_newest_imports"),
            models.Index(fields=["expires_at"], name="students_imports_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class ImportSource(models.Model):
    """A list as it was handed in: it is read again when other columns are chosen. Goes with its import."""

    batch = models.OneToOneField(Import, models.CASCADE, primary_key=True, related_name="source")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"source of {self.batch_id}"


class ImportRow(models.Model):
    """One line of a list, or one file: what it says, whom it concerns, and what a commit would do with it."""

    class Outcome(models.TextChoices):
        """What the commit did with it."""

        DONE = "done", _("done")
        # Since the preview something changed, or another row was in the way; `findings` say what.
        STAYED = "stayed", _("left as it was")

    # `import` is a keyword.
    batch = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    n = models.PositiveIntegerField()
    file = models.CharField(max_length=KEY_LENGTH, blank=True)
    # Each kind has its own: `students.imports.roster.states`, `students.imports.photos.states`.
    state = models.CharField(max_length=ROW_STATE_LENGTH)
    student = models.ForeignKey(Student, models.SET_NULL, null=True, related_name="import_rows")
    # Each {code, …}: why it is this student, and what speaks against it.
    evidence = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    # What the line says, and for a list what would change: {field: [old, new]}.
    data = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    accepted = models.BooleanField(default=False)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, blank=True)
    # Of a photo: where it waits, what it is, and the student's photo when the preview was made.
    staged_key = models.CharField(max_length=KEY_LENGTH, null=True)  # noqa: DJ001 - null: nothing is staged
    staged_sha256 = models.CharField(max_length=SHA256_LENGTH, null=True)  # noqa: DJ001
    current_sha256 = models.CharField(max_length=SHA256_LENGTH, blank=True)

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "n"], name="students_one_import_row_per_number"),
        ]
        indexes = [
            models.Index(fields=["batch", "state", "n"], name="students_import_rows_by_state"),
            # What a commit has still to do.
            models.Index(
                fields=["batch", "n"],
                condition=models.Q(accepted=True, outcome=""),
                name="students_import_rows_to_do",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.n}"
