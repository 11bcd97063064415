"""`/api/students/`: the collection and one student."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.delivery.links import LinkMaker
from photostore.errors import InvalidFile
from photostore.uploads.throttle import StaffUploadThrottle
from students.enrolment import create_student, delete_student, update_student, warnings_of
from students.models import Student, StudentQuerySet
from students.representation import represent, represented
from students.serializers import (
    ChangedStudentOutput,
    Confirmation,
    StudentFilters,
    StudentInput,
    StudentOutput,
    StudentWithPhotoInput,
)
from students.versions import MAX_FILE_BYTES
from students.views.base import PHOTO_FIELD, StudentsView, incoming_photo

BODIES = {"application/json": StudentInput, "multipart/form-data": StudentWithPhotoInput}
ADA = OpenApiExample(
    "Ada", value={"name": "Ada Lovelace", "student_number": "S-1815", "class_name": "4b"}, request_only=True
)


@extend_schema(tags=["students"])
class StudentListView(StudentsView):
    max_file_bytes = MAX_FILE_BYTES
    throttle_classes = [StaffUploadThrottle]

    @extend_schema(
        parameters=[StudentFilters], responses=StudentOutput(many=True), operation_id="students_list"
    )
    def get(self, request: Request) -> Response:
        """List students; follow `next` for more. A page costs the same wherever it is."""
        filters = StudentFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        rows = self.paginate_queryset(represented(narrowed(filters.validated_data)))
        links = LinkMaker.of(request)
        return self.get_paginated_response([represent(row, links) for row in rows or []])

    @extend_schema(request=BODIES, responses={201: ChangedStudentOutput}, examples=[ADA])
    def post(self, request: Request) -> Response:
        """Add a student, as a form also with a photo: both are there afterwards, or neither."""
        serializer = StudentInput(data=request.data)
        photo = _checked(serializer, request)
        student = create_student(
            fields=serializer.validated_data,
            incoming=photo,
            actor=self.actor(),
            confirmed=Confirmation.codes_in(request.data),
        )
        answer = self.answer(student) | {"warnings": self.told(warnings_of(student, photo))}
        return Response(
            answer, status=status.HTTP_201_CREATED, headers={"Location": f"/api/students/{student.pk}/"}
        )


@extend_schema(tags=["students"])
@extend_schema_view(
    put=extend_schema(request=BODIES, responses=ChangedStudentOutput, examples=[ADA]),
    patch=extend_schema(request=BODIES, responses=ChangedStudentOutput),
)
class StudentView(StudentsView):
    max_file_bytes = MAX_FILE_BYTES
    throttle_classes = [StaffUploadThrottle]

    @extend_schema(responses=StudentOutput)
    def get(self, request: Request, pk: int) -> Response:  # noqa: ARG002 - the address is read from kwargs
        """One student."""
        return Response(self.answer(self.student()))

    def put(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Set every field; one that is left out becomes empty. The photo stays unless one is sent."""
        return self._update(request, partial=False)

    def patch(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Change some fields, and the photo where one is sent."""
        return self._update(request, partial=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Remove a student; the photos are set aside for 30 days."""
        delete_student(student=self.student(), actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _update(self, request: Request, *, partial: bool) -> Response:
        student = self.student()
        serializer = StudentInput(student, data=request.data, partial=partial)
        photo = _checked(serializer, request)
        fields = serializer.validated_data if partial else _every_field(serializer.validated_data)
        student = update_student(
            student=student,
            fields=fields,
            actor=self.actor(),
            incoming=photo,
            confirmed=Confirmation.codes_in(request.data),
        )
        return Response(self.answer(student) | {"warnings": self.told(warnings_of(student, photo))})


def _checked(serializer: StudentInput, request: Request) -> Any:
    """The photo of the request, after the fields were found good: nothing is saved before all is."""
    serializer.is_valid(raise_exception=True)
    said = request.data.get(PHOTO_FIELD) if isinstance(request.data, dict) else None
    if isinstance(said, str) and said:
        raise InvalidFile(_("Send the photo as a file, not as text."), code="not_a_file", field=PHOTO_FIELD)
    return incoming_photo(request)


def _every_field(given: dict[str, Any]) -> dict[str, Any]:
    """What PUT means: a field that was left out goes back to its default."""
    blank = Student()
    return {name: given.get(name, getattr(blank, name)) for name in StudentInput.Meta.fields}


def narrowed(filters: dict[str, Any]) -> StudentQuerySet:
    """The students that the filters of a list leave."""
    students: StudentQuerySet = Student.objects.all()
    if "search" in filters:
        students = students.matching(filters["search"])
    if filters["has_photo"] is not None:
        students = students.with_photo() if filters["has_photo"] else students.without_photo()
    if "updated_since" in filters:
        students = students.filter(updated_at__gte=filters["updated_since"])
    exact = {name: filters[name] for name in ("class_name", "grade", "status") if name in filters}
    return students.filter(**exact)
