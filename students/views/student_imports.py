"""`/api/student-imports/`: a list of students is handed in, looked at, and committed."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.uploads.handler import one_file
from photostore.uploads.throttle import StaffUploadThrottle
from students import jobs
from students.imports import lifecycle
from students.imports.roster import commit, receive, rows
from students.models import Import
from students.views import imports
from students.views.import_shapes import (
    ImportOutput,
    RosterAgain,
    RosterCommit,
    RosterUpload,
    RowsChange,
    RowsChanged,
)

TAGS = ["student imports"]


@extend_schema(tags=TAGS)
class StudentImportList(imports.ImportList):
    """Imports of students."""

    kind = Import.Kind.STUDENTS
    max_file_bytes = receive.MAX_BYTES
    throttle_classes = [StaffUploadThrottle]

    @extend_schema(request={"multipart/form-data": RosterUpload}, responses={201: ImportOutput})
    def post(self, request: Request) -> Response:
        """Hand in a list: CSV, TSV or XLSX. Nothing is changed before it is committed."""
        file = one_file(request, "file")
        options = RosterUpload.options_in(request.data)
        with transaction.atomic():
            batch = receive.begin(file.read(), file_name=file.name or "", options=options, actor=self.actor())
            jobs.read_soon(batch.pk)
        location = {"Location": f"/api/student-imports/{batch.pk}/"}
        return Response(self.answer(batch), status=status.HTTP_201_CREATED, headers=location)


@extend_schema(tags=TAGS)
class StudentImportDetail(imports.ImportDetail):
    """One import of students."""

    kind = Import.Kind.STUDENTS
    writes_need = "change"

    @extend_schema(request=RosterAgain, responses=ImportOutput)
    def patch(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002 - read from kwargs
        """Read the list again with other choices; what was said of its rows is forgotten."""
        batch = self.batch()
        said = RosterAgain(data=request.data)
        said.is_valid(raise_exception=True)
        with transaction.atomic():
            lifecycle.read_again(batch, self.actor(), options=dict(said.validated_data["options"]))
            jobs.read_soon(batch.pk)
        batch.refresh_from_db()
        return Response(self.answer(batch))


@extend_schema(tags=TAGS)
class StudentImportRows(imports.ImportRows):
    """The rows of an import of students."""

    kind = Import.Kind.STUDENTS
    writes_need = "change"

    @extend_schema(request=RowsChange, responses=RowsChanged, operation_id="student_imports_rows_of_a_state")
    def patch(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """Accept all rows of one state, or leave all of them. Only while it is `ready`."""
        batch = self.batch()
        said = RowsChange(data=request.data)
        said.is_valid(raise_exception=True)
        return Response({"changed": rows.accept_all(batch, actor=self.actor(), **said.validated_data)})


@extend_schema(tags=TAGS)
class StudentImportRow(imports.ImportRowDetail):
    kind = Import.Kind.STUDENTS


@extend_schema(tags=TAGS)
class StudentImportCommit(imports.ImportCommit):
    """The "yes" to a list."""

    kind = Import.Kind.STUDENTS

    @extend_schema(request=RosterCommit, responses={202: ImportOutput})
    def post(self, request: Request, import_id: UUID) -> Response:
        """Commit the accepted rows, in the background, as one operation that can be undone as one."""
        return super().post(request, import_id)

    def begin_commit(self, batch: Import) -> None:
        """More than 30 % of the school is not marked as left without saying how many."""
        said = RosterCommit(data=self.request.data)
        said.is_valid(raise_exception=True)
        commit.begin_commit(batch, self.actor(), **said.validated_data)


@extend_schema(tags=TAGS)
class StudentImportDiscard(imports.ImportDiscard):
    kind = Import.Kind.STUDENTS
