"""What the answers of all apps have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any, overload

from rest_framework import serializers

from photostore.keys import THUMBNAIL_SIZES


class ThumbnailLinks(serializers.Serializer[None]):
    """Links to WebP thumbnails: two squares, and a fit into 640 px."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {size: serializers.URLField() for size in THUMBNAIL_SIZES}


@overload
def moment(at: datetime) -> str: ...
@overload
def moment(at: None) -> None: ...
@overload
def moment(at: datetime | None) -> str | None: ...
def moment(at: datetime | None) -> str | None:
    """As ISO 8601 with a Z."""
    return at.isoformat().replace("+00:00", "Z") if at else None
