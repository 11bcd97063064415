"""Profile pictures as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from photostore import keys
from photostore.delivery.links import LinkMaker
from profile_pictures.models import ProfilePictureUpload, User

THUMBNAIL_SIZES = ("96", "256", "640")


def represent_upload(upload: ProfilePictureUpload, links: LinkMaker) -> dict[str, Any]:
    """One upload, for its owner: links also work while it waits, and after it was replaced."""
    return {
        "id": upload.pk,
        "image": upload.key,
        "preview_url": links.history(upload.key, sha256=upload.sha256),
        "thumbnails": thumbnail_links(upload, links),
        "width": upload.width,
        "height": upload.height,
        "original_filename": upload.original_filename,
        "is_confirmed": upload.is_confirmed,
        "is_current": upload.is_current,
        "uploaded_at": _moment(upload.uploaded_at),
        "confirmed_at": _moment(upload.confirmed_at),
        "expires_at": _moment(upload.expires_at),
    }


def represent_picture(user: User, upload: ProfilePictureUpload | None, links: LinkMaker) -> dict[str, Any]:
    """Somebody's picture of today, for everybody who is signed in; `upload` is None without one."""
    return {
        "username": user.get_username(),
        "profile_picture": upload.key if upload else None,
        "profile_picture_url": live_link(upload, links) if upload else None,
    }


def live_link(upload: ProfilePictureUpload, links: LinkMaker) -> str:
    """A link that ends when the picture is replaced."""
    return links.live(upload.key, sha256=upload.sha256, version_key=upload.key)


def thumbnail_links(upload: ProfilePictureUpload, links: LinkMaker) -> dict[str, str]:
    """Squares of 96 and 256 px, and a fit into 640 px."""
    made = {}
    for size in THUMBNAIL_SIZES:
        key = keys.profile_picture_thumbnail(upload.user_id, upload.name, size)
        made[size] = links.history(key, sha256=upload.sha256)
    return made


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
