"""The bytes of a profile picture: taken in, kept while it waits, copied or cropped when it is confirmed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings
from django.utils import timezone
from PIL import Image

from photostore import keys
from photostore.errors import FileMissing
from photostore.intake import CleanImage, ImageLimits, take_in_image
from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.register import FileSet, NewFile, publish
from photostore.scanner import scan_bytes
from photostore.storage import storage_for
from photostore.uploads.handler import MEGABYTE
from profile_pictures.models import OWNER_LABEL, ProfilePictureUpload
from profile_pictures.refusals import CropOutside

MAX_FILE_BYTES = 20 * MEGABYTE
# Read back whole: at 1920 pixels a side even an incompressible PNG stays below 16 MB.
MAX_STORED_BYTES = 64 * MEGABYTE
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class Crop:
    """A square, in pixels of the preview; `x` and `y` are its upper left corner."""

    x: int
    y: int
    size: int

    def check_within(self, width: int, height: int) -> None:
        """Raise `CropOutside` unless the square lies in a picture of this size."""
        inside = self.x >= 0 and self.y >= 0 and self.size >= 1
        if not (inside and self.x + self.size <= width and self.y + self.size <= height):
            raise CropOutside(field="crop")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalPicture:
    """Bytes that lie under a confirmed key, and that no row names yet.

    `file_set` is None where they are the pending ones, copied as they were.
    """

    key: str
    sha256: str
    width: int
    height: int
    content_type: str
    file_set: FileSet | None = None

    @property
    def columns(self) -> dict[str, object]:
        """What the upload's row states of its file."""
        return {
            "image": self.key,
            "sha256": self.sha256,
            "width": self.width,
            "height": self.height,
            "content_type": self.content_type,
        }


def take_in(data: bytes, *, filename: str) -> CleanImage:
    """The picture in `data`, upright and without tags.

    Raises `InvalidFile`, `FileTooLarge`, and `StorageUnavailable` where the virus scanner does not answer.
    """
    scan_bytes(data)
    return take_in_image(data, filename=filename, limits=_limits(MAX_FILE_BYTES))


def _limits(max_bytes: int) -> ImageLimits:
    return ImageLimits(
        formats=frozenset({"jpeg", "png", "gif", "webp", "heic", "avif"}),
        max_bytes=max_bytes,
        max_side=settings.PHOTO_MAX_SIDE,
    )


def owner_of(upload_id: int) -> Owner:
    """An upload, as the register knows it. Each has one original, so a new one never retires another."""
    return Owner(OWNER_LABEL, str(upload_id))


def pending_files(user_id: int, clean: CleanImage) -> FileSet:
    """What is kept of a picture while it waits."""
    name = str(uuid4())
    key = keys.profile_picture_pending(user_id, name, clean.picture.extension)
    return _file_set(user_id, name, key, clean)


def copied(upload: ProfilePictureUpload) -> FinalPicture:
    """The pending bytes under their confirmed key as well, copied by the storage itself.

    Raises `FileMissing` and `StorageUnavailable`.
    """
    extension = EXTENSIONS[upload.content_type]
    key = keys.profile_picture(upload.user_id, upload.name, extension)
    storage_for().copy(upload.key, key, content_type=upload.content_type)
    return FinalPicture(
        key=key,
        sha256=upload.sha256,
        width=upload.width,
        height=upload.height,
        content_type=upload.content_type,
    )


def cropped(upload: ProfilePictureUpload, crop: Crop) -> FinalPicture:
    """The square of the pending picture, to be stored under a confirmed key. Raises as `copied`."""
    clean = _cut(_pending_bytes(upload), crop)
    # A new name: the thumbnails under the old one show the whole picture.
    name = str(uuid4())
    key = keys.profile_picture(upload.user_id, name, clean.picture.extension)
    file_set = _file_set(upload.user_id, name, key, clean)
    return FinalPicture(
        key=key,
        sha256=clean.picture.sha256,
        width=clean.picture.width,
        height=clean.picture.height,
        content_type=clean.picture.content_type,
        file_set=file_set,
    )


def _pending_bytes(upload: ProfilePictureUpload) -> bytes:
    data = storage_for().read(upload.key, max_bytes=MAX_STORED_BYTES)
    if hashlib.sha256(data).hexdigest() != upload.sha256:
        raise FileMissing
    return data


def _cut(data: bytes, crop: Crop) -> CleanImage:
    """Losslessly out of our own file and through the one intake again, so it is encoded only once more."""
    square = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
        part = picture.crop((crop.x, crop.y, crop.x + crop.size, crop.y + crop.size))
        part.save(square, "PNG", compress_level=1)
    return take_in_image(square.getvalue(), filename="crop.png", limits=_limits(MAX_STORED_BYTES))


def _file_set(user_id: int, name: str, key: str, clean: CleanImage) -> FileSet:
    picture = clean.picture
    return FileSet(
        original=NewFile.of(key, picture),
        derivatives=[
            NewFile.of(keys.profile_picture_thumbnail(user_id, name, size), thumbnail)
            for size, thumbnail in clean.thumbnails.items()
        ],
    )


def publish_final(owner: Owner, final: FinalPicture) -> None:
    """Let the register name the confirmed file in place of the pending one, in the caller's transaction.

    The pending one's row goes, so its bytes are removed after the commit. Thumbnails of a picture that
    was only copied stay as they are and follow it.
    """
    pending = StoredFile.objects.get(**owner.files, kind=StoredFile.Kind.ORIGINAL)
    gone = StoredFile.objects.filter(pk=pending.pk)
    if final.file_set:
        gone.delete()
        publish(owner, final.file_set)
        return
    thumbnails = StoredFile.objects.filter(parent_id=pending.pk)
    confirmed = pending
    confirmed.pk, confirmed._state.adding = None, True
    confirmed.key, confirmed.written_at = final.key, timezone.now()
    confirmed.save(force_insert=True)
    thumbnails.update(parent=confirmed)
    gone.delete()


def show_only(upload: ProfilePictureUpload, *, instead_of: ProfilePictureUpload | None) -> None:
    """Let links to the picture of today work, and end those to the one before it."""
    originals = StoredFile.objects.filter(owner_label=OWNER_LABEL, kind=StoredFile.Kind.ORIGINAL)
    if instead_of is not None:
        originals.filter(owner_id=str(instead_of.pk)).update(live=False)
    originals.filter(owner_id=str(upload.pk)).update(live=True)
