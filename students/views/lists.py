"""`/api/students/export.csv` and `.xlsx`: the list of students as a file."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from students.exporting.lists import XLSX_TYPE, list_file
from students.serializers import StudentFilters
from students.views.base import StudentsView
from students.views.students import narrowed


class _ListFileView(StudentsView):
    pagination_class = None

    extension: str

    def file(self, request: Request) -> HttpResponseBase:
        """Of those whom the filters of the list leave."""
        filters = StudentFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        return list_file(narrowed(filters.validated_data), self.extension, self.actor())


@extend_schema(tags=["students"])
class ListCsvView(_ListFileView):
    extension = "csv"

    @extend_schema(
        parameters=[StudentFilters],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
        operation_id="students_export_csv",
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The list as CSV, in the columns that an import takes; formulas are defused by a quote."""
        return self.file(request)


@extend_schema(tags=["students"])
class ListXlsxView(_ListFileView):
    extension = "xlsx"

    @extend_schema(
        parameters=[StudentFilters],
        responses={(200, XLSX_TYPE): OpenApiTypes.BINARY},
        operation_id="students_export_xlsx",
    )
    def get(self, request: Request) -> HttpResponseBase:
        """The list as an Excel workbook, in the columns that an import takes; every cell is a text."""
        return self.file(request)
