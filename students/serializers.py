"""What the students' API takes; the answers are described here for the OpenAPI document only."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from photostore.web.answers import ThumbnailLinks
from students.models import AttendancePhoto, Student
from students.right_person import SENTENCES


class StudentInput(serializers.ModelSerializer[Student]):
    """The fields that a client may set. The photo is not one of them: it has its own way in."""

    student_number = serializers.CharField(
        max_length=64,
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="The school's own number, unique; empty for none.",
        validators=[
            UniqueValidator(
                Student.objects.all(), message=_("Another student has this number."), lookup="iexact"
            )
        ],
    )

    class Meta:
        model = Student
        fields = [
            *("name", "student_number", "first_name", "last_name", "grade", "class_name"),
            *("status", "left_on"),
        ]

    def validate_student_number(self, value: str | None) -> str | None:
        """No number is null: the empty text would be unique only once."""
        return value or None


class Confirmation(serializers.Serializer[None]):
    """That a picture is the right one, although something says otherwise."""

    confirm = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="The codes of the findings that stopped it, after a person looked; separated by commas.",
    )

    @staticmethod
    def codes_in(data: Any) -> frozenset[str]:
        """The codes that a request confirms. Raises `ValidationError`."""
        said = Confirmation(data=data)
        said.is_valid(raise_exception=True)
        return frozenset(re.split(r"[,\s]+", said.validated_data.get("confirm", ""))) - {""}


class FindingOutput(serializers.Serializer[None]):
    """Why a picture may be another student's."""

    code = serializers.ChoiceField(choices=sorted(SENTENCES))
    student = serializers.UUIDField(allow_null=True, help_text="Whose; null for who may not see students.")
    detail = serializers.CharField()


class StudentWithPhotoInput(StudentInput):
    """The same as a form, with the photo as a file."""

    profile_photo = serializers.FileField(required=False, help_text="JPEG, PNG, GIF, WebP, HEIC or AVIF.")
    confirm = serializers.CharField(required=False, help_text="As with upload-photo.")

    class Meta(StudentInput.Meta):
        fields = [*StudentInput.Meta.fields, "profile_photo", "confirm"]


class SwapInput(serializers.Serializer[None]):
    """With whom to exchange photos."""

    student = serializers.IntegerField(min_value=1, help_text="The other student's id.")


class PhotoInput(Confirmation):
    """What may be said about a photo that is handed in."""

    taken_on = serializers.DateField(required=False, allow_null=True, help_text="Else the camera's date.")
    credit = serializers.CharField(required=False, allow_blank=True, max_length=200)


class PhotoUpload(PhotoInput):
    """A photo as a form."""

    profile_photo = serializers.FileField(help_text="JPEG, PNG, GIF, WebP, HEIC or AVIF; at most 20 MB.")


class StudentFilters(serializers.Serializer[None]):
    """What a list of students can be narrowed by."""

    search = serializers.CharField(
        required=False, max_length=200, help_text="Words that begin as in the name or the number."
    )
    has_photo = serializers.BooleanField(required=False, allow_null=True, default=None)
    class_name = serializers.CharField(required=False, max_length=64)
    grade = serializers.CharField(required=False, max_length=32)
    status = serializers.ChoiceField(required=False, choices=Student.Status.choices)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Those that changed then or later, they or their photo."
    )


class StudentOutput(serializers.Serializer[None]):
    """A student."""

    id = serializers.IntegerField()
    student_id = serializers.UUIDField(help_text="Outlives the database.")
    student_number = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    grade = serializers.CharField()
    class_name = serializers.CharField()
    status = serializers.ChoiceField(choices=Student.Status.choices)
    left_on = serializers.DateField(allow_null=True)
    profile_photo = serializers.CharField(allow_null=True, help_text="The storage key.")
    profile_photo_url = serializers.URLField(allow_null=True, help_text="A signed link; it expires.")
    photo = serializers.CharField(allow_null=True, help_text="The same bytes for a bearer token.")
    thumbnails = ThumbnailLinks(allow_null=True)
    links_expire_at = serializers.DateTimeField(allow_null=True, help_text="The same GET renews them.")
    photo_updated_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class UploadOutput(StudentOutput):
    """A student after a photo was handed in."""

    photo_changed = serializers.BooleanField(help_text="False: this very file is already the current photo.")
    warnings = FindingOutput(many=True, help_text="What speaks against the picture without stopping it.")
    message = serializers.CharField()


class ChangedStudentOutput(StudentOutput):
    """A student who was added or changed, perhaps with a photo."""

    warnings = FindingOutput(many=True, help_text="What speaks against the photo without stopping it.")


class AttendanceInput(Confirmation):
    """Which half-day."""

    date = serializers.DateField()
    session = serializers.ChoiceField(choices=AttendancePhoto.Session.choices)


class AttendanceUpload(AttendanceInput):
    """An attendance photo as a form."""

    image = serializers.FileField(help_text="JPEG, PNG, GIF, WebP, HEIC or AVIF; at most 20 MB.")


class AttendanceFilters(serializers.Serializer[None]):
    """Whether an upload may take an earlier one's place."""

    replace = serializers.BooleanField(required=False, default=False)


class AttendanceOutput(serializers.Serializer[None]):
    """An attendance photo."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    session = serializers.ChoiceField(choices=AttendancePhoto.Session.choices)
    sha256 = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    uploaded_at = serializers.DateTimeField()
    image = serializers.CharField(help_text="The storage key.")
    image_url = serializers.URLField(help_text="A signed link; it expires.")
    photo = serializers.CharField(help_text="The same bytes for a bearer token.")
    thumbnails = ThumbnailLinks()


class AttendanceUploadOutput(AttendanceOutput):
    """An attendance photo after it was handed in."""

    warnings = FindingOutput(many=True, help_text="What speaks against the picture without stopping it.")


class PhotoVersionOutput(serializers.Serializer[None]):
    """One version of a photo."""

    sha256 = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    taken_on = serializers.DateField(allow_null=True)
    origin = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    replaced_at = serializers.DateTimeField(allow_null=True, help_text="Null: today's photo.")
    url = serializers.URLField(help_text="A signed link; it expires.")
