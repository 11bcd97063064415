"""Personas and media files as JSON, in fields and in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from media_uploads.models import MediaFile, Persona
from photostore import keys
from photostore.delivery.links import LinkMaker

THUMBNAIL_SIZES = ("96", "256", "640")
COLUMNS = (
    *("id", "file", "sha256", "original_filename", "file_size", "mime_type", "media_type", "persona_id"),
    *("user_id", "description", "created_at", "updated_at", "width", "height", "duration"),
)


def represent_persona(persona: Persona) -> dict[str, Any]:
    """One persona, for its user."""
    return {"id": persona.pk, "name": persona.name, "created_at": _moment(persona.created_at)}


def represent_file(file: MediaFile, links: LinkMaker) -> dict[str, Any]:
    """One media file, for its user; whoever holds the links may follow them until they expire."""
    return represent({column: getattr(file, column) for column in COLUMNS} | {"file": file.key}, links)


def represent(row: Mapping[str, Any], links: LinkMaker) -> dict[str, Any]:
    """The same for a row of `COLUMNS`: pages of a hundred are made of plain values."""
    key, sha256 = row["file"], row["sha256"]
    filename = key.rpartition("/")[2]
    return {
        "id": row["id"],
        "filename": filename,
        "original_filename": row["original_filename"],
        "file_size": row["file_size"],
        "mime_type": row["mime_type"],
        "media_type": row["media_type"],
        "persona_id": row["persona_id"],
        "user_id": row["user_id"],
        "description": row["description"],
        "created_at": _moment(row["created_at"]),
        "updated_at": _moment(row["updated_at"]),
        "url": links.live(key, sha256=sha256, version_key=key),
        "thumbnails": _thumbnail_links(filename.partition(".")[0], sha256, links),
        "width": row["width"],
        "height": row["height"],
        "duration": row["duration"],
    }


def _thumbnail_links(name: str, sha256: str, links: LinkMaker) -> dict[str, str]:
    """Squares of 96 and 256 px, and a fit into 640 px."""
    made = {size: keys.persona_media_thumbnail(name, size) for size in THUMBNAIL_SIZES}
    return {size: links.live(key, sha256=sha256, version_key=key) for size, key in made.items()}


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
