"""Personas and media files as JSON, in fields and in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from rest_framework import serializers

from media_uploads.models import MediaFile, Persona
from photostore import keys
from photostore.delivery.links import LinkMaker

THUMBNAIL_SIZES = ("96", "256", "640")


def represent_persona(persona: Persona) -> dict[str, Any]:
    """One persona, for its user."""
    return {"id": persona.pk, "name": persona.name, "created_at": _moment(persona.created_at)}


def represent_file(file: MediaFile, links: LinkMaker) -> dict[str, Any]:
    """One media file, for its user; whoever holds the links may follow them until they expire."""
    return {
        "id": file.pk,
        "filename": file.filename,
        "original_filename": file.original_filename,
        "file_size": file.file_size,
        "mime_type": file.mime_type,
        "media_type": file.media_type,
        "persona_id": file.persona_id,
        "user_id": file.user_id,
        "description": file.description,
        "created_at": _moment(file.created_at),
        "updated_at": _moment(file.updated_at),
        "url": links.live(file.key, sha256=file.sha256, version_key=file.key),
        "thumbnails": _thumbnail_links(file, links),
        "width": file.width,
        "height": file.height,
        "duration": file.duration,
    }


def _thumbnail_links(file: MediaFile, links: LinkMaker) -> dict[str, str]:
    """Squares of 96 and 256 px, and a fit into 640 px."""
    name = UUID(PurePosixPath(file.key).stem)
    made = {size: keys.persona_media_thumbnail(name, size) for size in THUMBNAIL_SIZES}
    return {size: links.live(key, sha256=file.sha256, version_key=key) for size, key in made.items()}


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class PersonaOutput(serializers.Serializer[None]):
    """A persona."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class MediaThumbnails(serializers.Serializer[None]):
    """Signed links to WebP thumbnails; of a video's first frame."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Two squares and a fit, named by their pixels."""
        return {size: serializers.URLField() for size in THUMBNAIL_SIZES}


class MediaFileOutput(serializers.Serializer[None]):
    """A media file, as its user sees it."""

    id = serializers.IntegerField()
    filename = serializers.CharField(help_text="The name that we gave it.")
    original_filename = serializers.CharField(help_text="The name that it came with.")
    file_size = serializers.IntegerField(help_text="Bytes, as kept.")
    mime_type = serializers.CharField(help_text="By the bytes, not by what the client said.")
    media_type = serializers.ChoiceField(choices=MediaFile.Type.choices)
    persona_id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.URLField(help_text="A signed link; it expires.")
    thumbnails = MediaThumbnails()
    width = serializers.IntegerField(help_text="Pixels, as it is shown.")
    height = serializers.IntegerField(help_text="Pixels, as it is shown.")
    duration = serializers.FloatField(allow_null=True, help_text="Seconds; null for images.")


class StatsOutput(serializers.Serializer[None]):
    """What somebody keeps."""

    total_files = serializers.IntegerField()
    total_images = serializers.IntegerField()
    total_videos = serializers.IntegerField()
    total_size_bytes = serializers.IntegerField()
    total_size_mb = serializers.FloatField()
    files_per_persona = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By the persona's id; those without files are left out.",
    )
