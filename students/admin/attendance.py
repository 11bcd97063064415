from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from photostore.admin import BytesAdmin
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from students.admin.forms import ACCEPTED, PersonForm, taken_in
from students.models import AttendancePhoto
from students.photos import remove_photo, upload_photo
from students.representation import represent_attendance
from students.slots import slot_of

IMAGE_FIELD = "image"


class AttendanceForm(PersonForm):
    """Whose, when, and the picture; for one that is there already, only the picture can be replaced."""

    date = forms.DateField(label=_("Date"), widget=UnfoldAdminDateWidget())
    session = forms.ChoiceField(
        label=_("Session"), choices=AttendancePhoto.Session.choices, widget=UnfoldAdminSelectWidget()
    )
    image = forms.FileField(
        label=_("Photo"),
        allow_empty_file=True,
        help_text=_("JPEG, PNG, GIF, WebP, HEIC or AVIF, at most 20 MB."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ACCEPTED, "data-photo-preview": ""}),
    )

    class Meta:
        model = AttendancePhoto
        fields = ("student",)

    def clean_image(self) -> UploadedFile[Any] | None:
        """Take the picture in; `incoming` holds the result."""
        self.incoming = taken_in(self.request, IMAGE_FIELD, subject="attendance")
        file: UploadedFile[Any] | None = self.cleaned_data[IMAGE_FIELD]
        return file

    def clean(self) -> dict[str, Any]:
        """One photo of a half-day: it is replaced on its own page."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        is_new = not self.instance.pk and {"student", "date", "session"} <= said.keys()
        if is_new and AttendancePhoto.objects.of(said["student"], said["date"], said["session"]):
            self.add_error("session", _("There is a photo for this date and session already."))
        if not self.errors:
            self.check_person(said.get("student") or self.instance.student, IMAGE_FIELD)
        return said


@admin.register(AttendancePhoto)
class AttendanceAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Through the same use cases as the API."""

    form = AttendanceForm
    list_display = ["face", "student", "half_day", "uploaded_by", "uploaded_at"]
    list_display_links = ["face", "student"]
    list_select_related = ["student"]
    list_per_page = 50
    search_fields = ["=student__student_number", "student__name__istartswith", "slot__startswith"]
    search_help_text = _("The student's whole number, the beginning of the name, or a date: 2026-11-21.")
    autocomplete_fields = ["student"]
    ordering = ["-id"]
    show_full_result_count = False

    class Media:
        css = {"all": ["students/admin.css"]}
        js = ["students/admin.js"]

    @admin.display(description=_("Photo"))
    def face(self, photo: AttendancePhoto) -> SafeString:
        links = represent_attendance(photo, photo.student, LinkMaker.of(self.current_request))["thumbnails"]
        return format_html(
            '<img class="admin-face" src="{}" alt="" width="48" height="48" loading="lazy">', links["96"]
        )

    @admin.display(description=_("Half-day"), ordering="slot")
    def half_day(self, photo: AttendancePhoto) -> str:
        return f"{date_format(photo.date)} {photo.session}"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """These pages show students by name and face: leave to look at photos alone opens none of them."""
        return _may_see_students(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _may_see_students(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_see_students(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_see_students(request) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: AttendancePhoto | None = None) -> Any:  # noqa: ARG002
        """Whose and when is not changed afterwards: that would be another photo."""
        return ["face", "student", "half_day"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, knowing the request."""
        form = super().get_form(request, obj, change, **kwargs)
        made: Any = type("RequestAttendanceForm", (form,), {"request": request})
        for name in ("date", "session") if obj else ():
            del made.base_fields[name]
        return made

    def save_model(
        self, request: HttpRequest, obj: AttendancePhoto, form: AttendanceForm, change: bool
    ) -> None:
        """Keep the picture; on a page that shows one, it takes that one's place."""
        assert form.incoming is not None
        said = form.cleaned_data
        change_of = upload_photo(
            student=obj.student,
            slot=obj.slot if change else slot_of(said["date"], said["session"]),
            incoming=form.incoming,
            actor=Actor.of(request, "admin"),
            replace=change,
            confirmed=form.confirmed,
        )
        obj.pk = change_of.photo.pk

    def delete_model(self, request: HttpRequest, obj: AttendancePhoto) -> None:
        """The version stays in the history."""
        remove_photo(student=obj.student, slot=obj.slot, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AttendancePhoto]) -> None:
        """One by one, as `delete_model`."""
        for photo in queryset.order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, photo)


def _may_see_students(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("students.view_student"))
