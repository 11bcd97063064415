"""Lists of students in the admin: handed in, looked at, committed, undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from photostore.admin import ReadOnlyAdmin
from photostore.admin.operations import may_undo
from photostore.audit import Actor
from photostore.models import Operation
from photostore.uploads.handler import one_file
from students import jobs
from students.admin.import_pages import Page, import_page
from students.admin.roster_rows import choices_of, forms_of, listing, reading_options, shown, summary, tabs_of
from students.exporting.lists import list_file
from students.imports import lifecycle
from students.imports.kinds import KINDS
from students.imports.roster import commit, receive, rows
from students.models import Import, Student
from students.permissions import permissions_to_import

ROWS_PER_PAGE = 100
RECENT = 10


@admin.register(Import)
class ImportAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """Imports of students; those of photos are listed here as well."""

    list_display = ["created_at", "kind", "state", "created_by", "expires_at"]
    list_filter = ["kind", "state"]
    ordering = ["-created_at"]

    def get_urls(self) -> list[URLPattern]:
        """The pages of a list."""
        place = "students/<uuid:import_id>/"
        return [
            path("students/", self._page(self.upload_page, "view"), name="students_roster"),
            path(
                "students/export.<str:extension>", self._page(self.export, "view"), name="students_list_file"
            ),
            path(place, self._page(self.import_page, "view"), name="students_roster_import"),
            path(f"{place}commit/", self._page(self.commit_page, "change"), name="students_roster_commit"),
            path(f"{place}discard/", self._page(self.discard, "change"), name="students_roster_discard"),
            *super().get_urls(),
        ]

    def _page(self, view: Page, action: str) -> Page:
        return import_page(self.admin_site, view, action)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Each kind has a page of its own."""
        found = self.get_object(request, object_id)
        if found is not None:
            pages = {
                Import.Kind.STUDENTS: "students_roster_import",
                Import.Kind.PHOTOS: "students_photo_import",
            }
            return HttpResponseRedirect(reverse(f"admin:{pages[Import.Kind(found.kind)]}", args=[found.pk]))
        response: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return response

    # The pages

    def upload_page(self, request: HttpRequest) -> HttpResponseBase:
        """Hand a list in; the latest ones."""
        if request.method == "POST":
            if not request.user.has_perms(permissions_to_import("add")):
                raise PermissionDenied
            file = one_file(request, "file")
            actor = Actor.of(request, "admin")
            batch = receive.begin(file.read(), file_name=file.name or "", options={}, actor=actor)
            jobs.read_soon(batch.pk)
            return _to(batch)
        recent = lifecycle.standing().filter(kind=Import.Kind.STUDENTS).order_by("-created_at")[:RECENT]
        may = request.user.has_perms(permissions_to_import("add"))
        return self._answer(request, "upload", _("Import students"), imports=recent, may_add=may)

    def export(self, request: HttpRequest, extension: str) -> HttpResponseBase:
        """The whole list as a file."""
        kind = "xlsx" if extension == "xlsx" else "csv"
        return list_file(Student.objects.all(), kind, Actor.of(request, "admin"))

    def import_page(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """Where it stands; its rows, by their state."""
        batch = lifecycle.find(Import.Kind.STUDENTS, import_id)
        if request.method == "POST":
            return self._changed(request, batch)
        kind = KINDS[batch.kind]
        tabs = tabs_of(batch, request.GET.get("state", ""))
        chosen = next((tab["state"] for tab in tabs if tab["chosen"]), "")
        page = Paginator(listing(batch, chosen), ROWS_PER_PAGE).get_page(request.GET.get("page"))
        return self._answer(
            request,
            "import",
            ", ".join(batch.file_names),
            batch=batch,
            tabs=tabs,
            chosen=chosen,
            acceptable=chosen in rows.ACCEPTABLE,
            page=page,
            rows=[shown(row) for row in page],
            why=kind.sentence_of(batch.error) if batch.error else "",
            columns=choices_of(batch),
            reading=forms_of(batch),
            summary=summary(batch),
            may_change=request.user.has_perms(permissions_to_import("change")),
            **_progress(batch),
            **_undo(request, batch),
        )

    def _changed(self, request: HttpRequest, batch: Import) -> HttpResponse:
        """A button of the page; what was ticked beside it counts with every button."""
        actor, do = Actor.of(request, "admin"), request.POST.get("do", "")
        if do == "read":
            lifecycle.read_again(batch, actor, options=reading_options(batch, request.POST))
            jobs.read_soon(batch.pk)
            return _to(batch)
        seen = lifecycle.row_numbers(request.POST.getlist("seen"))
        ticked = set(lifecycle.row_numbers(request.POST.getlist("accepted")))
        rows.tick(batch, {n: n in ticked for n in seen}, actor=actor)
        what, _colon, n = do.partition(":")
        if what in ("all", "none"):
            rows.accept_all(batch, request.POST.get("state", ""), accepted=what == "all", actor=actor)
        elif what == "new" and (numbers := lifecycle.row_numbers([n])):
            rows.change_row(lifecycle.find_row(batch, numbers[0]), {"student": None}, actor)
        elif what == "is" and (numbers := lifecycle.row_numbers([n])):
            row = lifecycle.find_row(batch, numbers[0])
            student = next((one["student"] for one in row.findings if "student" in one), None)
            rows.change_row(row, {"student": student}, actor)
        elif what == "commit":
            return HttpResponseRedirect(reverse("admin:students_roster_commit", args=[batch.pk]))
        return HttpResponseRedirect(request.get_full_path())

    def commit_page(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """What it will do, in one sentence; then do it."""
        batch = lifecycle.find(Import.Kind.STUDENTS, import_id)
        lifecycle.refuse_unless_ready(batch)
        if request.method == "POST":
            typed = request.POST.get("confirm_left", "").strip()
            confirm = int(typed) if typed.isdecimal() and len(typed) < 10 else None
            commit.begin_commit(batch, Actor.of(request, "admin"), confirm_left=confirm)
            jobs.commit_soon(batch.pk)
            return _to(batch)
        typed_count = commit.to_be_typed(batch)
        title = _("Import this list?")
        return self._answer(
            request, "commit", title, batch=batch, summary=summary(batch), to_be_typed=typed_count
        )

    def discard(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """Forget it."""
        batch = lifecycle.find(Import.Kind.STUDENTS, import_id)
        if request.method == "POST":
            lifecycle.discard(batch, Actor.of(request, "admin"))
            messages.success(request, _("The list was discarded; nothing was changed."))
            return HttpResponseRedirect(reverse("admin:students_roster"))
        return _to(batch)

    def _answer(self, request: HttpRequest, name: str, title: Any, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context}
        return TemplateResponse(request, f"students/admin/roster/{name}.html", context)


def _to(batch: Import) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:students_roster_import", args=[batch.pk]))


def _progress(batch: Import) -> dict[str, Any]:
    """While it is committed: how far it is."""
    if batch.state not in (Import.State.READING, Import.State.COMMITTING):
        return {}
    accepted = batch.rows.filter(accepted=True)
    total, done = accepted.count(), accepted.exclude(outcome="").count()
    text = ngettext("%(done)d of %(n)d row is done.", "%(done)d of %(n)d rows are done.", total)
    return {"total": total, "done": done, "progress": text % {"done": done, "n": total}}


def _undo(request: HttpRequest, batch: Import) -> dict[str, Any]:
    """After it was committed: the way back."""
    operation = Operation.objects.filter(pk=batch.operation).first() if batch.operation else None
    return {"operation": operation, "may_undo": operation is not None and may_undo(request, operation)}
