"""Attendance photos on the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminFileFieldWidget

from photostore.admin import BytesAdmin
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from students.admin.forms import ACCEPTED, taken_in
from students.attendance import delete_attendance_photo, upload_attendance_photo
from students.models import AttendancePhoto
from students.representation import represent_attendance
from students.versions import IncomingPhoto

IMAGE_FIELD = "image"


class AttendanceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose, when, and the picture; for one that is there already, only the picture can be replaced."""

    image = forms.FileField(
        label=_("Photo"),
        allow_empty_file=True,
        help_text=_("JPEG, PNG, GIF, WebP, HEIC or AVIF, at most 20 MB."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED, "data-photo-preview": ""}),
    )

    request: Any = None
    incoming: IncomingPhoto | None = None

    class Meta:
        model = AttendancePhoto
        fields = ("student", "date", "session")

    def clean_image(self) -> UploadedFile[Any] | None:
        """Take the picture in; `incoming` holds the result."""
        self.incoming = taken_in(self.request, IMAGE_FIELD, subject="attendance")
        file: UploadedFile[Any] | None = self.cleaned_data[IMAGE_FIELD]
        return file


@admin.register(AttendancePhoto)
class AttendanceAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Through the same use cases as the API."""

    form = AttendanceForm
    list_display = ["face", "student", "date", "session", "uploaded_by", "uploaded_at"]
    list_display_links = ["face", "student"]
    list_filter = ["session", "date"]
    list_select_related = ["student"]
    list_per_page = 50
    search_fields = ["=student__student_number", "student__name__istartswith"]
    search_help_text = _("The student's whole number, or the beginning of the name.")
    autocomplete_fields = ["student"]
    ordering = ["-id"]
    show_full_result_count = False

    class Media:
        css = {"all": ["students/desk.css"]}
        js = ["students/desk.js"]

    @admin.display(description=_("Photo"))
    def face(self, photo: AttendancePhoto) -> SafeString:
        """A thumbnail in the list."""
        links = represent_attendance(photo, photo.student, LinkMaker.of(self.current_request))["thumbnails"]
        return format_html(
            '<img class="desk-face" src="{}" alt="" width="48" height="48" loading="lazy">', links["96"]
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """These pages show students by name and face: leave to look at photos alone opens none of them."""
        return _may_see_students(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As `has_view_permission`."""
        return _may_see_students(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As `has_view_permission`."""
        return _may_see_students(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As `has_view_permission`."""
        return _may_see_students(request) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: AttendancePhoto | None = None) -> Any:  # noqa: ARG002
        """Whose and when is not changed afterwards: that would be another photo."""
        return ["face", "student", "date", "session"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, knowing the request."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("RequestAttendanceForm", (form,), {"request": request})

    def save_model(
        self, request: HttpRequest, obj: AttendancePhoto, form: AttendanceForm, change: bool
    ) -> None:
        """Keep the picture; on a page that shows one, it takes that one's place."""
        assert form.incoming is not None
        saved = upload_attendance_photo(
            student=obj.student,
            date=obj.date,
            session=obj.session,
            incoming=form.incoming,
            actor=Actor.of(request, "admin"),
            replace=change,
        )
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: AttendancePhoto) -> None:
        """Its versions are set aside."""
        delete_attendance_photo(photo=obj, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AttendancePhoto]) -> None:
        """One by one, as `delete_model`."""
        for photo in queryset.order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, photo)


def _may_see_students(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("students.view_student"))
