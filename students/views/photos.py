"""A student's photo: in, out, and its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.commands import one_at_a_time
from photostore.delivery.links import LinkMaker
from photostore.delivery.negotiation import AnyAcceptHeader
from photostore.errors import CommandRefused, Conflict, NotFound
from photostore.uploads.handler import one_file
from photostore.uploads.throttle import StaffUploadThrottle
from photostore.web.paging import NewestFirst
from students.models import Student, StudentPhoto
from students.photos import remove_photo, restore_version, upload_photo
from students.recovery.reassign.by_hand import finish_killed, swap_photos
from students.representation import represent_version
from students.serializers import (
    ChangedStudentOutput,
    Confirmation,
    PhotoInput,
    PhotoUpload,
    PhotoVersionOutput,
    StudentOutput,
    SwapInput,
    UploadOutput,
)
from students.todays import versions_of
from students.versions import MAX_FILE_BYTES, take_in
from students.views.base import PHOTO_FIELD, StudentsView, serve_to_holder, todays_file


@extend_schema(tags=["photos"])
class UploadPhotoView(StudentsView):
    max_file_bytes = MAX_FILE_BYTES
    throttle_classes = [StaffUploadThrottle]
    writes_need = "change"

    @extend_schema(request={"multipart/form-data": PhotoUpload}, responses=UploadOutput)
    def post(self, request: Request, pk: int) -> Response:  # noqa: ARG002 - the address is read from kwargs
        """Make this the student's photo; the one before stays in the history."""
        student = self.student()
        file = one_file(request, PHOTO_FIELD)
        said = PhotoInput(data=request.data)
        said.is_valid(raise_exception=True)
        taken = take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.API)
        incoming = replace(
            taken,
            taken_on=said.validated_data.get("taken_on"),
            credit=said.validated_data.get("credit", ""),
        )
        confirmed = Confirmation.codes_in(request.data)
        change = upload_photo(student=student, incoming=incoming, actor=self.actor(), confirmed=confirmed)
        message = _("The photo is saved.") if change.changed else _("This file is already the current photo.")
        answer = self.answer(change.student) | {"photo_changed": change.changed, "message": message}
        return Response(answer | {"warnings": self.told(change.warnings)})


@extend_schema(tags=["photos"])
class PhotoView(StudentsView):
    writes_need = "change"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Leave the student without a photo; it stays in the history."""
        remove_photo(student=self.student(), actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)


# A request that is sent again after a worker died must not be done twice, which would be not at all.
BROKE_OFF = gettext_lazy("An interrupted exchange was completed first. Please check the photos.")


@extend_schema(tags=["photos"])
class SwapPhotoView(StudentsView):
    writes_need = "change"

    @extend_schema(request=SwapInput, responses=StudentOutput)
    def post(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Exchange the current photos of two students, as one operation that can be undone."""
        student, said = self.student(), SwapInput(data=request.data)
        said.is_valid(raise_exception=True)
        other = Student.objects.filter(pk=said.validated_data["student"]).first()
        if other is None:
            raise NotFound
        try:
            with one_at_a_time("the API"):
                if finish_killed("swap_photos", self.actor()):
                    raise Conflict(BROKE_OFF, code="broke_off")
                swap_photos(one=student, other=other, actor=self.actor())
        except CommandRefused as error:
            raise Conflict(str(error), code=error.code) from error
        return Response(self.answer(self.student()))


@extend_schema(tags=["photos"])
class PhotoHistoryView(StudentsView):
    """Every version of a student's photo."""

    pagination_class = NewestFirst

    @extend_schema(responses=PhotoVersionOutput(many=True))
    def get(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """The versions, today's included, the newest first."""
        versions = versions_of(self.student())
        page: Sequence[Any] | None = self.paginate_queryset(versions)  # type: ignore[arg-type]
        links = LinkMaker.of(request)
        return self.get_paginated_response([represent_version(photo, links) for photo in page or []])


@extend_schema(tags=["photos"])
class RestorePhotoView(StudentsView):
    writes_need = "change"

    @extend_schema(request=Confirmation, responses=ChangedStudentOutput)
    def post(self, request: Request, pk: int, sha256: str) -> Response:  # noqa: ARG002
        """Make an earlier version the student's current photo again."""
        confirmed = Confirmation.codes_in(request.data)
        change = restore_version(
            student=self.student(), sha256=sha256, actor=self.actor(), confirmed=confirmed
        )
        return Response(self.answer(change.student) | {"warnings": self.told(change.warnings)})


@extend_schema(tags=["photos"])
class PhotoBytesView(StudentsView):
    """The photo itself, for a client with a token."""

    content_negotiation_class = AnyAcceptHeader

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, student_id: UUID) -> HttpResponseBase:  # noqa: ARG002
        """Today's photo. The type comes from the photo: behind `profile.jpg` there may be a PNG."""
        return serve_to_holder(request, todays_file(self.student()), "profile.jpg")
