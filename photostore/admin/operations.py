"""Operations in the admin: what each did, with pictures before and after, and an undo that asks first."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from photostore.admin.bytes import ReadOnlyAdmin
from photostore.admin.refusals import tell_refusal
from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.delivery.responses import CONTENT_SECURITY_POLICY
from photostore.errors import FileMissing, PhotostoreError
from photostore.intake import FORMATS, sniff
from photostore.models import Operation, OperationStep
from photostore.operations import undo
from photostore.operations.guards import may_see, may_take_back
from photostore.operations.pictures import FileRef, after, before
from photostore.operations.undo import refuse_what_takes_long
from photostore.storage import storage_for

STEPS_PER_PAGE = 25
SIDES = {"before": before, "after": after}


@admin.register(Operation)
class OperationAdmin(ModelAdmin, ReadOnlyAdmin):  # type: ignore[misc]
    """Everything that changed many photos or links, newest first."""

    list_display = ["started_at", "command", "actor_name", "channel", "state", "done", "undone", "skipped"]
    list_filter = ["state", "command", "channel", "started_at"]
    ordering = ["-started_at"]
    list_per_page = 50
    fieldsets = [
        (
            None,
            {"fields": [("command", "state"), ("actor_name", "channel"), ("started_at", "finished_at"),
                        ("can_be_undone", "undoes")]},
        ),
    ]  # fmt: skip
    change_form_template = "photostore/admin/operation.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        counted: QuerySet[Operation] = super().get_queryset(request)
        return counted.annotate(
            steps_done=Count("steps", filter=Q(steps__state=OperationStep.State.DONE)),
            steps_undone=Count("steps", filter=Q(steps__state=OperationStep.State.UNDONE)),
            steps_skipped=Count("steps", filter=Q(steps__state=OperationStep.State.SKIPPED)),
        )

    @admin.display(description=_("done"))
    def done(self, operation: Any) -> int:
        return int(operation.steps_done)

    @admin.display(description=_("undone"))
    def undone(self, operation: Any) -> int:
        return int(operation.steps_undone)

    @admin.display(description=_("skipped"))
    def skipped(self, operation: Any) -> int:
        return int(operation.steps_skipped)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The operation, and a page of its steps."""
        operation = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if operation is not None:
            page = Paginator(operation.steps.order_by("number"), STEPS_PER_PAGE).get_page(
                request.GET.get("steps")
            )
            context |= {
                "steps": [_shown(step, request.user) for step in page],
                "acts_page": page,
                "may_undo": may_undo(request, operation),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def get_urls(self) -> list[URLPattern]:
        """The undo, and the pictures of a step."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:pk>/undo/", wrap(self.undo_view), name="photostore_operation_undo"),
            path(
                "<uuid:pk>/<int:number>/<str:side>/", wrap(self.picture_view), name="photostore_act_picture"
            ),
            *super().get_urls(),
        ]

    def undo_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask, then take the operation back under the commands' lock."""
        operation = self.get_object(request, str(pk))
        if operation is None or not may_undo(request, operation):
            raise PermissionDenied
        if request.method == "POST" and request.POST.get("confirmed") == "yes":
            _take_back(request, operation)
            return HttpResponseRedirect(reverse("admin:photostore_operation_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Undo this operation?"),
            "opts": self.opts,
            "operation": operation,
            "steps": operation.steps.filter(state=OperationStep.State.DONE).count(),
        }
        return TemplateResponse(request, "photostore/admin/undo.html", context)

    def picture_view(self, request: HttpRequest, pk: UUID, number: int, side: str) -> HttpResponse:
        """The picture before or after a step, from storage or from quarantine, for who may view the
        operation.
        """
        step = OperationStep.objects.select_related("operation").filter(operation=pk, number=number).first()
        if not self.has_view_permission(request) or (step is not None and not may_see(request.user, step)):
            raise PermissionDenied
        file_ref = SIDES[side](step) if step is not None and side in SIDES else None
        if file_ref is None:
            raise Http404
        return streamed(file_ref)


def may_undo(request: HttpRequest, operation: Operation) -> bool:
    """Whether this person may take it back, and there is something to take back."""
    allowed = request.user.has_perm("photostore.change_operation") and operation.is_undoable
    return allowed and may_take_back(request.user, operation)


def _take_back(request: HttpRequest, operation: Operation) -> None:
    try:
        refuse_what_takes_long(operation)
        with one_at_a_time("the admin"):
            undone = undo(operation, Actor.of(request, "admin"))
    except PhotostoreError as error:
        tell_refusal(request, error, action="operation.undo", subject=f"operation {operation.pk}")
        return
    sentence = ngettext("Undid %d step.", "Undid %d steps.", undone.reverted)
    messages.success(request, sentence % undone.reverted)
    for step in islice(undone.left(), STEPS_PER_PAGE):
        if may_see(request.user, step):
            messages.warning(request, f"{step.subject}: {step.note}")


def _shown(step: OperationStep, user: Any) -> dict[str, Any]:
    """A step, what it was done to, and which pictures there are of it, as far as this person may see."""
    if not may_see(user, step):
        return {"step": step}
    sides = {
        side: reverse("admin:photostore_act_picture", args=[step.operation_id, step.number, side])
        for side, file_ref_of in SIDES.items()
        if file_ref_of(step) is not None
    }
    return {"step": step, "subject": step.subject, "note": step.note, **sides}


def streamed(file_ref: FileRef) -> HttpResponse:
    """A picture that no link leads to, for a page that asked for permission; 404 for what is no picture."""
    storage = storage_for(file_ref.storage_alias)
    try:
        kind = sniff(b"".join(storage.stream(file_ref.key, end=128)))
        if kind is None:
            raise Http404
        response: Any = StreamingHttpResponse(storage.stream(file_ref.key))
    except FileMissing:
        raise Http404 from None
    response["Content-Type"] = FORMATS[kind].content_type
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response  # type: ignore[no-any-return]
