"""`/api/users/…`: profile pictures in two steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from photostore.errors import NotFound
from photostore.uploads.handler import optional_file
from photostore.uploads.throttle import UploadThrottle
from photostore.web.known_input import KnownInput
from photostore.web.paging import NewestFirst
from photostore.web.schema import ProblemSerializer
from profile_pictures.confirmation import confirm_upload, revert_to
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.pictures import MAX_FILE_BYTES, Crop
from profile_pictures.refusals import NoImage
from profile_pictures.representation import live_link, represent_picture, represent_upload
from profile_pictures.serializers import (
    ConfirmedOutput,
    ConfirmInput,
    PictureOutput,
    PictureUpload,
    PictureUploadOutput,
)
from profile_pictures.uploads import drop_upload, upload_picture

IMAGE_FIELD = "image"


class PicturesView(KnownInput, GenericAPIView[ProfilePictureUpload]):
    """The caller's own pictures; those of other users are not found."""

    queryset: QuerySet[ProfilePictureUpload] | None = ProfilePictureUpload.objects.all()

    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def actor(self) -> Actor:
        return Actor.of(self.request)

    def changed(self, upload: ProfilePictureUpload, message: str) -> Response:
        """The answer when `upload` is the picture now."""
        links = LinkMaker.of(self.request)
        return Response(
            {
                "message": message,
                "upload": represent_upload(upload, links),
                "profile_picture": upload.key,
                "profile_picture_url": live_link(upload, links),
            }
        )


@extend_schema(tags=["profile pictures"])
class UploadView(PicturesView):
    max_file_bytes = MAX_FILE_BYTES
    throttle_classes = [UploadThrottle]

    @extend_schema(
        request={"multipart/form-data": PictureUpload},
        responses={201: PictureUploadOutput, 422: ProblemSerializer, 429: ProblemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Hand a picture in. It waits 24 hours for a yes; at most five wait at a time, then 429."""
        file = optional_file(request, IMAGE_FIELD)
        if file is None:
            raise NoImage(field=IMAGE_FIELD)
        upload = upload_picture(
            user=self.person(), data=file.read(), filename=file.name or "", actor=self.actor()
        )
        answer = represent_upload(upload, LinkMaker.of(request))
        return Response(answer, status=status.HTTP_201_CREATED)


@extend_schema(tags=["profile pictures"])
class ConfirmView(PicturesView):
    @extend_schema(
        request=ConfirmInput,
        responses={200: ConfirmedOutput, 404: ProblemSerializer},
        examples=[
            OpenApiExample("The whole picture", value={"upload_id": 7}, request_only=True),
            OpenApiExample(
                "A square of it",
                value={"upload_id": 7, "crop": {"x": 120, "y": 40, "size": 800}},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a pending picture the profile picture: once, 404 ever after."""
        said = ConfirmInput(data=request.data)
        said.is_valid(raise_exception=True)
        crop = said.validated_data["crop"]
        upload = confirm_upload(
            user=self.person(),
            upload_id=said.validated_data["upload_id"],
            crop=Crop(**crop) if crop else None,
            actor=self.actor(),
        )
        return self.changed(upload, _("This is your profile picture now."))


@extend_schema(tags=["profile pictures"])
class UploadsView(PicturesView):
    pagination_class = NewestFirst

    @extend_schema(responses=PictureUploadOutput(many=True))
    def get(self, request: Request) -> Response:
        """Pending and confirmed ones, the newest first; expired ones are gone."""
        uploads = ProfilePictureUpload.objects.history().filter(user=self.person())
        page: Sequence[Any] | None = self.paginate_queryset(uploads)
        links = LinkMaker.of(request)
        return self.get_paginated_response([represent_upload(upload, links) for upload in page or []])


@extend_schema(tags=["profile pictures"])
class PendingUploadView(PicturesView):
    @extend_schema(responses={204: None, 409: ProblemSerializer})
    def delete(self, request: Request, pk: int) -> Response:  # noqa: ARG002 - Django REST framework's signature
        """Drop it. A confirmed one is part of the history: 409."""
        drop_upload(user=self.person(), upload_id=pk, actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["profile pictures"])
class RevertView(PicturesView):
    @extend_schema(request=None, responses=ConfirmedOutput)
    def post(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        """Make an earlier picture the profile picture again."""
        upload = revert_to(user=self.person(), upload_id=pk, actor=self.actor())
        return self.changed(upload, _("The earlier picture was restored as your profile picture."))


@extend_schema(tags=["profile pictures"])
class PictureView(PicturesView):
    """A user's picture, for every signed-in user."""

    @extend_schema(responses=PictureOutput)
    def get(self, request: Request, username: str) -> Response:
        """The confirmed picture; `null` where there is none."""
        if "\0" in username:
            raise NotFound
        user = User.objects.filter(username=username).first()
        if user is None:
            raise NotFound
        upload = ProfilePictureUpload.objects.current().filter(user=user).first()
        return Response(represent_picture(user, upload, LinkMaker.of(request)))
