"""Students, and every version of their photos."""

from __future__ import annotations

import datetime
import uuid
from typing import Self

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import GeneratedField, Q, Value
from django.db.models.functions import Coalesce, Concat, Lower, Now
from django.utils.translation import gettext_lazy as _

from photostore.models import KEY_LENGTH, SHA256_LENGTH
from students.columns import OneWord, PlainName, SearchVector, WithoutZeros
from students.search import prefix_query
from students.slots import PROFILE, SLOT_LENGTH, half_day, slot_of

OWNER_LABEL = "students.student"
# By what a version of a photo is recognised.
SHA256_COLUMNS = ("sha256", "untagged_sha256", "source_sha256", "pixel_sha256")


class StudentQuerySet(models.QuerySet["Student"]):
    def with_photo(self) -> Self:
        return self.exclude(profile_photo="")

    def without_photo(self) -> Self:
        return self.filter(profile_photo="")

    def matching(self, typed: str) -> Self:
        """Students whose name, number or class contains words that begin as each word typed."""
        query = prefix_query(typed)
        return self.filter(search=query) if query else self.none()


class Student(models.Model):
    """A student. `id` is the database's own number; `student_id` outlives it.

    What other systems' scripts do not know has its default in the database: they write their own columns.
    """

    class Status(models.TextChoices):
        """Whether the student is still at the school."""

        ACTIVE = "active", "active"
        LEFT = "left", "left"

    student_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    student_number = models.CharField(max_length=64, null=True, blank=True, unique=True)
    name = models.CharField(max_length=200)
    first_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    last_name = models.CharField(max_length=100, blank=True, default="", db_default="")
    grade = models.CharField(max_length=32, blank=True, default="", db_default="")
    class_name = models.CharField(max_length=64, blank=True, default="", db_default="")
    status = models.CharField(
        max_length=6, choices=Status.choices, default=Status.ACTIVE, db_default=Status.ACTIVE
    )
    left_on = models.DateField(null=True, blank=True)
    # Today's photo: its documented key, and the sha256 of the version that the key stands for. Both follow
    # the version's row. A legacy row names a file of which there is no version yet (`students.todays`).
    profile_photo = models.ImageField(
        max_length=KEY_LENGTH, blank=True, editable=False, default="", db_default=""
    )
    photo_sha256 = models.CharField(
        max_length=SHA256_LENGTH, blank=True, editable=False, default="", db_default=""
    )
    photo_updated_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())
    search = GeneratedField(
        expression=SearchVector(
            Concat(
                "name",
                Value(" "),
                Coalesce("student_number", Value("")),
                Value(" "),
                OneWord(Coalesce("student_number", Value(""))),
                Value(" "),
                # Typing 123 finds 000123 as well.
                WithoutZeros(OneWord(Coalesce("student_number", Value("")))),
                Value(" "),
                OneWord("class_name"),
            )
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = StudentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # A hash without a key would name an invisible photo. A key without a hash is a legacy row.
            models.CheckConstraint(
                condition=~Q(profile_photo="") | Q(photo_sha256=""), name="students_hash_has_key"
            ),
            # An empty number would be unique only once; no number is null.
            models.CheckConstraint(condition=~Q(student_number=""), name="students_number_is_not_empty"),
            models.CheckConstraint(condition=~Q(name=""), name="students_name_is_not_empty"),
            # `s-17` and `S-17` are one number to a reader.
            models.UniqueConstraint(
                Lower("student_number"),
                name="students_student_number_without_case",
                violation_error_message=_("Another student has this number."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="students_search"),
            # The sweep asks of each file that it would take whether a row names it.
            HashIndex(fields=["profile_photo"], condition=~Q(profile_photo=""), name="students_by_photo_key"),
            # Two rows for one file are found by whichever spelling. A b-tree takes no long name.
            HashIndex(
                PlainName("profile_photo"), condition=~Q(profile_photo=""), name="students_by_plain_name"
            ),
            # Filtered lists keep the order of the primary key, so that a cursor can go on from anywhere.
            models.Index(fields=["id"], condition=Q(profile_photo=""), name="students_without_photo"),
            models.Index(fields=["class_name", "id"], name="students_by_class"),
            models.Index(fields=["grade", "id"], name="students_by_grade"),
            models.Index(fields=["status", "id"], name="students_by_status"),
            models.Index(fields=["name", "id"], name="students_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def profile_versions(self) -> list[StudentPhoto]:
        """Of the profile photo, today's and former ones, newest first; uses what was prefetched."""
        return [photo for photo in self.photos.all() if photo.slot == PROFILE]

    @property
    def attendance_photos(self) -> list[StudentPhoto]:
        """Of every half-day the current photo; uses what was prefetched."""
        return [photo for photo in self.photos.all() if photo.slot != PROFILE and photo.replaced_at is None]


class FormerStudentNumber(models.Model):
    """A number that a student once had, so that a photo tagged under it is still found.

    A trigger writes it, whatever changes the number (migration 0002).
    """

    student = models.ForeignKey(Student, models.CASCADE, related_name="former_numbers")
    student_number = models.CharField(max_length=64)
    replaced_at = models.DateTimeField(auto_now_add=True)
    # Whether today's photo has the number inside that came after this one; see students.renumbering.
    photo_is_retagged = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["student"], condition=Q(photo_is_retagged=False), name="students_to_retag")
        ]

    def __str__(self) -> str:
        return self.student_number


class StudentPhotoQuerySet(models.QuerySet["StudentPhoto"]):
    def of_profile(self) -> Self:
        """Profile photos, today's and former ones."""
        return self.filter(slot=PROFILE)

    def of_attendance(self) -> Self:
        """Attendance photos of every half-day, current and former ones."""
        return self.exclude(slot=PROFILE)

    def current(self) -> Self:
        """What is shown today: at most one of each student and slot."""
        return self.filter(replaced_at=None)


class StudentPhoto(models.Model):
    """One version of a student's photo; its bytes are immutable. The current one has no `replaced_at`.

    `slot` is `profile`, or a half-day such as `2026-11-21_AM` (`students.slots`).
    """

    class Origin(models.TextChoices):
        API = "api", "API"
        ADMIN = "admin", "admin"
        MATCH = "match", "matched file"
        IMPORT = "import", "import"
        RESTORE = "restore", "restored"
        MIGRATE = "migrate", "migrated"

    student = models.ForeignKey(Student, models.CASCADE, related_name="photos")
    slot = models.CharField(max_length=SLOT_LENGTH, default=PROFILE, db_default=PROFILE)
    file = models.ImageField(max_length=KEY_LENGTH)
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    # The same file without the identity inside; the identity's signature covers it.
    untagged_sha256 = models.CharField(max_length=SHA256_LENGTH)
    # The bytes as handed in: only this tells that the same file came twice.
    source_sha256 = models.CharField(max_length=SHA256_LENGTH)
    # The upright pixels: the same picture on two students shows.
    pixel_sha256 = models.CharField(max_length=SHA256_LENGTH)
    dhash = models.BigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    content_type = models.CharField(max_length=64)
    taken_on = models.DateField(null=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    original_filename = models.CharField(max_length=255, blank=True)
    credit = models.CharField(max_length=200, blank=True)
    uploaded_by_id = models.CharField(max_length=64, blank=True)
    uploaded_by = models.CharField(max_length=200, blank=True)
    uploaded_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    objects = StudentPhotoQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            # The same bytes are the same version, however often they come back.
            models.UniqueConstraint(
                fields=["student", "slot", "sha256"], name="students_one_row_per_version"
            ),
            # Two versions at once would make "today's photo" a matter of luck.
            models.UniqueConstraint(
                fields=["student", "slot"], condition=Q(replaced_at=None), name="students_one_current_photo"
            ),
        ]
        indexes = [
            models.Index(fields=["source_sha256"], name="students_by_source"),
            models.Index(fields=["pixel_sha256"], name="students_by_pixels"),
            HashIndex(fields=["file"], name="students_by_version_key"),
            # An unowned file is looked up by its own bytes, with and without an identity inside.
            models.Index(fields=["sha256"], name="students_by_bytes"),
            models.Index(fields=["untagged_sha256"], name="students_by_bare_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} {self.slot} {self.sha256[:12]}"


class AttendancePhotoManager(models.Manager["AttendancePhoto"]):
    """Of every half-day the current photo."""

    def get_queryset(self) -> models.QuerySet[AttendancePhoto]:
        return super().get_queryset().exclude(slot=PROFILE).filter(replaced_at=None)

    def of(self, student: Student, date: datetime.date, session: str) -> AttendancePhoto | None:
        return self.get_queryset().filter(student=student, slot=slot_of(date, session)).first()


class AttendancePhoto(StudentPhoto):
    """The current photo of a half-day, as the API and the admin show it: a version like any other."""

    class Session(models.TextChoices):
        AM = "AM", "AM"
        PM = "PM", "PM"

    objects = AttendancePhotoManager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        ordering = ["-id"]

    @property
    def date(self) -> datetime.date:
        return half_day(self.slot)[0]

    @property
    def session(self) -> str:
        return half_day(self.slot)[1]
