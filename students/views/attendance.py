"""A student's attendance photos."""

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
from photostore.delivery.negotiation import BytesAreBytes
from photostore.errors import NotFound
from photostore.uploads.handler import one_file
from photostore.uploads.throttle import StaffUploadThrottle
from photostore.web.paging import NewestFirst
from students.attendance import attendance_owner, upload_attendance_photo
from students.models import AttendancePhoto, StudentPhoto
from students.representation import represent_attendance
from students.serializers import AttendanceFilters, AttendanceInput, AttendanceOutput, AttendanceUpload
from students.versions import MAX_FILE_BYTES, take_in
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
        responses={201: AttendanceOutput},
    )
    def post(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Keep the photo of a half-day; `?replace=true` where there is one already."""
        student = self.student()
        file = one_file(request, IMAGE_FIELD)
        said, asked = AttendanceInput(data=request.data), AttendanceFilters(data=request.query_params)
        said.is_valid(raise_exception=True)
        asked.is_valid(raise_exception=True)
        photo = upload_attendance_photo(
            student=student,
            **said.validated_data,
            incoming=take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.API),
            actor=self.actor(),
            replace=asked.validated_data["replace"],
        )
        answer = represent_attendance(photo, student, LinkMaker.of(request))
        return Response(answer, status=status.HTTP_201_CREATED)


@extend_schema(tags=["attendance"])
class AttendanceBytesView(StudentsView):
    """The photo of a half-day itself, for whoever holds a token."""

    content_negotiation_class = BytesAreBytes

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, student_id: UUID, date: datetime.date, session: str) -> HttpResponseBase:  # noqa: ARG002
        """The bytes; the type comes from the photo."""
        photo = AttendancePhoto.objects.filter(student=self.student(), date=date, session=session).first()
        if photo is None:
            raise NotFound
        stated = AttendancePhoto.objects.filter(pk=photo.pk).values("sha256")
        live = live_original(attendance_owner(photo.pk), stated)
        return serve_to_holder(request, live, f"{date}_{session}.jpg")
