"""The documented way with media files: file fields, pages by OFFSET, whole files in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.documented.intake import process
from bench.documented.models import MediaItem


def found(count: int, video: str) -> None:
    """Makes the table and the files; the first one has the bytes of `video`, the others none."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    first = MediaItem(owner_id=1, original_filename="clip.mp4")
    first.file.save("clip.mp4", ContentFile(Path(video).read_bytes()))
    MediaItem.objects.bulk_create(
        MediaItem(
            owner_id=1,
            original_filename=f"{number}.jpg",
            file=f"media/{number}.jpg",
            file_640=f"media/640/{number}.webp",
            file_256=f"media/256/{number}.webp",
            file_96=f"media/96/{number}.webp",
        )
        for number in range(1, count)
    )


class MediaItemSerializer(serializers.ModelSerializer[MediaItem]):
    class Meta:
        model = MediaItem
        fields = [
            *("id", "owner_id", "original_filename", "description", "created_at", "updated_at", "persona_id"),
            *("file_size", "mime_type", "media_type", "width", "height", "duration"),
            *("file", "file_640", "file_256", "file_96"),
        ]


class MediaInput(serializers.Serializer[Any]):
    file = serializers.ImageField()


class UploadMediaView(APIView):
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        given = MediaInput(data=request.data)
        given.is_valid(raise_exception=True)
        uploaded = given.validated_data["file"]
        renditions = process(uploaded.temporary_file_path())
        item = MediaItem(owner_id=1, original_filename=uploaded.name)
        item.file.save("photo.jpg", ContentFile(renditions["picture"]), save=False)
        for side in ("640", "256", "96"):
            field = getattr(item, f"file_{side}")
            field.save("photo.webp", ContentFile(renditions[side]), save=False)
        item.save()
        return Response(MediaItemSerializer(item, context={"request": request}).data, status=201)


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"


class MediaListView(ListAPIView[MediaItem]):
    queryset = MediaItem.objects.filter(owner_id=1).order_by("-id")
    serializer_class = MediaItemSerializer
    pagination_class = Pages


class DownloadMediaView(APIView):
    def get(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        item = get_object_or_404(MediaItem, pk=pk)
        with item.file.open() as file:
            headers = {"Content-Disposition": f'attachment; filename="{item.original_filename}"'}
            return HttpResponse(file.read(), content_type="video/mp4", headers=headers)
