"""Photos by the hundred in the admin: handed in, looked at row by row, committed, undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photostore.admin.operations import may_undo, streamed
from photostore.audit import Actor
from photostore.errors import NotFound
from photostore.models import Operation
from photostore.operations.pictures import FileRef
from photostore.uploads.handler import optional_file
from students import jobs
from students.admin.import_pages import Page, import_page
from students.admin.photo_import_rows import change, shown, students_like, summary, tabs_of
from students.by_eye.imported import TO_LOOK_AT
from students.imports import kinds, lifecycle
from students.imports.photos import receive
from students.imports.photos.absent import without_picture
from students.imports.photos.states import BY_HAND
from students.models import Import, ImportRow
from students.permissions import permissions_to_import
from students.photos import current_photo

ROWS_PER_PAGE = 30
RECENT = 10
ABSENT_LISTED = 300


class PhotoImportsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages of it, for the students' admin; each makes the calls that REST makes."""

    def get_urls(self) -> list[URLPattern]:
        """An import's pages lie under its id."""
        one = "photo-imports/<uuid:import_id>/"
        return [
            path("photo-imports/", self._page(self.photos_page, "view"), name="students_photo_imports"),
            path("photo-imports/find/", self._page(self.find_view, "view"), name="students_find"),
            path(one, self._page(self.import_page, "view"), name="students_photo_import"),
            path(f"{one}commit/", self._page(self.commit_page, "change"), name="students_photo_commit"),
            path(f"{one}discard/", self._page(self.discard_page, "change"), name="students_photo_discard"),
            path(
                f"{one}<int:n>/<str:side>.jpg",
                self._page(self.row_picture, "view"),
                name="students_row_picture",
            ),
            *super().get_urls(),
        ]

    def _page(self, view: Page, action: str) -> Page:
        return import_page(self.admin_site, view, action)

    def photos_page(self, request: HttpRequest) -> HttpResponseBase:
        """Hand photos in; the latest imports. The page's script sends them by tus, a form without it at most
        what every page of the admin takes: a form is read before it is known who sends it.
        """
        may_add = request.user.has_perms(permissions_to_import("add"))
        if request.method == "POST":
            if not may_add:
                raise PermissionDenied
            optional_file(request, "none")  # raises what cut the upload off
            uploaded: Any = request.FILES.getlist("files")
            files = [receive.HandedIn(file.name or "", file) for file in uploaded]
            batch = receive.begin(files, actor=Actor.of(request, "admin"))
            jobs.read_soon(batch.pk)
            return _to(batch)
        recent = lifecycle.standing().filter(kind=Import.Kind.PHOTOS).order_by("-created_at")[:RECENT]
        return self._answer(request, "upload", _("Import photos"), imports=recent, may_add=may_add)

    def import_page(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """Where it stands; its rows, by their state."""
        batch = lifecycle.find(Import.Kind.PHOTOS, import_id)
        if request.method == "POST":
            return self._changed(request, batch)
        tabs = tabs_of(batch, request.GET.get("state", ""))
        chosen = next((tab["state"] for tab in tabs if tab["chosen"]), "")
        rows = batch.rows.filter(state=chosen).select_related("student").order_by("n")
        page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
        kind, absent = kinds.KINDS[batch.kind], without_picture(batch)
        return self._answer(
            request,
            "import",
            ", ".join(batch.file_names) or _("Photos"),
            batch=batch,
            tabs=tabs,
            chosen=chosen,
            tickable=chosen in BY_HAND,
            to_look_at=any(tab["state"] in TO_LOOK_AT for tab in tabs),
            page=page,
            rows=[shown(row) for row in page],
            absent=absent[:ABSENT_LISTED],
            absent_count=absent.count(),
            why=kind.sentence_of(batch.error) if batch.error else "",
            summary=summary(batch),
            shifted=batch.rows.filter(findings__contains=[{"code": "shifted"}]).exists(),
            may_change=request.user.has_perms(permissions_to_import("change")),
            **_progress(batch),
            **_undo(request, batch),
        )

    def _changed(self, request: HttpRequest, batch: Import) -> HttpResponse:
        """A button of the page; what was ticked beside it counts with every button."""
        if change(batch, request.POST, Actor.of(request, "admin")) == "commit":
            return HttpResponseRedirect(reverse("admin:students_photo_commit", args=[batch.pk]))
        return HttpResponseRedirect(request.get_full_path())

    def commit_page(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """What it will do, in one sentence; then do it."""
        batch = lifecycle.find(Import.Kind.PHOTOS, import_id)
        lifecycle.refuse_unless_ready(batch)
        if request.method == "POST":
            lifecycle.begin_commit(batch, Actor.of(request, "admin"))
            jobs.commit_soon(batch.pk)
            return _to(batch)
        return self._answer(request, "commit", _("Import these photos?"), batch=batch, summary=summary(batch))

    def discard_page(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        """Forget it."""
        batch = lifecycle.find(Import.Kind.PHOTOS, import_id)
        if request.method == "POST":
            kinds.discard(batch, Actor.of(request, "admin"))
            messages.success(request, _("The photos were discarded; nothing was changed."))
            return HttpResponseRedirect(reverse("admin:students_photo_imports"))
        return _to(batch)

    def row_picture(self, request: HttpRequest, import_id: UUID, n: int, side: str) -> HttpResponseBase:  # noqa: ARG002
        """The new picture of a row, small or whole, or the photo of today beside it."""
        row = lifecycle.find_row(lifecycle.find(Import.Kind.PHOTOS, import_id), n)
        return streamed(FileRef("default", _key_of(row, side)))

    def find_view(self, request: HttpRequest) -> HttpResponseBase:
        """Students whose names or numbers begin like what is typed, for the fields of the page."""
        return JsonResponse({"students": students_like(request.GET.get("q", "").replace("\0", ""))})

    def _answer(self, request: HttpRequest, name: str, title: Any, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context}
        return TemplateResponse(request, f"students/admin/photos/{name}.html", context)


def _key_of(row: ImportRow, side: str) -> str:
    if side == "today":
        photo = current_photo(row.student) if row.student else None
        if photo is None:
            raise NotFound
        return str(photo.file.name)
    if not row.staged_key:
        raise NotFound
    return row.staged_key if side == "new" else f"{row.staged_key.rpartition('.')[0]}_256.webp"


def _to(batch: Import) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:students_photo_import", args=[batch.pk]))


def _progress(batch: Import) -> dict[str, Any]:
    """How many pictures are read, or how many photos given."""
    if batch.state == Import.State.READING:
        total = batch.rows.count()
        done = total - batch.rows.filter(state="waiting").count()
        text = ngettext("%(done)d of %(n)d picture is read.", "%(done)d of %(n)d pictures are read.", total)
    elif batch.state == Import.State.COMMITTING:
        accepted = batch.rows.filter(accepted=True)
        total, done = accepted.count(), accepted.exclude(outcome="").count()
        text = ngettext(
            "%(done)d of %(n)d photo is assigned.", "%(done)d of %(n)d photos are assigned.", total
        )
    else:
        return {}
    return {"total": total, "done": done, "progress": text % {"done": done, "n": total}}


def _undo(request: HttpRequest, batch: Import) -> dict[str, Any]:
    """After it was committed: the way back."""
    operation = Operation.objects.filter(pk=batch.operation).first() if batch.operation else None
    return {"operation": operation, "may_undo": operation is not None and may_undo(request, operation)}
