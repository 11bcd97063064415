"""`/api/student-imports/`: a list of students is handed in, looked at, and committed."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.uploads.handler import one_file
from photostore.uploads.throttle import StaffUploadThrottle
from students import jobs
from students.imports.roster import receive
from students.models import Import
from students.views import imports
from students.views.import_shapes import ImportOutput, RosterUpload

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
        said = RosterUpload(data=request.data)
        file = one_file(request, "file")
        said.is_valid(raise_exception=True)
        batch = receive.begin(file.read(), file_name=file.name or "", options={}, actor=self.actor())
        jobs.read_soon(batch.pk)
        batch.refresh_from_db()
        location = {"Location": f"/api/student-imports/{batch.pk}/"}
        return Response(self.answer(batch), status=status.HTTP_201_CREATED, headers=location)


@extend_schema(tags=TAGS)
class StudentImportDetail(imports.ImportDetail):
    kind = Import.Kind.STUDENTS


@extend_schema(tags=TAGS)
class StudentImportRows(imports.ImportRows):
    kind = Import.Kind.STUDENTS


@extend_schema(tags=TAGS)
class StudentImportRow(imports.ImportRowDetail):
    kind = Import.Kind.STUDENTS


@extend_schema(tags=TAGS)
class StudentImportCommit(imports.ImportCommit):
    kind = Import.Kind.STUDENTS


@extend_schema(tags=TAGS)
class StudentImportDiscard(imports.ImportDiscard):
    kind = Import.Kind.STUDENTS
