"""Students in the admin. Every change goes through the use cases that the API calls."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from photostore.admin import BytesAdmin, note_refusal, tell_refusal
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from photostore.errors import PhotostoreError
from photostore.web import converters  # noqa: F401 - registers `sha256`
from students.admin.actions import MARK_AS_LEFT, REMOVE_PHOTOS, bulk_action
from students.admin.by_eye import ByEyeAdmin
from students.admin.filters import ClassFilter, PhotoFilter
from students.admin.forms import PHOTO_FIELD, StudentForm
from students.admin.photo_imports import PhotoImportsAdmin
from students.enrolment import create_student, delete_student, update_student
from students.models import Student
from students.photos import remove_photo, restore_version, subject_of
from students.representation import represent_student, represent_version, thumbnails_of
from students.right_person import STOPS, AnotherPerson
from students.todays import versions_of, with_standing

HISTORY_SHOWN = 24


@admin.register(Student)
class StudentAdmin(ByEyeAdmin, PhotoImportsAdmin, ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Find a student, look at the photo, replace it, bring an earlier one back."""

    form = StudentForm
    list_display = ["face", "name", "student_number", "class_name", "grade", "status", "photo_updated_at"]
    list_display_links = ["face", "name"]
    list_filter = [PhotoFilter, ClassFilter, "status"]
    list_per_page = 50
    # Searching is done by `get_search_results`, over the full-text index; this only shows the box.
    search_fields = ["name"]
    search_help_text = _("Name or number; the beginning of each word is enough.")
    ordering = ["name", "id"]
    show_full_result_count = False
    actions = [bulk_action(MARK_AS_LEFT), bulk_action(REMOVE_PHOTOS)]
    readonly_fields = ["photo", "history"]
    list_before_template = "students/admin/above_list.html"
    change_form_outer_after_template = "students/admin/photo_form.html"
    fieldsets = [
        (_("Photo"), {"fields": ["photo", PHOTO_FIELD, "confirm"]}),
        (
            _("Student"),
            {"fields": ["name", ("student_number", "class_name"), ("first_name", "last_name"),
                        "grade", ("status", "left_on")]},
        ),
        (_("Earlier photos"), {"fields": ["history"]}),
    ]  # fmt: skip

    class Media:
        css = {"all": ["students/admin.css"]}
        js = ["students/admin.js"]

    # What is shown

    @admin.display(description=_("Photo"))
    def face(self, student: Student) -> SafeString:
        links = thumbnails_of(student, LinkMaker.of(self.current_request))
        if links is None:
            return format_html('<span class="admin-no-face" title="{}">∅</span>', _("No photo"))
        return format_html(
            '<img class="admin-face" src="{}" alt="{}" width="48" height="48" loading="lazy">',
            links["96"],
            _("Photo of %(name)s") % {"name": student.name},
        )

    @admin.display(description=_("Current photo"))
    def photo(self, student: Student) -> str:
        """The photo, large enough to recognise the student."""
        # The admin asks for the same field several times on one page.
        if "_admin_links" not in student.__dict__:
            links = represent_student(student, LinkMaker.of(self.current_request))
            student.__dict__["_admin_links"] = links
        context = {"student": student, "links": student.__dict__["_admin_links"]}
        context["can_change"] = self.has_change_permission(self.current_request, student)
        return render_to_string("students/admin/photo.html", context, request=self.current_request)

    @admin.display(description=_("History"))
    def history(self, student: Student) -> str:
        """Every version, with "make this the photo again"."""
        links = LinkMaker.of(self.current_request)
        newest = versions_of(student).order_by("-id")[: HISTORY_SHOWN + 1]
        versions = [{"photo": photo, **represent_version(photo, links)} for photo in newest]
        context = {
            "student": student,
            "versions": versions[:HISTORY_SHOWN],
            "more": len(versions) > HISTORY_SHOWN,
            "can_change": self.has_change_permission(self.current_request, student),
            "audit_query": subject_of(student),
            "can_audit": self.current_request.user.has_perm("photostore.view_auditentry"),
        }
        return render_to_string("students/admin/history.html", context, request=self.current_request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Student]:
        """With what the faces in the list need."""
        students: QuerySet[Student] = with_standing(super().get_queryset(request))
        return students

    def get_fieldsets(self, request: HttpRequest, obj: Student | None = None) -> Any:
        """A new student has no history; a user who may only view is offered no upload."""
        shown = list(super().get_fieldsets(request, obj))
        if obj is None:
            return [(_("Photo"), {"fields": [PHOTO_FIELD, "confirm"]}), *shown[1:-1]]
        if not self.has_change_permission(request, obj):
            shown[0] = (shown[0][0], {"fields": ["photo"]})
        return shown

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class, knowing the request: its upload may have been cut off while it was read."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("RequestStudentForm", (form,), {"request": request})

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Student],
        search_term: str,
    ) -> tuple[QuerySet[Student], bool]:
        """By the beginnings of words of name and number, from the full-text index."""
        term = search_term.replace("\0", " ").strip()
        return (queryset.matching(term) if term else queryset), False  # type: ignore[attr-defined]

    # What is done

    def save_model(self, request: HttpRequest, obj: Student, form: StudentForm, change: bool) -> None:
        """Create or update, then take the new photo over."""
        actor = Actor.of(request, "admin")
        fields = {name: form.cleaned_data[name] for name in StudentForm.Meta.fields}
        if not change:
            saved = create_student(
                fields=fields, actor=actor, incoming=form.incoming, confirmed=form.confirmed
            )
        else:
            saved = update_student(
                student=obj,
                fields=fields,
                actor=actor,
                incoming=form.incoming,
                confirmed=form.confirmed,
            )
            if form.incoming and saved.photo_sha256 == obj.photo_sha256:
                messages.info(request, _("This file is already the current photo; nothing was changed."))
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: Student) -> None:
        """One student; the photos are set aside."""
        delete_student(student=obj, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Student]) -> None:
        """Many students, one by one: each has a lock, a transaction and an audit row of its own."""
        for student in queryset.order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, student)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """What the confirmation says: whom, and what becomes of the photos."""
        students = list(objs)
        lines: list[Any] = []
        for student in students:
            versions = student.photos.of_profile().count()
            text = ngettext(
                "%(name)s: %(n)d photo is set aside for 30 days",
                "%(name)s: %(n)d photos are set aside for 30 days",
                versions,
            )
            lines.append(text % {"name": student, "n": versions} if versions else str(student))
        lacking = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return lines, {str(self.opts.verbose_name_plural): len(students)}, lacking, []

    def get_urls(self) -> list[URLPattern]:
        """The two buttons of the photo panel."""
        wrap = self.admin_site.admin_view
        restore = require_POST(self.restore_view)
        remove = require_POST(self.remove_view)
        return [
            path("<int:pk>/photo/<sha256:sha256>/restore/", wrap(restore), name="students_student_restore"),
            path("<int:pk>/photo/remove/", wrap(remove), name="students_student_remove_photo"),
            *super().get_urls(),
        ]

    def restore_view(self, request: HttpRequest, pk: int, sha256: str) -> HttpResponse:
        """Make an earlier photo the current one; asks first where it is another student's by now."""
        confirmed = STOPS if request.POST.get("confirm") else ()
        try:
            return self._change_photo(
                request,
                pk,
                lambda student, actor: restore_version(
                    student=student, sha256=sha256, actor=actor, confirmed=confirmed
                ),
                _("The earlier photo was restored."),
            )
        except AnotherPerson as error:
            return self._ask_whose(request, pk, sha256, error)

    def _ask_whose(self, request: HttpRequest, pk: int, sha256: str, error: AnotherPerson) -> HttpResponse:
        student, links = Student.objects.get(pk=pk), LinkMaker.of(request)
        note_refusal(request, error.code, action="photo.restore", subject=subject_of(student))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Is this %(name)s?") % {"name": student.name},
            "opts": self.opts,
            "student": student,
            "version": represent_version(versions_of(student).get(sha256=sha256), links),
            "faces": [{"finding": one, "links": thumbnails_of(one.other, links)} for one in error.findings],
        }
        return TemplateResponse(request, "students/admin/restore_another.html", context)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._change_photo(
            request,
            pk,
            lambda student, actor: remove_photo(student=student, actor=actor),
            _("The photo was removed. It can be restored from the earlier photos."),
        )

    def _change_photo(self, request: HttpRequest, pk: int, use_case: Any, sentence: Any) -> HttpResponse:
        student = self.get_object(request, str(pk))
        if student is None or not self.has_change_permission(request, student):
            raise PermissionDenied
        try:
            use_case(student, Actor.of(request, "admin"))
        except AnotherPerson:
            raise
        except PhotostoreError as error:
            tell_refusal(request, error, subject=subject_of(student))
        else:
            messages.success(request, sentence)
        return HttpResponseRedirect(reverse("admin:students_student_change", args=[pk]))
