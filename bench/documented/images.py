"""The documented way with user images: ImageField, ModelSerializer, and the whole file into the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.documented.intake import process
from bench.documented.models import Image


def found(count: int, picture: str) -> None:
    """Makes the table, and Dana's images; `picture` is the path of the one file that all of them show."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    dana = get_user_model()._default_manager.get(username="dana")
    first = Image(user=dana)
    for name in ("image", "image_640", "image_256", "image_96"):
        getattr(first, name).save("photo.jpg", ContentFile(Path(picture).read_bytes()), save=False)
    first.save()
    files = {name: getattr(first, name).name for name in ("image", "image_640", "image_256", "image_96")}
    Image.objects.bulk_create(Image(user=dana, **files) for _number in range(count - 1))


class ImageInput(serializers.Serializer[Any]):
    image = serializers.ImageField()
    image_type = serializers.CharField(default="gallery")
    is_primary = serializers.BooleanField(default=False)
    caption = serializers.CharField(default="", allow_blank=True)


class ImageSerializer(serializers.ModelSerializer[Image]):
    class Meta:
        model = Image
        fields = [
            *("id", "image", "image_640", "image_256", "image_96", "image_type", "is_primary", "caption"),
            "uploaded_at",
        ]


class UploadImageView(APIView):
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        given = ImageInput(data=request.data)
        given.is_valid(raise_exception=True)
        fields = dict(given.validated_data)
        renditions = process(fields.pop("image").temporary_file_path())
        if fields["is_primary"]:
            Image.objects.filter(user=request.user).update(is_primary=False)
        image = Image(user=request.user, **fields)
        image.image.save("photo.jpg", ContentFile(renditions["picture"]), save=False)
        for side in ("640", "256", "96"):
            getattr(image, f"image_{side}").save("photo.webp", ContentFile(renditions[side]), save=False)
        image.save()
        return Response({"success": True, "image": ImageSerializer(image, context={"request": request}).data})


class ImagesView(APIView):
    def get(self, request: Request, username: str) -> Response:
        images = Image.objects.filter(user__username=username)
        shown = ImageSerializer(images, many=True, context={"request": request}).data
        return Response({"success": True, "images": shown, "count": len(shown)})


class ServeImageView(APIView):
    def get(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        image = get_object_or_404(Image, pk=pk)
        with image.image.open() as file:
            return HttpResponse(file.read(), content_type="image/jpeg")
