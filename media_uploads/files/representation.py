"""Personas and media files as JSON: plain dictionaries from plain columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from media_uploads.models import MediaFile, Persona
from photostore import keys
from photostore.delivery.links import LinkMaker
from photostore.web.answers import moment

COLUMNS = (
    *("id", "file", "sha256", "original_filename", "file_size", "mime_type", "media_type", "persona_id"),
    *("user_id", "description", "created_at", "updated_at", "width", "height", "duration"),
)


def represent_persona(persona: Persona) -> dict[str, Any]:
    return {"id": persona.pk, "name": persona.name, "created_at": moment(persona.created_at)}


def represent_file(file: MediaFile, links: LinkMaker) -> dict[str, Any]:
    """One media file, for its user; the links work for everybody until they expire."""
    return represent({column: getattr(file, column) for column in COLUMNS} | {"file": file.key}, links)


def represent(row: Mapping[str, Any], links: LinkMaker) -> dict[str, Any]:
    """The same for a row of `COLUMNS`: pages of a hundred are made of plain values."""
    key, sha256 = row["file"], row["sha256"]
    filename = key.rpartition("/")[2]
    thumbnail = partial(keys.persona_media_thumbnail, filename.partition(".")[0])
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
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["updated_at"]),
        "url": links.live(key, sha256=sha256, version_key=key),
        "thumbnails": links.thumbnails(thumbnail, sha256=sha256),
        "width": row["width"],
        "height": row["height"],
        "duration": row["duration"],
    }
