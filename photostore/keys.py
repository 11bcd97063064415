"""Every storage key that the service ever writes is built here, the same on disk and in a bucket."""

from __future__ import annotations

import re
from uuid import UUID

# Letters, digits, `.`, `_`, `-`, in ASCII: the same folder on every file system and in every bucket.
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
# The thumbnails of every picture, by their pixels: two squares and a fit.
THUMBNAIL_SIZES = ("96", "256", "640")
# What the others get; a user who bears such a name gets one as well, or they would share a folder.
_BY_NUMBER = re.compile(r"user-\d+", re.IGNORECASE)


def student_version(student_id: UUID, sha256: str, extension: str) -> str:
    """One version of a student's photo: written once, never changed."""
    return f"photos/students/{student_id}/history/{sha256}.{extension}"


def student_documented(pk: int, extension: str) -> str:
    """A student's photo under its documented name: a copy of today's version."""
    return f"student_photos/student_{pk}_profile.{extension}"


def student_safe(student_id: UUID) -> str:
    """The safe copy of today's version; always `.jpg`, whatever is inside (the type comes from the row)."""
    return f"photos/students/{student_id}/profile.jpg"


def student_attendance(student_id: UUID, half_day: str) -> str:
    """An attendance photo of a half-day such as `2026-11-21_AM`, under its documented name."""
    return f"photos/students/{student_id}/attendance/{half_day}.jpg"


def student_thumbnail(student_id: UUID, sha256: str, size: str) -> str:
    """A thumbnail of one version; can be rebuilt, never backed up."""
    return f"derived/students/{student_id}/{sha256}_{size}.webp"


def profile_picture_pending(user_id: int, name: str, extension: str) -> str:
    """A profile picture that waits for its owner's yes; `name` is a UUID of its own."""
    return f"profile_pictures/pending/{user_id}/{name}.{extension}"


def profile_picture(user_id: int, name: str, extension: str) -> str:
    """A confirmed profile picture; never used for another one."""
    return f"profile_pictures/{user_id}/{name}.{extension}"


def profile_picture_thumbnail(user_id: int, name: str, size: str) -> str:
    """A thumbnail of the profile picture called `name`, pending or confirmed."""
    return f"derived/profile_pictures/{user_id}/{name}_{size}.webp"


def user_folder(user_id: int, username: str) -> str:
    """A user's part of a key: the name where it is plain, else `user-{id}`."""
    plain = _PLAIN.fullmatch(username) and username not in {".", ".."} and not _BY_NUMBER.fullmatch(username)
    return username if plain else f"user-{user_id}"


def user_image(folder: str, image_type: str, microseconds: int, extension: str) -> str:
    """An image of the user whose `user_folder` this is; never used a second time."""
    return f"users/{folder}/images/{image_type}_{microseconds}.{extension}"


def user_image_thumbnail(image_id: UUID, size: str) -> str:
    return f"derived/users/{image_id}_{size}.webp"


def persona_media(kind: str, persona_id: int, user_id: int, name: UUID, extension: str) -> str:
    """A media file of a persona; `kind` is `images` or `videos`, `name` a UUID of its own."""
    return f"uploads/{kind}/{persona_id}/{user_id}/{name}.{extension}"


def persona_media_thumbnail(name: UUID | str, size: str) -> str:
    """A thumbnail of the media file called `name`: of the picture, or of a video's poster frame."""
    return f"derived/media/{name}_{size}.webp"


# What is on its way in and belongs to no row of the register: never served, never a photo yet.
INCOMING = "incoming/"


def incoming(user_id: int, upload_id: UUID) -> str:
    """Where the bytes of an upload gather until they are checked."""
    return f"{INCOMING}{user_id}/{upload_id}"


# Photos that were handed in by the hundred and await confirmation: never served by a link, never
# backed up, gone with their import.
IMPORTS = "imports/"


def import_photo(import_id: UUID, n: int, extension: str) -> str:
    """The picture of row `n` of an import, cleaned and without an identity."""
    return f"{IMPORTS}{import_id}/{n}.{extension}"


def import_thumbnail(import_id: UUID, n: int, size: str) -> str:
    return f"{IMPORTS}{import_id}/{n}_{size}.webp"


def import_source(import_id: UUID, place: int) -> str:
    """A zip as it was handed in, until it is read."""
    return f"{IMPORTS}{import_id}/source-{place}.zip"


def storage_check(name: UUID) -> str:
    """A few bytes that are written, read and removed again to see whether a storage works."""
    return f"derived/trials/{name}.txt"


def quarantined(operation: UUID | str, key: str) -> str:
    """Where a clean-up or a deletion sets the file at `key` aside."""
    return f"quarantine/{operation}/{key}"
