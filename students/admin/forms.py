"""The form of a student on the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from photostore.admin import note_refusal
from photostore.errors import PhotostoreError
from photostore.uploads.handler import optional_file
from students.models import Student, StudentPhoto
from students.photos import subject_of
from students.versions import IncomingPhoto, take_in

PHOTO_FIELD = "new_photo"
ACCEPTED = "image/jpeg,image/png,image/gif,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"


class StudentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A student's fields, and a new photo that is taken in while the form is checked.

    A refused picture is therefore a sentence beside its field, and nothing that was typed is lost.
    """

    # Not an ImageField: that opens the file with every decoder there is before anybody can say no.
    new_photo = forms.FileField(
        label=_("New photo"),
        required=False,
        allow_empty_file=True,
        help_text=_(
            "JPEG, PNG, GIF, WebP, HEIC or AVIF, at most 20 MB. An earlier photo stays in the history."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED, "data-photo-preview": ""}),
    )

    request: Any = None
    incoming: IncomingPhoto | None = None

    class Meta:
        model = Student
        fields = (
            *("name", "student_number", "first_name", "last_name", "grade", "class_name"),
            *("status", "left_on"),
        )

    def clean_student_number(self) -> str | None:
        """No number is null."""
        return self.cleaned_data["student_number"] or None

    def clean_new_photo(self) -> UploadedFile[Any] | None:
        """Take the picture in; `incoming` holds the result."""
        subject = subject_of(self.instance) if self.instance.pk else "new student"
        self.incoming = taken_in(self.request, PHOTO_FIELD, subject=subject)
        file: UploadedFile[Any] | None = self.cleaned_data[PHOTO_FIELD]
        return file


def taken_in(request: HttpRequest, field: str, *, subject: str) -> IncomingPhoto | None:
    """The picture in a form's field, taken in; None where there is none.

    Raises `ValidationError`, and leaves an audit row, for one that is refused.
    """
    try:
        file = optional_file(request, field)
        if file is None:
            return None
        return take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.ADMIN)
    except PhotostoreError as error:
        note_refusal(request, error.code, action="photo.upload", subject=subject)
        raise forms.ValidationError(str(error), code=error.code) from error
