"""The documented way over HTTP: ModelSerializer, pages by OFFSET, and whole files in memory."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.documented.models import Image, MediaItem, Person, Pictured


class PhotoInput(serializers.Serializer[Any]):
    profile_photo = serializers.ImageField()


class ImageInput(serializers.Serializer[Any]):
    image = serializers.ImageField()
    image_type = serializers.CharField(default="gallery")
    is_primary = serializers.BooleanField(default=False)
    caption = serializers.CharField(default="", allow_blank=True)


class MediaInput(serializers.Serializer[Any]):
    file = serializers.ImageField()


class PersonSerializer(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = "__all__"


class ImageSerializer(serializers.ModelSerializer[Image]):
    class Meta:
        model = Image
        exclude = ["user"]


class MediaItemSerializer(serializers.ModelSerializer[MediaItem]):
    class Meta:
        model = MediaItem
        fields = "__all__"


class UploadView(APIView):
    parser_classes = [MultiPartParser]
    input_class: ClassVar[type[serializers.Serializer[Any]]]

    def given(self, request: Request) -> dict[str, Any]:
        given = self.input_class(data=request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


class UploadPhotoView(UploadView):
    input_class = PhotoInput

    def post(self, request: Request, pk: int) -> Response:
        person = get_object_or_404(Person, pk=pk)
        person.take_in(self.given(request)["profile_photo"])
        return Response(PersonSerializer(person, context={"request": request}).data)


class UploadImageView(UploadView):
    input_class = ImageInput

    def post(self, request: Request) -> Response:
        fields = self.given(request)
        uploaded = fields.pop("image")
        if fields["is_primary"]:
            Image.objects.filter(user=request.user).update(is_primary=False)
        image = Image(user=request.user, **fields)
        image.take_in(uploaded)
        return Response({"success": True, "image": ImageSerializer(image, context={"request": request}).data})


class UploadMediaView(UploadView):
    input_class = MediaInput

    def post(self, request: Request) -> Response:
        uploaded = self.given(request)["file"]
        item = MediaItem(owner_id=1, original_filename=uploaded.name)
        item.take_in(uploaded)
        return Response(MediaItemSerializer(item, context={"request": request}).data, status=201)


class ImagesView(APIView):
    def get(self, request: Request, username: str) -> Response:
        images = Image.objects.filter(user__username=username)
        shown = ImageSerializer(images, many=True, context={"request": request}).data
        return Response({"success": True, "images": shown, "count": len(shown)})


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"


class MediaListView(ListAPIView[MediaItem]):
    queryset = MediaItem.objects.filter(owner_id=1).order_by("-id")
    serializer_class = MediaItemSerializer
    pagination_class = Pages


class FileView(APIView):
    model: type[Pictured] = Person
    headers_sent: ClassVar[dict[str, str]] = {"Content-Type": "image/jpeg"}

    def get(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        row = get_object_or_404(self.model, pk=pk)
        with row.picture.open() as file:
            return HttpResponse(file.read(), headers=self.headers_sent)


class DownloadMediaView(FileView):
    model = MediaItem
    headers_sent: ClassVar = {
        "Content-Type": "video/mp4",
        "Content-Disposition": 'attachment; filename="clip.mp4"',
    }
