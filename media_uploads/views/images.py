"""`/api/upload_user_image/`, `/api/user_images/…`, `/api/user_image/…`: images of users."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet, Subquery
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from media_uploads.images.intake import MAX_FILE_BYTES, owner_of
from media_uploads.images.refusals import ImageFileMissing, ImageNotFound, MissingFields
from media_uploads.images.representation import COLUMNS, represent, represent_image
from media_uploads.images.serializers import (
    DoneOutput,
    UploadedImageOutput,
    UserImageFilters,
    UserImageInput,
    UserImagesOutput,
    UserImageUpload,
)
from media_uploads.images.use_cases import delete_image, set_primary, upload_image
from media_uploads.models import UserImage
from media_uploads.views.wording import TranslatedMethodErrors
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker
from photostore.delivery.negotiation import AnyAcceptHeader
from photostore.delivery.responses import serve
from photostore.errors import FileMissing, Forbidden, NotFound
from photostore.models import StoredFile
from photostore.uploads.handler import optional_file
from photostore.uploads.throttle import UploadThrottle
from photostore.web.known_input import KnownInput
from photostore.web.paging import LatestFirst
from photostore.web.schema import ProblemSerializer

IMAGE_FIELD = "image"
# What an upload may be answered with beside the usual: an unknown name, a wrong type, a virus, too many.
REFUSALS = (404, 415, 422, 429)
# A client that knows no pages gets this many at most; `count` tells it that there are more.
MOST_WITHOUT_PAGES = 500


class ImagesView(TranslatedMethodErrors, KnownInput, GenericAPIView[UserImage]):
    """For everybody who is signed in; each channel says what else it needs."""

    queryset = UserImage.objects.all()

    def actor(self) -> Actor:
        return Actor.of(self.request)

    def may(self, verb: str) -> bool:
        """Whether the person asking may do this to other people's images."""
        user = self.request.user
        return bool(user.is_staff and user.has_perm(f"media_uploads.{verb}_userimage"))

    def check_owner(self, image_id: UUID, verb: str) -> None:
        """Raise `ImageNotFound` unless the image is there, and is the caller's or theirs to change."""
        owner_id = UserImage.objects.filter(pk=image_id).values_list("user_id", flat=True).first()
        if owner_id is None or not (owner_id == self.request.user.pk or self.may(verb)):
            raise ImageNotFound


