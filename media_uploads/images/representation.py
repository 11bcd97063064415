"""A user's image as JSON: plain dictionaries from plain columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from media_uploads.models import UserImage
from photostore import keys
from photostore.delivery.links import LinkMaker
from photostore.web.answers import moment

COLUMNS = (
    *("id", "image", "storage_alias", "sha256", "image_type", "is_primary", "caption", "uploaded_at"),
    *("width", "height", "file_size", "mime_type"),
)


def represent(row: Mapping[str, Any], links: LinkMaker) -> dict[str, Any]:
    """The contract's object for a row of `COLUMNS`."""
    image_id, sha256, alias = row["id"], row["sha256"], row["storage_alias"]
    return {
        "id": str(image_id),
        "url": links.live(row["image"], sha256=sha256, version_key=row["image"], storage_alias=alias),
        "image_type": row["image_type"],
        "is_primary": row["is_primary"],
        "caption": row["caption"],
        "uploaded_at": moment(row["uploaded_at"]),
        "width": row["width"],
        "height": row["height"],
        "size_bytes": row["file_size"],
        "mime_type": row["mime_type"],
        "thumbnails": links.thumbnails(
            partial(keys.user_image_thumbnail, image_id), sha256=sha256, storage_alias=alias
        ),
    }


def represent_image(image: UserImage, links: LinkMaker) -> dict[str, Any]:
    row = {column: getattr(image, column) for column in COLUMNS}
    return represent(row | {"image": image.key}, links)
