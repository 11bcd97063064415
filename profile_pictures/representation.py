from __future__ import annotations

from functools import partial
from typing import Any

from photostore import keys
from photostore.delivery.links import LinkMaker
from photostore.web.answers import moment
from profile_pictures.models import ProfilePictureUpload, User


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
        "uploaded_at": moment(upload.uploaded_at),
        "confirmed_at": moment(upload.confirmed_at),
        "expires_at": moment(upload.expires_at),
    }


def represent_picture(user: User, upload: ProfilePictureUpload | None, links: LinkMaker) -> dict[str, Any]:
    """A user's current picture, for every signed-in user; `upload` is None without one."""
    return {
        "username": user.get_username(),
        "profile_picture": upload.key if upload else None,
        "profile_picture_url": live_link(upload, links) if upload else None,
    }


def live_link(upload: ProfilePictureUpload, links: LinkMaker) -> str:
    """A link that ends when the picture is replaced."""
    return links.live(upload.key, sha256=upload.sha256, version_key=upload.key)


def thumbnail_links(upload: ProfilePictureUpload, links: LinkMaker) -> dict[str, str]:
    """Links that also work while it waits."""
    key_of = partial(keys.profile_picture_thumbnail, upload.user_id, upload.name)
    return links.thumbnails(key_of, sha256=upload.sha256, purpose="history")
