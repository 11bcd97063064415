"""The documented way to keep a person's photo: an ImageField for it, and one for each rendition."""

from __future__ import annotations

from typing import ClassVar

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
