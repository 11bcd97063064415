"""What can be done to many students at once. Each says what it will do, and does it after a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from photostore.admin import tell_refusal
from photostore.audit import Actor
from photostore.errors import PhotostoreError
from students.enrolment import update_student
from students.models import Student
from students.photos import remove_photo, subject_of

SHOWN = 20


@dataclass(frozen=True)
class BulkChange:
    """One change to each of many students: its name, what it will do in words, and the use case."""

    name: str
    title: Any
    explanation: Any
    affects: Callable[[QuerySet[Student]], QuerySet[Student]]
    apply: Callable[[Student, Actor], object]


MARK_AS_LEFT = BulkChange(
    name="mark_as_left",
    title=_("Mark as having left"),
    explanation=_("The students stay in the list with the status “left”. Their photos stay too."),
    affects=lambda students: students.exclude(status=Student.Status.LEFT),
    apply=lambda student, actor: update_student(
        student=student, fields={"status": Student.Status.LEFT}, actor=actor
    ),
)
REMOVE_PHOTOS = BulkChange(
    name="remove_photos",
    title=_("Remove the photos"),
    explanation=_("The photos stay in the history, from where they can be restored."),
    affects=lambda students: students.exclude(profile_photo=""),
    apply=lambda student, actor: remove_photo(student=student, actor=actor),
)


def bulk_action(change: BulkChange) -> Callable[..., HttpResponse | None]:
    @admin.action(description=change.title, permissions=["change"])
    def action(
        model_admin: admin.ModelAdmin[Student], request: HttpRequest, queryset: QuerySet[Student]
    ) -> HttpResponse | None:
        if request.POST.get("confirmed") != "yes":
            return _ask(model_admin, request, queryset, change)
        _carry_out(request, change.affects(queryset), change)
        return None

    action.__name__ = change.name
    return action


def _ask(
    model_admin: admin.ModelAdmin[Student],
    request: HttpRequest,
    queryset: QuerySet[Student],
    change: BulkChange,
) -> HttpResponse:
    affected = change.affects(queryset)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": change.title,
        "opts": model_admin.model._meta,
        "change": change,
        "selected": queryset.count(),
        "affected": affected.count(),
        "shown": affected.order_by("name")[:SHOWN],
        "ids": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "students/admin/confirm.html", context)


def _carry_out(request: HttpRequest, affected: QuerySet[Student], change: BulkChange) -> None:
    actor = Actor.of(request, "admin")
    done = 0
    for student in affected.order_by("pk").iterator(chunk_size=500):
        try:
            change.apply(student, actor)
            done += 1
        except PhotostoreError as error:
            tell_refusal(
                request,
                error,
                action=f"student.{change.name}",
                subject=subject_of(student),
                about=str(student),
            )
    text = ngettext("%(title)s: done for %(n)d student.", "%(title)s: done for %(n)d students.", done)
    messages.success(request, text % {"title": change.title, "n": done})
