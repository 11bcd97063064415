"""`/api/photo-imports/`: photos by the hundred are handed in, looked at, and committed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.delivery.links import LinkMaker
from photostore.delivery.negotiation import AnyAcceptHeader
from photostore.delivery.responses import serve
from photostore.errors import InvalidFile, NotFound
from photostore.keys import THUMBNAIL_SIZES
from photostore.models import StoredFile
from photostore.storage import storage_for
from photostore.uploads.handler import MEGABYTE, optional_file
from photostore.uploads.throttle import StaffUploadThrottle
from students import jobs
from students.imports import lifecycle
from students.imports.photos import arriving, receive
from students.imports.photos.absent import without_picture
from students.models import Import, ImportRow
from students.views import imports
from students.views.import_shapes import ImportOutput

TAGS = ["photo imports"]
TUS_VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
KEPT_IN_MEMORY = 64 * 1024


class PhotosUpload(serializers.Serializer[None]):
    """Photos as a form; or `filename` and `size` as JSON, for a zip that comes by tus."""

    file = serializers.FileField(required=False, help_text="A zip, with or without an index.")
    files = serializers.ListField(
        child=serializers.FileField(), required=False, help_text="Photos, lists and zips; at most 100."
    )
    paths = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Of `files`, with their folders."
    )
    index = serializers.CharField(
        required=False, max_length=255, help_text="Which of the lists is the index, if it is not seen."
    )


class PictureSize(serializers.Serializer[None]):
    """Which picture of a row."""

    size = serializers.ChoiceField(choices=THUMBNAIL_SIZES, required=False)


class Announced(serializers.Serializer[None]):
    """A zip that is about to come."""

    filename = serializers.CharField(max_length=255)
    size = serializers.IntegerField(min_value=1)


class PhotoImportsView(imports.ImportsView):
    """Imports of photos."""

    kind = Import.Kind.PHOTOS

    def answer(self, batch: Import, counts: dict[str, int] | None = None) -> dict[str, Any]:
        """With the address for the bytes while they are awaited."""
        is_awaited = arriving.ARRIVING in batch.options and batch.state == Import.State.READING
        url = f"{self._base(batch)}upload/" if is_awaited else None
        answer = super().answer(batch, counts) | {"upload_url": url}
        if batch.state == Import.State.READY:  # a person may have said whose a picture is since it was read
            answer["enrolled_without_photo"] = without_picture(batch).count()
        return answer

    def row_answer(self, row: ImportRow) -> dict[str, Any]:
        """With where the picture is seen, and the one that the student has."""
        answer = super().row_answer(row)
        base = LinkMaker.of(self.request).base_url
        if row.staged_key:
            answer["photo_url"] = f"{self._base(row.batch)}rows/{row.n}/photo/"
        if row.student is not None and row.student.profile_photo:
            answer["current_photo_url"] = f"{base}/api/photos/students/{row.student.student_id}/profile.jpg"
        return answer

    def _base(self, batch: Import) -> str:
        return f"{LinkMaker.of(self.request).base_url}/api/photo-imports/{batch.pk}/"


@extend_schema(tags=TAGS)
class PhotoImportList(PhotoImportsView, imports.ImportList):
    """Imports of photos."""

    max_file_bytes = settings.PHOTO_IMPORT_MAX_MB * MEGABYTE
    max_memory_bytes = KEPT_IN_MEMORY
    throttle_classes = [StaffUploadThrottle]

    @extend_schema(
        request={"multipart/form-data": PhotosUpload, "application/json": Announced},
        responses={201: ImportOutput},
    )
    def post(self, request: Request) -> Response:
        """Hand in a zip or photos; or announce a zip, and send it to `upload_url` by tus."""
        if (request.content_type or "").startswith("multipart/"):
            batch = receive.begin(_handed_in(request), actor=self.actor(), options=_options(request))
            jobs.read_soon(batch.pk)
            batch.refresh_from_db()
        else:
            said = Announced(data=request.data)
            said.is_valid(raise_exception=True)
            batch = arriving.announce(**said.validated_data, actor=self.actor())
        headers = {"Location": f"/api/photo-imports/{batch.pk}/"}
        return Response(self.answer(batch), status=status.HTTP_201_CREATED, headers=headers)


@extend_schema(tags=TAGS)
class PhotoImportUpload(PhotoImportsView):
    """A zip on its way, by tus 1.0 (https://tus.io/protocols/resumable-upload)."""

    writes_need = "add"
    max_file_bytes = settings.PHOTO_IMPORT_MAX_MB * MEGABYTE

    @extend_schema(exclude=True)
    def head(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """The offset to go on from; a zip that is all here is read, also where the last answer was lost."""
        batch = self.batch()
        size, arrived = arriving.announced_size(batch), arriving.arrived_bytes(batch)
        jobs.read_once_complete(batch)
        return self._tus({"Upload-Offset": str(arrived), "Upload-Length": str(size)})

    @extend_schema(request={CHUNK_TYPE: bytes}, responses={204: None})
    def patch(self, request: Request, import_id: UUID) -> Response:  # noqa: ARG002
        """The next bytes, from `Upload-Offset` on. What arrives before a break stays; then it is read."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        if media_type != CHUNK_TYPE:
            raise UnsupportedMediaType(media_type, detail=_("Send bytes as %(type)s.") % {"type": CHUNK_TYPE})
        length = request.META.get("CONTENT_LENGTH")
        chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        batch = self.batch()
        arrived = arriving.receive(
            batch,
            offset=_offset(request),
            byte_count=None if chunked else int(length or 0),
            read=request._request.read,
        )
        jobs.read_once_complete(batch)
        return self._tus({"Upload-Offset": str(arrived)}, status.HTTP_204_NO_CONTENT)

    def _tus(self, headers: dict[str, str], code: int = status.HTTP_200_OK) -> Response:
        said = {"Tus-Resumable": TUS_VERSION, "Cache-Control": "no-store"}
        return Response(status=code, headers=said | headers)


@extend_schema(tags=TAGS)
class PhotoImportDetail(PhotoImportsView, imports.ImportDetail):
    pass


@extend_schema(tags=TAGS)
class PhotoImportRows(PhotoImportsView, imports.ImportRows):
    pass


@extend_schema(tags=TAGS)
class PhotoImportRow(PhotoImportsView, imports.ImportRowDetail):
    pass


@extend_schema(tags=TAGS)
class PhotoImportRowPhoto(PhotoImportsView):
    """The picture of a row."""

    content_negotiation_class = AnyAcceptHeader

    @extend_schema(parameters=[PictureSize], responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, import_id: UUID, n: int) -> HttpResponseBase:  # noqa: ARG002
        """As it would become the photo; with `?size=` 96, 256 or 640 a thumbnail."""
        row = lifecycle.find_row(self.batch(), n)
        said = PictureSize(data=request.query_params)
        said.is_valid(raise_exception=True)
        size = said.validated_data.get("size", "")
        if not row.staged_key:
            raise NotFound
        return serve(request._request, staged_file(row, size), name=f"{n}", cache_control="private, no-cache")


@extend_schema(tags=TAGS)
class PhotoImportCommit(PhotoImportsView, imports.ImportCommit):
    pass


@extend_schema(tags=TAGS)
class PhotoImportDiscard(PhotoImportsView, imports.ImportDiscard):
    pass


def staged_file(row: ImportRow, size: str = "") -> StoredFile:
    """The file of a row or of its thumbnail, as delivery knows files; no row of the register. `NotFound`."""
    stem, _dot, extension = str(row.staged_key).rpartition(".")
    key = f"{stem}_{size}.webp" if size else f"{stem}.{extension}"
    found = storage_for().stat(key)
    if found is None:
        raise NotFound
    return StoredFile(
        storage_alias="default",
        key=key,
        sha256=f"{row.staged_sha256}{size}",
        byte_size=found.byte_size,
        content_type="image/webp" if size else row.data["content_type"],
    )


def _handed_in(request: Request) -> list[receive.HandedIn]:
    one = optional_file(request, "file")  # also raises what cut the upload off
    uploaded: Any = request.FILES
    files = [*([one] if one else []), *uploaded.getlist("files")]
    paths = request.data.getlist("paths") if hasattr(request.data, "getlist") else []
    if paths and len(paths) != len(files):
        raise InvalidFile(_("Send the path of every file or of none."), code="paths", field="paths")
    named = paths or [file.name or "" for file in files]
    return [receive.HandedIn(str(path)[-1000:], file) for path, file in zip(named, files, strict=True)]


def _options(request: Request) -> dict[str, Any]:
    said: Any = request.data
    index = str(said.get("index", ""))[:255]
    return {"index": index} if index else {}


def _offset(request: Request) -> int:
    said = request.headers.get("Upload-Offset", "")
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise ValidationError({"Upload-Offset": [_("Upload-Offset must say which byte comes first.")]})
    return int(said)
