"""`/media/uploads/…`: direct and resumable uploads, in JSON and by tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from media_uploads.direct.refusals import MoreThanAnnounced, NotSpoken, UploadNotFound
from media_uploads.direct.representation import CHUNK_TYPE, TUS_VERSION, represent_upload
from media_uploads.direct.serializers import DirectUploadInput, DirectUploadOutput, announced_by_tus
from media_uploads.direct.use_cases.arriving import arrived_bytes, own_upload, receive_bytes, speaks_tus
from media_uploads.direct.use_cases.completing import complete_upload
from media_uploads.direct.use_cases.ending import abort_upload
from media_uploads.direct.use_cases.opening import open_upload
from media_uploads.files.intake import VIDEO_LIMITS
from media_uploads.files.representation import represent_file
from media_uploads.files.serializers import MediaFileOutput
from media_uploads.models import DirectUpload
from media_uploads.views.base import OwnObjectsView
from photostore.delivery.links import LinkMaker
from photostore.uploads.handler import MEGABYTE
from photostore.uploads.throttle import UploadThrottle
from photostore.web.schema import ProblemSerializer

CAPABILITIES = {
    "Tus-Version": TUS_VERSION,
    "Tus-Extension": "creation,creation-with-upload,expiration,termination",
    "Tus-Max-Size": str(VIDEO_LIMITS.max_bytes),
}


# Of extensions that are not spoken here. Who sends them believes that they are.
NOT_SPOKEN = ("Upload-Concat", "Upload-Defer-Length", "Upload-Checksum")


class WrongTusVersion(APIException):
    """A client of another version of tus, or of none."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "wrong_tus_version"
    default_detail = _("Send the header Tus-Resumable: 1.0.0, the only supported version.")


class NoTusHere(APIException):
    """The bytes go to a bucket, which does not speak tus."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "no_tus_here"
    default_detail = _(
        "On this server, files go straight to the storage. Announce this one in JSON, without Tus-Resumable."
    )


class DirectUploadsView(OwnObjectsView):
    """The caller's own uploads; those of other users are not found."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """tus: for clients in surroundings where there is no PATCH and no DELETE."""
        request.method = request.headers.get("X-HTTP-Method-Override", request.method or "").upper()
        return super().dispatch(request, *args, **kwargs)

    def get_permissions(self) -> Sequence[Any]:
        """What the server can do is no secret; a client may ask without credentials."""
        return [AllowAny()] if self.request.method == "OPTIONS" else super().get_permissions()

    @property
    def by_tus(self) -> bool:
        return "Tus-Resumable" in self.request.headers

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """tus wants its version on every answer, the ones it knows on a 412, and no cache at all."""
        response.headers.setdefault("Cache-Control", "no-store")
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Tus-Resumable"] = TUS_VERSION
        if answer.status_code == status.HTTP_412_PRECONDITION_FAILED:
            answer["Tus-Version"] = TUS_VERSION
        return answer

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        return Response(status=status.HTTP_204_NO_CONTENT, headers=CAPABILITIES)

    def represented(self, upload: DirectUpload, *, arrived: int | None = None) -> dict[str, Any]:
        return represent_upload(upload, base_url=LinkMaker.of(self.request).base_url, arrived=arrived)

    def check_tus(self) -> None:
        """Raise `WrongTusVersion`, and `NotSpoken` for what would be left out."""
        if self.request.headers.get("Tus-Resumable") != TUS_VERSION:
            raise WrongTusVersion
        for header in NOT_SPOKEN:
            if header in self.request.headers:
                raise NotSpoken(header)

    def received(self, upload_id: UUID, offset: int) -> DirectUpload:
        """What the body of the request adds to an upload."""
        return receive_bytes(
            user=self.request.user,
            upload_id=upload_id,
            offset=offset,
            byte_count=self.announced_bytes(),
            read=self.request._request.read,
        )

    def announced_bytes(self) -> int | None:
        """How long the body is; None where it is not announced."""
        if "chunked" in self.request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return None
        return int(self.request.META.get("CONTENT_LENGTH") or 0)

    def media_type(self) -> str:
        return (self.request.content_type or "").partition(";")[0].strip().lower()