@extend_schema(tags=["user images"])
class UploadImageView(ImagesView):
    throttle_classes = [UploadThrottle]
    max_file_bytes = MAX_FILE_BYTES
    too_large_sentence = gettext_lazy("File size exceeds 10MB limit")

    @extend_schema(
        request={"multipart/form-data": UserImageUpload},
        responses={200: UploadedImageOutput, **dict.fromkeys(REFUSALS, ProblemSerializer)},
        examples=[
            OpenApiExample(
                "A cover", value={"image_type": "cover", "caption": "At the sea"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Upload an image, for oneself, or with the permission for another user.

        It is kept upright, without tags and at most 1920 pixels long; animations stay animated.
        """
        file = optional_file(request, IMAGE_FIELD)
        if file is None:
            raise MissingFields(field=IMAGE_FIELD)
        said = UserImageInput(data=request.data)
        said.is_valid(raise_exception=True)
        fields = dict(said.validated_data)
        image = upload_image(
            user=self._whose(fields.pop("username")),
            data=file.read(),
            filename=file.name or "",
            actor=self.actor(),
            **fields,
        )
        return Response(
            {
                "success": True,
                "message": _("Image uploaded successfully"),
                "image": represent_image(image, LinkMaker.of(request)),
            }
        )

    def _whose(self, username: str) -> Any:
        user = self.request.user
        if username in {"", user.get_username()}:
            return user
        if not self.may("add"):
            raise Forbidden
        found = get_user_model()._default_manager.filter(username=username).first()
        if found is None:
            raise NotFound(field="username")
        return found


@extend_schema(tags=["user images"])
class UserImagesView(ImagesView):
    pagination_class = LatestFirst

    @extend_schema(
        parameters=[
            UserImageFilters,
            OpenApiParameter("page_size", int, description="Asks for pages, of at most 200 images."),
            OpenApiParameter("cursor", str, description="A page's place: taken from `next` or `previous`."),
        ],
        responses=UserImagesOutput,
    )
    def get(self, request: Request, username: str) -> Response:
        """List a user's images, the newest first. An unknown name gives an empty list.

        Without `page_size` or `cursor` all of them come at once, but no more than the newest 500; `count`
        says how many there are. With either they come in pages that cost the same wherever they are.
        """
        filters = UserImageFilters(data={name: said for name, said in request.query_params.items() if said})
        filters.is_valid(raise_exception=True)
        images = images_of(username).filter(**filters.validated_data)
        answer = self._page(images) if _asks_for_pages(request) else _all_at_once(images)
        links = LinkMaker.of(request)
        answer["images"] = [represent(row, links) for row in answer["images"]]
        return Response({"success": True, **answer})

    def _page(self, images: QuerySet[UserImage]) -> dict[str, Any]:
        page: Any = self.paginate_queryset(images.values(*COLUMNS))
        paginator: Any = self.paginator
        return {
            "images": page,
            "count": images.count(),
            "next": paginator.get_next_link(),
            "previous": paginator.get_previous_link(),
        }


@extend_schema(tags=["user images"])
class DeleteImageView(ImagesView):
    @extend_schema(request=None, responses=DoneOutput)
    def post(self, request: Request, image_id: UUID) -> Response:  # noqa: ARG002 - Django REST framework's signature
        """Remove an image for good. A primary one leaves the user without a primary image."""
        self.check_owner(image_id, "delete")
        delete_image(image_id=image_id, actor=self.actor())
        return Response({"success": True, "message": _("Image deleted successfully")})

    @extend_schema(responses={200: DoneOutput})
    def delete(self, request: Request, image_id: UUID) -> Response:
        """Delete an image."""
        return self.post(request, image_id)


@extend_schema(tags=["user images"])
class SetPrimaryView(ImagesView):
    @extend_schema(request=None, responses=DoneOutput)
    def post(self, request: Request, image_id: UUID) -> Response:  # noqa: ARG002
        """Make this the user's primary image, in place of whichever it was. Never two, never refused."""
        self.check_owner(image_id, "change")
        set_primary(image_id=image_id, actor=self.actor())
        return Response({"success": True, "message": _("Primary image updated successfully")})


@extend_schema(tags=["user images"])
class ServeImageView(ImagesView):
    content_negotiation_class = AnyAcceptHeader

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        """The image itself, for everybody who is signed in; with ranges and an ETag."""
        file = stored_image(image_id)
        try:
            # The person's own cache may keep it, and asks each time whether it still may be shown.
            return serve(
                request._request, file, name=file.key.rpartition("/")[2], cache_control="private, no-cache"
            )
        except FileMissing as error:
            raise ImageFileMissing from error


def images_of(username: str) -> QuerySet[UserImage]:
    """The user's images, the newest first; none for an unknown or impossible name."""
    if "\0" in username:
        return UserImage.objects.none()
    # A scalar subquery, not a join: only so PostgreSQL reads the page straight off the index.
    user = get_user_model()._default_manager.filter(username=username).values("pk")
    return UserImage.objects.filter(user_id=Subquery(user[:1]))


def stored_image(image_id: UUID) -> StoredFile:
    """The register's row of an image. Raises `ImageNotFound`, and `ImageFileMissing` where it has none."""
    try:
        return StoredFile.objects.get(**owner_of(image_id).files, kind=StoredFile.Kind.ORIGINAL)
    except StoredFile.DoesNotExist:
        exists = UserImage.objects.filter(pk=image_id).exists()
        raise (ImageFileMissing if exists else ImageNotFound) from None


def _asks_for_pages(request: Request) -> bool:
    return not {"page_size", "cursor"}.isdisjoint(request.query_params)


def _all_at_once(images: QuerySet[UserImage]) -> dict[str, Any]:
    rows = list(images.values(*COLUMNS)[:MOST_WITHOUT_PAGES])
    return {"images": rows, "count": len(rows) if len(rows) < MOST_WITHOUT_PAGES else images.count()}
