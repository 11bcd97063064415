from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.delivery.links import LinkMaker
from photostore.delivery.negotiation import AnyAcceptHeader
from photostore.uploads.handler import one_file
from photostore.uploads.throttle import StaffUploadThrottle
from photostore.web.paging import NewestFirst
from students.models import AttendancePhoto, StudentPhoto
from students.photos import upload_photo
from students.representation import represent_attendance
from students.serializers import (
    AttendanceFilters,
    AttendanceInput,
    AttendanceOutput,
    AttendanceUpload,
    AttendanceUploadOutput,
    Confirmation,
)
from students.slots import slot_of
from students.versions import MAX_FILE_BYTES, owner_of, take_in
from students.views.base import StudentsView, live_original, serve_to_holder

IMAGE_FIELD = "image"


@extend_schema(tags=["attendance"])
class AttendancePhotosView(StudentsView):
    """The attendance photos of one student."""

    max_file_bytes = MAX_FILE_BYTES
    throttle_classes = [StaffUploadThrottle]
    pagination_class = NewestFirst
    writes_need = "change"

    @extend_schema(responses=AttendanceOutput(many=True))
    def get(self, request: Request, pk: int) -> Response:  # noqa: ARG002 - the address is read from kwargs
        """Attendance photos, the newest hand-in first."""
        student = self.student()
        photos = AttendancePhoto.objects.filter(student=student)
        page: Sequence[Any] | None = self.paginate_queryset(photos)  # type: ignore[arg-type]
        links = LinkMaker.of(request)
        return self.get_paginated_response(
            [represent_attendance(photo, student, links) for photo in page or []]
        )

    @extend_schema(
        request={"multipart/form-data": AttendanceUpload},
        parameters=[AttendanceFilters],
        responses={201: AttendanceUploadOutput},
    )
    def post(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Keep the photo of a half-day; `?replace=true` where there is one already."""
        student = self.student()
        file = one_file(request, IMAGE_FIELD)
        said, asked = AttendanceInput(data=request.data), AttendanceFilters(data=request.query_params)
        said.is_valid(raise_exception=True)
        asked.is_valid(raise_exception=True)
        change = upload_photo(
            student=student,
            slot=slot_of(said.validated_data["date"], said.validated_data["session"]),
            incoming=take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.API),
            actor=self.actor(),
            replace=asked.validated_data["replace"],
            confirmed=Confirmation.codes_in(request.data),
        )
        answer = represent_attendance(change.photo, student, LinkMaker.of(request))
        answer["warnings"] = self.told(change.warnings)
        return Response(answer, status=status.HTTP_201_CREATED)


@extend_schema(tags=["attendance"])
class AttendanceBytesView(StudentsView):
    """The photo of a half-day itself, for a client with a token."""

    content_negotiation_class = AnyAcceptHeader

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, student_id: UUID, date: datetime.date, session: str) -> HttpResponseBase:  # noqa: ARG002
        """The bytes; the type comes from the photo."""
        student = self.student()
        stated = AttendancePhoto.objects.filter(student=student, slot=slot_of(date, session))
        live = live_original(owner_of(student), stated.values("sha256"))
        return serve_to_holder(request, live, f"{date}_{session}.jpg")
