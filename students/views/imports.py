"""What both kinds of imports answer over REST; `student_imports` and `photo_imports` name them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.audit import Actor
from photostore.web.answers import moment
from photostore.web.known_input import KnownInput
from photostore.web.paging import Cursor, LatestFirst
from students import jobs
from students.imports import kinds, lifecycle
from students.imports.kinds import KINDS
from students.models import Import, ImportRow
from students.permissions import ImportPermission
from students.views.import_shapes import ImportOutput, RowChange, RowFilters, RowOutput


class ByNumber(Cursor):
    """The rows of one import, as its file has them."""

    ordering = "n"
    page_size = 100
    max_page_size = 500


class NewestImports(LatestFirst):
    """By the moment at which they were begun."""

    ordering = ("-created_at", "-id")
    page_size = 20


class ImportsView(KnownInput, GenericAPIView[Import]):
    """Staff only; `kind` is which imports these are."""

    permission_classes = [IsAuthenticated, ImportPermission]
    queryset = Import.objects.all()
    kind: Import.Kind

    def batch(self) -> Import:
        """The import that the address names. Raises `NotFound`."""
        return lifecycle.find(self.kind, self.kwargs["import_id"])

    def actor(self) -> Actor:
        """Who asks."""
        return Actor.of(self.request)

    def answer(self, batch: Import, counts: dict[str, int] | None = None) -> dict[str, Any]:
        """The import as JSON."""
        return {
            "id": str(batch.pk),
            "state": batch.state,
            "counts": lifecycle.counts(batch) if counts is None else counts,
            "enrolled_without_photo": batch.found.get("enrolled_without_photo"),
            "operation": batch.operation and str(batch.operation),
            "error": batch.error and {**batch.error, "sentence": KINDS[batch.kind].sentence_of(batch.error)},
            "file_names": batch.file_names,
            "options": batch.options,
            "found": batch.found,
            "upload_url": None,
            "created_by": batch.created_by,
            "created_at": moment(batch.created_at),
            "expires_at": moment(batch.expires_at),
        }

    def row_answer(self, row: ImportRow) -> dict[str, Any]:
        """A row as JSON; a kind that knows more adds it."""
        kind = KINDS[self.kind]
        return {
            "n": row.n,
            "file": row.file,
            "state": row.state,
            "student": row.student_id,
            "data": row.data,
            "changes": row.changes,
            "evidence": [{**one, "sentence": kind.sentence_of(one)} for one in row.evidence],
            "findings": [{**one, "sentence": kind.sentence_of(one)} for one in row.findings],
            "photo_url": None,
            "current_photo_url": None,
            "accepted": row.accepted,
            "outcome": row.outcome or None,
        }


class ImportList(ImportsView):
    """The imports of one kind; a kind's own view takes what is handed in."""

    pagination_class = NewestImports

    @extend_schema(responses=ImportOutput(many=True))
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the page is in the query
        """Imports that have not expired, newest first."""
        page = self.paginate_queryset(lifecycle.standing().filter(kind=self.kind)) or []
        counts = lifecycle.counts_of(page)
        return self.get_paginated_response([self.answer(batch, counts[batch.pk]) for batch in page])


class ImportDetail(ImportsView):
    """One import."""

    @extend_schema(responses=ImportOutput)
    def get(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002 - read from kwargs
        """Where it stands: ask again while it is `reading` or `committing`."""
        return Response(self.answer(self.batch()))


class ImportRows(ImportsView):
    """The rows of one import."""

    pagination_class = ByNumber

    @extend_schema(parameters=[RowFilters], responses=RowOutput(many=True))
    def get(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """Every row, or those in one state, as the file has them."""
        filters = RowFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        rows: Any = self.batch().rows.filter(**filters.validated_data).select_related("student")
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response([self.row_answer(row) for row in page])


class ImportRowDetail(ImportsView):
    """One row of an import."""

    writes_need = "change"

    @extend_schema(request=RowChange, responses=RowOutput)
    def patch(self, request: Request, import_id: UUID, n: int) -> Response:  # noqa: ARG002
        """Accept a row or leave it, say whom it concerns, confirm a finding. Only while it is `ready`."""
        batch = self.batch()
        row = lifecycle.find_row(batch, n)
        said = RowChange(data=request.data)
        said.is_valid(raise_exception=True)
        lifecycle.refuse_unless_ready(batch)
        KINDS[self.kind].change_row(row, said.validated_data, self.actor())
        row.refresh_from_db()
        return Response(self.row_answer(row))


class ImportCommit(ImportsView):
    """The "yes" to an import."""

    writes_need = "change"

    @extend_schema(request=None, responses={202: ImportOutput})
    def post(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """Commit the accepted rows, in the background, as one operation that can be undone as one."""
        batch = self.batch()
        with transaction.atomic():
            self.begin_commit(batch)
            jobs.commit_soon(batch.pk)
        batch.refresh_from_db()
        return Response(self.answer(batch), status=status.HTTP_202_ACCEPTED)

    def begin_commit(self, batch: Import) -> None:
        """What may still be asked before."""
        lifecycle.begin_commit(batch, self.actor())


class ImportDiscard(ImportsView):
    """The "no" to an import."""

    writes_need = "change"

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """Forget it; nothing else is changed."""
        kinds.discard(self.batch(), self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)
