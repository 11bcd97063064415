"""The documented way to keep photos: an ImageField for each, and one for each rendition."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=200)
    picture = models.ImageField(upload_to="people/")
    picture_640 = models.ImageField(upload_to="people/640/")
    picture_256 = models.ImageField(upload_to="people/256/")
    picture_96 = models.ImageField(upload_to="people/96/")

    # Said, because the type checker reads our own settings, where this app is not installed.
    objects: ClassVar[models.Manager[Person]] = models.Manager()

    class Meta:
        app_label = "documented"

    def __str__(self) -> str:
        return self.name


class Image(models.Model):
    """The documented image of a user, with an ImageField for each rendition."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documented_images")
    image = models.ImageField(upload_to="images/")
    image_640 = models.ImageField(upload_to="images/640/")
    image_256 = models.ImageField(upload_to="images/256/")
    image_96 = models.ImageField(upload_to="images/96/")
    image_type = models.CharField(max_length=16, default="gallery")
    is_primary = models.BooleanField(default=False)
    caption = models.CharField(max_length=1000, blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Image]] = models.Manager()

    class Meta:
        app_label = "documented"
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.caption


class MediaItem(models.Model):
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
    file = models.FileField(upload_to="media/")
    file_640 = models.ImageField(upload_to="media/640/")
    file_256 = models.ImageField(upload_to="media/256/")
    file_96 = models.ImageField(upload_to="media/96/")

    objects: ClassVar[models.Manager[MediaItem]] = models.Manager()

    class Meta:
        app_label = "documented"

    def __str__(self) -> str:
        return self.original_filename
