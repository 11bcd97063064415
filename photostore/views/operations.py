"""`/api/operations/`: what changed many rows or photos, and taking one of it back as a whole."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.errors import CommandRefused, Conflict, Forbidden, NotFound
from photostore.models import Operation, OperationStep
from photostore.operations.guards import may_see, may_take_back
from photostore.operations.undo import refuse_what_takes_long, undo
from photostore.web.answers import moment
from photostore.web.known_input import KnownInput
from photostore.web.paging import LatestFirst

LEFT_SHOWN = 100
State = OperationStep.State


class OperationPermission(BasePermission):
    """Staff with `photostore.view_operation`, and `change_operation` for an undo."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - DRF's signature
        """Whether this person may do this at all."""
        action = "view" if request.method in ("GET", "HEAD") else "change"
        return bool(request.user.is_staff and request.user.has_perm(f"photostore.{action}_operation"))


class StepCounts(serializers.Serializer[None]):
    """The number of steps."""

    done = serializers.IntegerField(help_text="Those that stand.")
    undone = serializers.IntegerField(help_text="Steps that were undone.")
    skipped = serializers.IntegerField(help_text="Those that no longer applied.")


class OperationOutput(serializers.Serializer[None]):
    """An operation."""

    id = serializers.UUIDField()
    command = serializers.CharField()
    state = serializers.ChoiceField(choices=Operation.State.choices)
    actor_name = serializers.CharField()
    channel = serializers.CharField()
    undoes = serializers.UUIDField(allow_null=True, help_text="The operation that this one undoes.")
    is_undoable = serializers.BooleanField(help_text="Whether something of it stands that can be taken back.")
    steps = StepCounts()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class LeftOutput(serializers.Serializer[None]):
    """A step that was left as it is."""

    subject = serializers.CharField()
    why = serializers.CharField()


class UndoneOutput(serializers.Serializer[None]):
    """What an undo did."""

    operation = serializers.UUIDField(help_text="The undo, which is an operation too.")
    reverted = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Steps whose object was changed since.")
    left = LeftOutput(many=True, help_text="The first hundred of those, as far as you may see them.")


class NewestOperations(LatestFirst):
    """By the moment at which they began."""

    ordering = ("-started_at", "-id")


class OperationsView(KnownInput, GenericAPIView[Operation]):
    """Staff only."""

    permission_classes = [IsAuthenticated, OperationPermission]
    pagination_class = NewestOperations
    queryset = Operation.objects.all()

    def get_queryset(self) -> QuerySet[Operation]:
        """With the numbers of steps."""
        return Operation.objects.annotate(
            done=Count("steps", filter=Q(steps__state=State.DONE)),
            undone=Count("steps", filter=Q(steps__state=State.UNDONE)),
            skipped=Count("steps", filter=Q(steps__state=State.SKIPPED)),
        )

    def answer(self, operation: Any) -> dict[str, Any]:
        """An operation as JSON."""
        return {
            "id": str(operation.pk),
            "command": operation.command,
            "state": operation.state,
            "actor_name": operation.actor_name,
            "channel": operation.channel,
            "undoes": operation.undoes_id and str(operation.undoes_id),
            "is_undoable": operation.is_undoable,
            "steps": {name: getattr(operation, name) for name in ("done", "undone", "skipped")},
            "started_at": moment(operation.started_at),
            "finished_at": moment(operation.finished_at),
        }


@extend_schema(tags=["operations"])
class OperationList(OperationsView):
    """Every operation."""

    @extend_schema(responses=OperationOutput(many=True))
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the page is in the query
        """Operations, the newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([self.answer(operation) for operation in page])


@extend_schema(tags=["operations"])
class OperationUndo(OperationsView):
    """Taking one back."""

    @extend_schema(request=None, responses=UndoneOutput)
    def post(self, request: Request, operation_id: UUID) -> Response:
        """Undo it as a whole; what has been changed since is left as it is, and reported."""
        operation = Operation.objects.filter(pk=operation_id).first()
        if operation is None:
            raise NotFound
        if not may_take_back(request.user, operation):
            raise Forbidden
        refuse_what_takes_long(operation)
        try:
            with one_at_a_time("the API"):
                undone = undo(operation, Actor.of(request))
        except CommandRefused as refusal:
            sentence = _(
                "Something else that changes much is running. Please try again when it has finished."
            )
            raise Conflict(sentence, code="in_use") from refusal
        left = [
            {"subject": step.subject, "why": step.note}
            for step in islice(undone.left(), LEFT_SHOWN)
            if may_see(request.user, step)
        ]
        done = str(undone.operation and undone.operation.pk)
        return Response(
            {"operation": done, "reverted": undone.reverted, "skipped": undone.skipped, "left": left}
        )
