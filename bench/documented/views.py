"""The documented way to take in a photo and to give it out."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.documented.intake import process
from bench.documented.models import Person


class PhotoInput(serializers.Serializer[Any]):
    profile_photo = serializers.ImageField()


class PersonSerializer(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ["id", "name", "picture", "picture_640", "picture_256", "picture_96"]


class UploadPhotoView(APIView):
    parser_classes = [MultiPartParser]

    def post(self, request: Request, pk: int) -> Response:
        person = get_object_or_404(Person, pk=pk)
        given = PhotoInput(data=request.data)
        given.is_valid(raise_exception=True)
        renditions = process(given.validated_data["profile_photo"].temporary_file_path())
        person.picture.save("photo.jpg", ContentFile(renditions["picture"]), save=False)
        for side in ("640", "256", "96"):
            field = getattr(person, f"picture_{side}")
            field.save("photo.webp", ContentFile(renditions[side]), save=False)
        person.save()
        return Response(PersonSerializer(person, context={"request": request}).data)


class PhotoView(APIView):
    def get(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        person = get_object_or_404(Person, pk=pk)
        with person.picture.open() as file:
            return HttpResponse(file.read(), content_type="image/jpeg")
