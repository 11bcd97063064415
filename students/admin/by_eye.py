"""Matching by eye in the admin: one photo after the other, whom it shows, and one yes at the end."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from photostore.admin import note_refusal, tell_refusal
from photostore.admin.operations import streamed
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from photostore.errors import NotFound, PhotostoreError
from students.by_eye.source import MOST_CANDIDATES, Choice, Confirmed, Pick, Source
from students.by_eye.sources import source_named
from students.models import Student
from students.representation import thumbnails_of
from students.todays import with_standing

NOBODY = "nobody"
FACE = "256"


class ByEyeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For the students' admin. A pick is kept on the server, so that a page may stay open for long."""

    def get_urls(self) -> list[URLPattern]:
        """The photos, the pictures on the page, a pick, whom one may pick, and the end."""
        wrap = self.admin_site.admin_view
        at = "by-eye/<slug:source>/"
        return [
            path("by-eye/face/<int:pk>/", wrap(require_GET(self.face_view)), name="students_face"),
            path(at, wrap(require_GET(self.photos_view)), name="students_by_eye"),
            path(f"{at}picture/", wrap(require_GET(self.picture_view)), name="students_by_eye_picture"),
            path(f"{at}students/", wrap(require_GET(self.search_view)), name="students_by_eye_search"),
            path(f"{at}pick/", wrap(require_POST(self.pick_view)), name="students_by_eye_pick"),
            path(f"{at}picks/", wrap(require_GET(self.picks_view)), name="students_by_eye_picks"),
            path(f"{at}commit/", wrap(require_POST(self.commit_view)), name="students_by_eye_commit"),
            *super().get_urls(),
        ]

    def photos_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """Every photo that awaits a decision on whom it shows, one of them at a time."""
        found = self._source(request, source, change=False)
        context = self._context(request, source, found)
        try:
            items = found.items()
            neighbours = found.neighbours(items)
        except PhotostoreError as error:
            return TemplateResponse(request, "students/admin/by_eye.html", context | {"problem": str(error)})
        shown = [
            {
                "item": item,
                "picture": _address(source, item.token),
                "neighbours": [
                    {"photo": one, "picture": _address(source, one.token, small="1")}
                    for one in neighbours[item.token]
                ],
            }
            for item in items
        ]
        classes = Student.objects.exclude(class_name="").order_by("class_name")
        context |= {"items": shown, "classes": classes.values_list("class_name", flat=True).distinct()}
        return TemplateResponse(request, "students/admin/by_eye.html", context)

    def face_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A student's photo of today, whenever it is asked for: links on the page itself would expire."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        student = with_standing(Student.objects.filter(pk=pk)).first()
        links = thumbnails_of(student, LinkMaker.of(request)) if student else None
        if links is None:
            raise Http404
        return HttpResponseRedirect(links[FACE])

    def picture_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """The picture of a photo without an owner."""
        found = self._source(request, source, change=False)
        try:
            return streamed(found.picture(request.GET.get("token", ""), small="small" in request.GET))
        except PhotostoreError as error:
            raise Http404 from error

    def search_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """Cards of the first students who fit what was typed and the class; those without a photo first."""
        students = self._source(request, source, change=False).students()
        typed, class_name = request.GET.get("q", ""), request.GET.get("class", "")
        if typed.strip():
            students = students.matching(typed)
        if class_name:
            students = students.filter(class_name=class_name)
        has_photo = Case(When(profile_photo="", then=Value(0)), default=Value(1))
        first = students.order_by("status", has_photo, "name", "pk")
        shown = first[:MOST_CANDIDATES] if typed.strip() or class_name else []
        context = {"choices": [Choice(student, []) for student in shown]}
        return TemplateResponse(request, "students/admin/by_eye_cards.html", context)

    def pick_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """Stage one pick, or take it back. The script asks for JSON; a plain form goes back to the page."""
        found = self._source(request, source)
        token, seen = request.POST.get("token", ""), request.POST.get("seen", "")
        said, actor = request.POST.get("student", ""), Actor.of(request, "admin")
        try:
            if not said:
                found.unstage(token, seen, actor)
            else:
                found.stage(token, seen, _student(said), actor)
        except PhotostoreError as error:
            if _wants_json(request):
                note_refusal(request, error.code, action="by_eye.pick")
                return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
            tell_refusal(request, error, action="by_eye.pick")
        if _wants_json(request):
            return HttpResponse(status=204)
        back = "students_by_eye_picks" if "back" in request.POST else "students_by_eye"
        return HttpResponseRedirect(reverse(f"admin:{back}", args=[source]))

    def picks_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """All picks, photo beside photo, before anything is done."""
        found = self._source(request, source, change=False)
        return self._picks(request, source, found, found.picks())

    def commit_view(self, request: HttpRequest, source: str) -> HttpResponse:
        """Do all of it; what could not be done stays, with the reason."""
        found = self._source(request, source)
        try:
            result = found.commit(Actor.of(request, "admin"), _confirmed(request))
        except PhotostoreError as error:
            tell_refusal(request, error, action="by_eye.commit")
            return HttpResponseRedirect(reverse("admin:students_by_eye_picks", args=[source]))
        given = ngettext("%(n)d photo was assigned.", "%(n)d photos were assigned.", result.given)
        if result.is_waiting:
            given = ngettext(
                "%(n)d photo is being assigned.", "%(n)d photos are being assigned.", result.given
            )
        if result.given:
            messages.success(request, given % {"n": result.given})
        for pick in result.left:
            note_refusal(request, "left", action="by_eye.commit", subject=pick.token)
        if result.is_waiting:  # the import's own page shows how far it is, and has the way back
            return HttpResponseRedirect(reverse("admin:students_photo_import", args=[source]))
        if not result.left:
            return HttpResponseRedirect(reverse("admin:students_by_eye", args=[source]))
        problems = {pick.seen: pick for pick in result.left}
        return self._picks(request, source, found, [problems.get(one.seen, one) for one in found.picks()])

    def _picks(self, request: HttpRequest, source: str, found: Source, picks: list[Pick]) -> HttpResponse:
        context = self._context(request, source, found) | {
            "picks": [_with_picture(pick, source) for pick in picks if pick.student or pick.problem],
            "nobody": [_with_picture(pick, source) for pick in picks if not (pick.student or pick.problem)],
        }
        return TemplateResponse(request, "students/admin/by_eye_picks.html", context)

    def _source(self, request: HttpRequest, name: str, *, change: bool = True) -> Source:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            source = source_named(name)
        except NotFound as error:
            raise Http404 from error
        if not request.user.has_perms(source.permissions("change" if change else "view")):
            raise PermissionDenied
        return source

    def _context(self, request: HttpRequest, name: str, source: Source) -> dict[str, Any]:
        can_change = request.user.has_perms(source.permissions("change"))
        context = {"title": source.title, "opts": self.opts, "source": name, "can_change": can_change}
        return {**self.admin_site.each_context(request), **context}


def _student(said: str) -> Student | None:
    """None for "not a student". Raises `NotFound`."""
    if said == NOBODY:
        return None
    student = Student.objects.filter(pk=said).first() if said.isdecimal() and len(said) < 19 else None
    if student is None:
        raise NotFound
    return student


def _confirmed(request: HttpRequest) -> Confirmed:
    """The ticks of the page, each of a photo and the student beside it."""
    said = [tick.partition(":") for tick in request.POST.getlist("confirm")]
    return {(seen, int(pk)) for seen, _colon, pk in said if pk.isdecimal() and len(pk) < 19}


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _address(source: str, token: str, **other: str) -> str:
    query = urlencode({"token": token, **other})
    return f"{reverse('admin:students_by_eye_picture', args=[source])}?{query}"


def _with_picture(pick: Pick, source: str) -> dict[str, Any]:
    return {"pick": pick, "picture": _address(source, pick.token)}
