"""The form of a student in the admin."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanWidget

from photostore.admin import note_refusal
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from photostore.errors import PhotostoreError
from photostore.uploads.handler import optional_file
from photostore.uploads.throttle import count_upload, staff_per_minute
from students.models import Student, StudentPhoto
from students.photos import subject_of
from students.representation import thumbnails_of
from students.right_person import STOPS, Finding, findings, looks_of
from students.versions import IncomingPhoto, new_version, take_in

PHOTO_FIELD = "new_photo"
ACCEPTED = "image/jpeg,image/png,image/gif,image/webp,image/heic,image/heif,image/avif,.heic,.heif,.avif"


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form with a picture, which stops at one that is another student's until a person says yes."""

    confirm = forms.BooleanField(
        label=_("This picture is right all the same"), required=False, widget=forms.HiddenInput()
    )

    request: Any = None
    incoming: IncomingPhoto | None = None

    @property
    def confirmed(self) -> frozenset[str]:
        """The findings that the person saw and confirmed."""
        return frozenset(STOPS) if self.cleaned_data.get("confirm") else frozenset()

    def check_person(self, student: Student, field: str) -> None:
        """Show both faces and the box to tick, where the picture is another student's."""
        if self.incoming is None or self.confirmed:
            return
        version = new_version(student, self.incoming, Actor.of(self.request, "admin"))
        found = findings(student, looks_of(version.photo, named=self.incoming.named))
        stopping = [one for one in found if one.stops]
        if not stopping:
            return
        note_refusal(self.request, stopping[0].code, action="photo.upload", subject=subject_of(student))
        self.fields["confirm"].widget = UnfoldBooleanWidget()
        self.add_error(field, self._both_faces(stopping))

    def _both_faces(self, found: list[Finding]) -> str:
        assert self.incoming is not None
        small = base64.b64encode(self.incoming.clean.thumbnails["256"].data).decode()
        links = LinkMaker.of(self.request)
        faces = [{"finding": one, "links": thumbnails_of(one.other, links)} for one in found]
        return render_to_string("students/admin/another.html", {"new": small, "faces": faces})


class StudentForm(PersonForm):
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

    class Meta:
        model = Student
        fields = (
            *("name", "student_number", "first_name", "last_name", "grade", "class_name"),
            *("status", "left_on"),
        )

    def clean_student_number(self) -> str | None:
        """An empty number is stored as NULL."""
        return self.cleaned_data["student_number"] or None

    def clean_new_photo(self) -> UploadedFile[Any] | None:
        """Take the picture in; `incoming` holds the result."""
        subject = subject_of(self.instance) if self.instance.pk else "new student"
        self.incoming = taken_in(self.request, PHOTO_FIELD, subject=subject)
        file: UploadedFile[Any] | None = self.cleaned_data[PHOTO_FIELD]
        return file

    def clean(self) -> dict[str, Any]:
        """Whether the picture is theirs, when all else is good."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            known = Student.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
            student = known or Student(pk=0)
            student.student_number = said["student_number"]
            self.check_person(student, PHOTO_FIELD)
        return said


def taken_in(request: HttpRequest, field: str, *, subject: str) -> IncomingPhoto | None:
    """The picture in a form's field, taken in; None where there is none.

    Raises `ValidationError`, and leaves an audit row, for one that is refused.
    """
    try:
        file = optional_file(request, field)
        if file is None:
            return None
        count_upload(request.user.pk, per_minute=staff_per_minute())
        return take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.ADMIN)
    except PhotostoreError as error:
        note_refusal(request, error.code, action="photo.upload", subject=subject)
        raise forms.ValidationError(str(error), code=error.code) from error
