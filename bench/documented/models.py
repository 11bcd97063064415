"""The documented way to keep photos: an ImageField for each, and one for each rendition."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import models

from bench.documented.intake import process

PICTURES = ("picture", "picture_640", "picture_256", "picture_96")


class Pictured(models.Model):
    """A row with its picture; of a media file, that may be a video."""

    picture = models.ImageField(upload_to="pictures/")
    picture_640 = models.ImageField(upload_to="pictures/640/")
    picture_256 = models.ImageField(upload_to="pictures/256/")
    picture_96 = models.ImageField(upload_to="pictures/96/")

    # Said, because the type checker reads our own settings, where this app is not installed.
    objects: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        abstract = True
        app_label = "documented"

    def take_in(self, uploaded: TemporaryUploadedFile) -> None:
        renditions = process(uploaded.temporary_file_path())
        self.picture.save("photo.jpg", ContentFile(renditions["picture"]), save=False)
        for side in ("640", "256", "96"):
            field = getattr(self, f"picture_{side}")
            field.save("photo.webp", ContentFile(renditions[side]), save=False)
        self.save()


class Person(Pictured):
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Image(Pictured):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documented_images")
    image_type = models.CharField(max_length=16, default="gallery")
    is_primary = models.BooleanField(default=False)
    caption = models.CharField(max_length=1000, blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta(Pictured.Meta):
        abstract = False
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.caption


class MediaItem(Pictured):
    owner_id = models.BigIntegerField(db_index=True)
    original_filename = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    persona_id = models.BigIntegerField(default=1)
    file_size = models.BigIntegerField(default=100)
    mime_type = models.CharField(max_length=64, default="image/jpeg")
    media_type = models.CharField(max_length=8, default="image")
    width = models.PositiveIntegerField(default=4000)
    height = models.PositiveIntegerField(default=3000)
    duration = models.FloatField(null=True)

    def __str__(self) -> str:
        return self.original_filename