@extend_schema(tags=["media files"])
class OpenUploadView(DirectUploadsView):
    throttle_classes = [UploadThrottle]
    max_file_bytes = VIDEO_LIMITS.max_bytes
    # The bytes of a tus client pass by; a file in a form is refused, and need not be in memory for that.
    max_memory_bytes = MEGABYTE

    @extend_schema(
        request=DirectUploadInput,
        responses={201: DirectUploadOutput, **dict.fromkeys((412, 413, 429), ProblemSerializer)},
        examples=[
            OpenApiExample(
                "A video",
                value={"filename": "goal.mp4", "size": 73400320, "content_type": "video/mp4"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, persona_id: int) -> Response:
        """Announce a file, and learn where its bytes go. A tus client sends its headers instead of JSON."""
        if self.by_tus:
            self.check_tus()
            if not speaks_tus():
                raise NoTusHere
        metadata = request.headers.get("Upload-Metadata", "") if self.by_tus else ""
        length = request.headers.get("Upload-Length")
        said = DirectUploadInput(data=announced_by_tus(length, metadata) if self.by_tus else request.data)
        said.is_valid(raise_exception=True)
        has_bytes = self.by_tus and self.media_type() == CHUNK_TYPE
        if has_bytes and (self.announced_bytes() or 0) > said.validated_data["size"]:
            raise MoreThanAnnounced
        upload = open_upload(
            user=request.user,
            persona_id=persona_id,
            actor=self.actor(),
            tus_metadata=metadata,
            **said.validated_data,
        )
        if has_bytes:
            self.received(upload.pk, 0)
        arrived = arrived_bytes(upload) if has_bytes else 0
        body = self.represented(upload, arrived=arrived)
        headers = {"Location": body["status_url"], "Upload-Expires": _moment(upload)}
        if self.by_tus:
            headers["Upload-Offset"] = str(arrived)
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)


@extend_schema(tags=["media files"])
class DirectUploadView(DirectUploadsView):
    max_file_bytes = VIDEO_LIMITS.max_bytes

    @extend_schema(responses=DirectUploadOutput)
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How much has arrived, and new links for the rest."""
        return Response(self.represented(own_upload(request.user, upload_id)))

    @extend_schema(exclude=True)
    def head(self, request: Request, upload_id: UUID) -> Response:
        self.check_tus()
        upload = own_upload(request.user, upload_id)
        if upload.way != DirectUpload.Way.TUS:
            raise UploadNotFound
        headers = {
            "Upload-Offset": str(arrived_bytes(upload)),
            "Upload-Length": str(upload.size),
            "Upload-Expires": _moment(upload),
        }
        if upload.tus_metadata:
            headers["Upload-Metadata"] = upload.tus_metadata
        return Response(headers=headers)

    @extend_schema(
        request={CHUNK_TYPE: bytes},
        responses={204: None, **dict.fromkeys((412, 413, 415, 423), ProblemSerializer)},
        description="tus: the next bytes, from `Upload-Offset` on. What arrives before a break stays.",
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        self.check_tus()
        if (said := self.media_type()) != CHUNK_TYPE:
            raise UnsupportedMediaType(said, detail=_("Send bytes as %(type)s.") % {"type": CHUNK_TYPE})
        upload = self.received(upload_id, _offset(request))
        headers = {"Upload-Offset": str(arrived_bytes(upload)), "Upload-Expires": _moment(upload)}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=headers)

    @extend_schema(responses={204: None, **dict.fromkeys((409, 412, 423), ProblemSerializer)})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give it up: what had arrived is gone."""
        if self.by_tus:
            self.check_tus()
        abort_upload(user=request.user, upload_id=upload_id, actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["media files"])
class CompleteUploadView(DirectUploadsView):
    @extend_schema(
        request=None,
        responses={
            201: MediaFileOutput,
            409: ProblemSerializer,
            413: ProblemSerializer,
            422: ProblemSerializer,
        },
    )
    def post(self, request: Request, upload_id: UUID) -> Response:
        """Check what arrived as strictly as a plain upload, and make a media file of it: once, 409 after.

        A file that is refused is gone, and its upload with it.
        """
        kept = complete_upload(user=request.user, upload_id=upload_id, actor=self.actor())
        body = represent_file(kept, LinkMaker.of(request))
        return Response(body, status=status.HTTP_201_CREATED)


def _offset(request: Request) -> int:
    said = request.headers.get("Upload-Offset", "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise ValidationError({"Upload-Offset": [_("Upload-Offset must say which byte comes first.")]})
    return int(said)


def _moment(upload: DirectUpload) -> str:
    """As an HTTP date."""
    return format_datetime(upload.expires_at, usegmt=True)
