"""`/media/…`: the media files of one's personas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from media_uploads.files.intake import (
    IMAGE_LIMITS,
    MAX_REQUEST_BYTES,
    TOO_LARGE_FOR_ONE_REQUEST,
    check_beginning,
)
from media_uploads.files.refusals import MediaFileNotFound
from media_uploads.files.representation import COLUMNS, represent, represent_file
from media_uploads.files.serializers import (
    AboutUpload,
    DescriptionInput,
    FileFilters,
    MediaFileOutput,
    MediaUpload,
    StatsOutput,
)
from media_uploads.files.use_cases import delete_file, describe_file, keep_file, owner_of
from media_uploads.models import MediaFile
from media_uploads.views.base import OwnObjectsView, person_id
from media_uploads.views.personas import own_persona
from photostore.delivery.links import LinkMaker
from photostore.delivery.negotiation import AnyAcceptHeader
from photostore.delivery.responses import serve
from photostore.models import StoredFile
from photostore.uploads.handler import one_file
from photostore.uploads.throttle import UploadThrottle
from photostore.web.paging import NewestFirst
from photostore.web.schema import ProblemSerializer

FILE_FIELD = "file"


@extend_schema(tags=["media files"])
class MediaUploadView(OwnObjectsView):
    throttle_classes = [UploadThrottle]
    max_file_bytes = MAX_REQUEST_BYTES
    too_large_sentence = TOO_LARGE_FOR_ONE_REQUEST
    # An image is decoded from memory; what is larger can only be a video.
    max_memory_bytes = IMAGE_LIMITS.max_bytes
    check_beginning = staticmethod(check_beginning)

    @extend_schema(
        request={"multipart/form-data": MediaUpload},
        responses={201: MediaFileOutput, 422: ProblemSerializer, 429: ProblemSerializer},
    )
    def post(self, request: Request, persona_id: int) -> Response:
        """Keep an image or a video. What it is is decided by its bytes, and its name must agree."""
        own_persona(request, persona_id)  # before the body is read
        file = one_file(request, FILE_FIELD)
        said = AboutUpload(data=request.data)
        said.is_valid(raise_exception=True)
        kept = keep_file(
            user=request.user,
            persona_id=persona_id,
            file=cast(BinaryIO, file.file),
            filename=file.name or "",
            description=said.validated_data["description"],
            actor=self.actor(),
        )
        return Response(represent_file(kept, LinkMaker.of(request)), status=status.HTTP_201_CREATED)


@extend_schema(tags=["media files"])
class MediaFilesView(OwnObjectsView, GenericAPIView[MediaFile]):
    queryset = MediaFile.objects.all()
    pagination_class = NewestFirst

    @extend_schema(parameters=[FileFilters], responses=MediaFileOutput(many=True))
    def get(self, request: Request) -> Response:
        """The caller's files, the newest first."""
        asked = FileFilters(data=request.query_params)
        asked.is_valid(raise_exception=True)
        files = MediaFile.objects.filter(user_id=person_id(request), **asked.validated_data)
        page: Sequence[Any] | None = self.paginate_queryset(files.values(*COLUMNS))
        links = LinkMaker.of(request)
        return self.get_paginated_response([represent(row, links) for row in page or []])


@extend_schema(tags=["media files"])
class MediaFileView(OwnObjectsView):
    @extend_schema(responses=MediaFileOutput)
    def get(self, request: Request, file_id: int) -> Response:
        """One of the caller's files."""
        return self.answer(own_file(request, file_id))

    @extend_schema(request=DescriptionInput, responses=MediaFileOutput)
    def put(self, request: Request, file_id: int) -> Response:
        """Replace the description."""
        return self._describe(request, file_id, partial=False)

    @extend_schema(request=DescriptionInput, responses=MediaFileOutput)
    def patch(self, request: Request, file_id: int) -> Response:
        """The same; a body without a description changes nothing."""
        return self._describe(request, file_id, partial=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, file_id: int) -> Response:
        """Delete a file for good."""
        delete_file(user=request.user, file_id=file_id, actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _describe(self, request: Request, file_id: int, *, partial: bool) -> Response:
        file = own_file(request, file_id)
        said = DescriptionInput(data=request.data, partial=partial)
        said.is_valid(raise_exception=True)
        if said.validated_data:
            file = describe_file(
                user=request.user, file_id=file_id, **said.validated_data, actor=self.actor()
            )
        return self.answer(file)

    def answer(self, file: MediaFile) -> Response:
        return Response(represent_file(file, LinkMaker.of(self.request)))


@extend_schema(tags=["media files"])
class MediaDownloadView(OwnObjectsView):
    """The bytes of one file of one's own."""

    content_negotiation_class = AnyAcceptHeader

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY, (200, "video/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, file_id: int) -> HttpResponseBase:
        """As an attachment under the name that it came with, whole or a range of it."""
        file = own_file(request, file_id)
        originals = StoredFile.objects.filter(**owner_of(file.pk).files, kind=StoredFile.Kind.ORIGINAL)
        stored = originals.filter(sha256=file.sha256).first()
        if stored is None:
            raise MediaFileNotFound(file_id)
        name = file.original_filename or file.filename
        return serve(request._request, stored, name=name, cache_control="private, no-cache", attachment=True)


@extend_schema(tags=["media files"])
class MediaStatsView(OwnObjectsView):
    @extend_schema(responses=StatsOutput)
    def get(self, request: Request) -> Response:
        """How many, of what kind, how large, and for which persona."""
        return Response(MediaFile.objects.filter(user_id=person_id(request)).stats())


def own_file(request: Request, file_id: int) -> MediaFile:
    """The file, if it belongs to the caller. Raises `MediaFileNotFound`."""
    found = MediaFile.objects.filter(pk=file_id, user_id=person_id(request)).first()
    if found is None:
        raise MediaFileNotFound(file_id)
    return found
