"""What admins of things with bytes have in common."""

from __future__ import annotations

from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from photostore.admin.refusals import is_noted, note_refusal, tell_refusal
from photostore.errors import PhotostoreError

_request: ContextVar[HttpRequest] = ContextVar("admin_request")


class CheckedActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is chosen for a bulk action must be able to be a key; to anything else Django answers 500."""

    def response_action(  # type: ignore[override] # the stubs know a later Django
        self, request: HttpRequest, queryset: QuerySet[Any], **options: Any
    ) -> HttpResponse | None:
        """Raises `BadRequest`."""
        key = self.opts.pk
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                key.clean(chosen, None)
            except ValidationError as error:
                raise BadRequest from error
            if "\0" in chosen:
                raise BadRequest
        return super().response_action(request, queryset, **options)


class BytesAdmin(CheckedActions):
    """For models whose use cases move bytes: stands between unfold's admin and Django's.

    Django opens a transaction around the whole of a change or delete page; bytes would travel inside it,
    and a rollback at the end would undo what storage already did. The use cases have their own.
    """

    @property
    def current_request(self) -> HttpRequest:
        """The request that this thread answers, for columns and panels, which are told only the object.

        unfold's own `self.request` is shared by all threads: it would show one person another's buttons.
        """
        return _request.get()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _request.set(request)
        return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's own page, without its transaction; a refusal of a use case becomes a message."""
        _request.set(request)
        try:
            response: HttpResponse = self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except PhotostoreError as error:
            tell_refusal(request, error)
            return HttpResponseRedirect(request.get_full_path())
        if request.method == "POST" and response.status_code == HTTPStatus.OK and not is_noted(request):
            note_refusal(request, "invalid")  # the form again, with sentences beside its fields
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            response: HttpResponse = self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined]
        except PhotostoreError as error:
            tell_refusal(request, error)
            return HttpResponseRedirect(request.get_full_path())
        return response


class ReadOnlyAdmin(CheckedActions):
    """To be read only: not even an administrator can change it here."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Only the service itself writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
