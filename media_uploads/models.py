"""What people hand in of their own: images of themselves, personas, and the files of a persona."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import PurePosixPath
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.models import KEY_LENGTH, SHA256_LENGTH

IMAGE_OWNER_LABEL = "media_uploads.image"
FILE_OWNER_LABEL = "media_uploads.file"
UPLOAD_OWNER_LABEL = "media_uploads.upload"
MAX_CAPTION_LENGTH = 1000


class UserImage(models.Model):
    """An image of a user. Triggers take its files along when the row goes, whatever deletes it."""

    class Type(models.TextChoices):
        PROFILE = "profile", _("profile")
        GALLERY = "gallery", _("gallery")
        COVER = "cover", _("cover")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="user_images", db_index=False
    )
    # The storage key, and where it is: `public` once a public bucket is configured, `default` else.
    image = models.ImageField(_("image"), max_length=KEY_LENGTH)
    storage_alias = models.CharField(max_length=32, default="default")
    image_type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.GALLERY)
    is_primary = models.BooleanField(_("primary"), default=False)
    caption = models.CharField(_("caption"), max_length=MAX_CAPTION_LENGTH, blank=True)
    original_filename = models.CharField(_("file name"), max_length=255, blank=True)
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    file_size = models.BigIntegerField(_("bytes"))
    mime_type = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta:
        verbose_name = _("user image")
        verbose_name_plural = _("user images")
        ordering = ["-uploaded_at", "-id"]
        constraints = [
            # Two primaries would make the first image a matter of luck.
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_primary=True), name="media_uploads_one_primary"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-uploaded_at", "-id"], name="media_uploads_images_newest"),
            models.Index(fields=["-uploaded_at", "-id"], name="media_uploads_all_images"),
            # The sweep asks of each file that it would take whether a row names it.
            HashIndex(fields=["image"], name="media_uploads_by_image_key"),
        ]

    def __str__(self) -> str:
        return self.original_filename or str(self.pk)

    @property
    def key(self) -> str:
        return str(self.image.name)


class Persona(models.Model):
    """A user's persona; media files belong to one."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="personas", db_index=False
    )
    name = models.CharField(_("name"), max_length=150)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("persona")
        verbose_name_plural = _("personas")
        indexes = [models.Index(fields=["user", "id"], name="media_uploads_personas_of_user")]

    def __str__(self) -> str:
        return self.name


class MediaFileQuerySet(models.QuerySet["MediaFile"]):
    def stats(self) -> dict[str, Any]:
        """How many there are, of what kind, how large, and for which persona; in one query."""
        groups = list(
            self.order_by()
            .values_list("persona_id", "media_type")
            .annotate(files=Count("id"), bytes=Sum("file_size"))
        )
        of_kind: Counter[str] = Counter()
        of_persona: Counter[str] = Counter()
        for persona_id, kind, files, _bytes in groups:
            of_kind[kind] += files
            of_persona[str(persona_id)] += files
        size = sum(int(group[3]) for group in groups)
        return {
            "total_files": of_kind.total(),
            "total_images": of_kind[MediaFile.Type.IMAGE],
            "total_videos": of_kind[MediaFile.Type.VIDEO],
            "total_size_bytes": size,
            "total_size_mb": round(size / 1_048_576, 2),
            "files_per_persona": dict(of_persona),
        }


class MediaFile(models.Model):
    """An image or a video of a persona. Triggers take its bytes along when the row goes."""

    class Type(models.TextChoices):
        IMAGE = "image", _("image")
        VIDEO = "video", _("video")

    persona = models.ForeignKey(Persona, models.CASCADE, related_name="files", db_index=False)
    # The persona's user as well: one index serves everybody's own files.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="media_files", db_index=False
    )
    # The storage key: uploads/{images|videos}/{persona_id}/{user_id}/{uuid}.{ext}
    file = models.FileField(_("file"), max_length=KEY_LENGTH)
    original_filename = models.CharField(_("file name"), max_length=255, blank=True)
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    file_size = models.BigIntegerField(_("bytes"))
    mime_type = models.CharField(max_length=64)
    media_type = models.CharField(_("kind"), max_length=8, choices=Type.choices)
    # Pixels, as it is shown.
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    # Seconds; null for images.
    duration = models.FloatField(null=True)
    description = models.TextField(_("description"), blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = MediaFileQuerySet.as_manager()

    class Meta:
        db_table = "media_files"
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "id"], name="media_files_of_user"),
            models.Index(fields=["persona", "id"], name="media_files_of_persona"),
            HashIndex(fields=["file"], name="media_files_by_key"),
        ]

    def __str__(self) -> str:
        return self.original_filename or self.filename

    @property
    def key(self) -> str:
        return str(self.file.name)

    @property
    def filename(self) -> str:
        """The name that we gave it: the last part of its key."""
        return PurePosixPath(self.key).name


class DirectUploadQuerySet(models.QuerySet["DirectUpload"]):
    def open(self) -> Self:
        """Bytes may still arrive, or be completed."""
        return self.filter(completed_at=None, expires_at__gt=timezone.now())

    def expired(self) -> Self:
        """Over: what was not completed goes with its bytes, what was need no longer be remembered."""
        return self.filter(expires_at__lte=timezone.now())


class DirectUpload(models.Model):
    """A media file on its way in over more than one request, or past us into the bucket.

    What has arrived lies under `key`, which no register knows; a trigger queues its removal once the row is
    deleted or completed, whatever does it (see migration 0002).
    """

    class Way(models.TextChoices):
        TUS = "tus", _("resumable, through the service")
        PUT = "put", _("one PUT into the bucket")
        MULTIPART = "multipart", _("in parts into the bucket")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The persona's user; a trigger takes the row along with the persona.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    persona = models.ForeignKey(Persona, models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    filename = models.CharField(max_length=255)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    # What a tus client said of it, as it said it: to be said to it again.
    tus_metadata = models.TextField(blank=True, default="", db_default="")
    way = models.CharField(max_length=16, choices=Way.choices)
    # The storage's own name for an upload in parts.
    multipart_id = models.CharField(max_length=1024, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    # The media file that came of it: a number and no key, for the file may go without asking.
    file_id = models.BigIntegerField(null=True)

    objects = DirectUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("direct upload")
        verbose_name_plural = _("direct uploads")
        indexes = [
            models.Index(fields=["user"], condition=Q(completed_at=None), name="media_uploads_open_uploads"),
            models.Index(fields=["expires_at"], name="media_uploads_upload_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.filename} ({self.id})"

    @property
    def is_open(self) -> bool:
        """Whether bytes may still arrive, or be completed."""
        return self.completed_at is None and self.expires_at > timezone.now()


class Usage(models.Model):
    """How much of their quota a user has used: the originals of images and media files, not derivatives.

    Triggers on both tables keep it, in the transaction that adds or removes a row (see migration 0002); its
    lock lets the uploads of one user pass the quota one by one.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="media_usage"
    )
    files = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("storage")

    def __str__(self) -> str:
        return f"{self.files} files, {self.bytes} bytes"
