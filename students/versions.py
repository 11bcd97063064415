"""One version of a student's photo: its tagged bytes, what is known of it, and what is published with it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from photostore import keys, tags
from photostore.audit import Actor
from photostore.errors import FileMissing, FileTooLarge, FileUnreadable, InvalidFile
from photostore.intake import FORMATS, CleanImage, ImageLimits, Rendition, size_of, sniff, take_in_image
from photostore.owners import Owner
from photostore.register import FileSet, NewFile
from photostore.scanner import scan_bytes
from photostore.storage import storage_for
from photostore.uploads.handler import MEGABYTE
from students import identity
from students.identity import Identity
from students.models import OWNER_LABEL, Student, StudentPhoto
from students.slots import PROFILE, moment_in

MAX_FILE_BYTES = 20 * MEGABYTE
# Read back whole: at 1920 pixels a side even an incompressible PNG stays below 16 MB.
MAX_STORED_BYTES = 64 * MEGABYTE
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


@dataclass(frozen=True, slots=True)
class IncomingPhoto:
    """A picture that was taken in, and what was said about it."""

    clean: CleanImage
    filename: str
    origin: str
    taken_on: date | None = None
    credit: str = ""
    # Whom the bytes named inside when they were handed in.
    named: Identity | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A photo's row (perhaps not saved yet) and the files that go with it."""

    photo: StudentPhoto
    file_set: FileSet


def photo_limits() -> ImageLimits:
    """What a student's photo may be; transparency is kept as PNG, where an identity can be spliced in."""
    return ImageLimits(
        formats=frozenset({"jpeg", "png", "gif", "webp", "heic", "avif"}),
        max_bytes=MAX_FILE_BYTES,
        max_side=settings.PHOTO_MAX_SIDE,
    )


def import_limits() -> ImageLimits:
    """What an import takes besides: labs deliver TIFF."""
    limits = photo_limits()
    return replace(limits, formats=limits.formats | {"tiff"})


def take_in(data: bytes, *, filename: str, origin: str, limits: ImageLimits | None = None) -> IncomingPhoto:
    """The picture in `data`, ready to become a version.

    Raises `InvalidFile`, `FileTooLarge`, and `StorageUnavailable` where the virus scanner does not answer.
    """
    scan_bytes(data)
    clean = take_in_image(data, filename=filename, limits=limits or photo_limits())
    return IncomingPhoto(clean, filename, origin, named=_identity_in(data))


def _identity_in(data: bytes) -> Identity | None:
    try:
        return identity.read(data)
    except InvalidFile:
        return None  # neither JPEG nor PNG: a foreign file


def incoming_from_storage(data: bytes, key: str, origin: str) -> IncomingPhoto:
    """The bytes of a file that lies in storage, ready to become a version.

    A photo of ours keeps its encoded picture and only gets another identity; a foreign file is taken in
    like an upload, except that its name need not agree with its bytes. Raises `InvalidFile`, `FileTooLarge`.
    """
    known, filename = sniff(data), PurePosixPath(key).name
    extension = FORMATS[known].extensions[0] if known else "jpg"
    named = _identity_in(data)
    if named is not None:
        return IncomingPhoto(_as_stored(data, extension, named), filename, origin, named=named)
    scan_bytes(data)
    clean = take_in_image(data, filename=f"unowned.{extension}", limits=photo_limits())
    return IncomingPhoto(clean, filename, origin)


def _as_stored(data: bytes, extension: str, named: Identity) -> CleanImage:
    """Of what we encoded ourselves, as the signature says: it is not encoded again.

    Nor decoded, where the thumbnails are there that were made with it; its pixels are then told apart
    later (`students.fingerprints`).
    """
    sha256 = hashlib.sha256(data).hexdigest()
    thumbnails = _kept_thumbnails(named.student_id, sha256)
    if thumbnails is None:
        limits = replace(photo_limits(), max_side=None)
        clean = take_in_image(data, filename=f"stored.{extension}", limits=limits)
        width, height = clean.picture.width, clean.picture.height
    else:
        width, height = size_of(data)
        clean = CleanImage(
            picture=Rendition(data, "", extension, width, height),
            thumbnails=thumbnails,
            source_sha256=sha256,
            pixel_sha256="",
            dhash=0,
            taken_on=None,
            source_format=extension,
        )
    content_type = "image/png" if extension == "png" else "image/jpeg"
    return replace(clean, picture=Rendition(tags.strip(data), content_type, extension, width, height))


def _kept_thumbnails(student_id: UUID, sha256: str) -> dict[str, Rendition] | None:
    """Those of a version, where all of them lie under its name."""
    found = {}
    for size in keys.THUMBNAIL_SIZES:
        try:
            data = storage_for().read(keys.student_thumbnail(student_id, sha256, size), max_bytes=MEGABYTE)
            found[size] = Rendition(data, "image/webp", "webp", *size_of(data))
        except (FileMissing, FileTooLarge, FileUnreadable, InvalidFile):
            return None
    return found


def owner_of(student: Student) -> Owner:
    """The student, as the register knows them."""
    return Owner(OWNER_LABEL, str(student.pk))


def new_version(student: Student, incoming: IncomingPhoto, actor: Actor, *, slot: str = PROFILE) -> Version:
    """What `incoming` becomes on this student."""
    clean = incoming.clean
    photo = StudentPhoto(
        student=student,
        slot=slot,
        untagged_sha256=clean.picture.sha256,
        source_sha256=clean.source_sha256,
        pixel_sha256=clean.pixel_sha256,
        dhash=clean.dhash,
        taken_on=incoming.taken_on or clean.taken_on,
        origin=incoming.origin,
        original_filename=incoming.filename[:255],
        credit=incoming.credit,
        uploaded_by_id=actor.id,
        uploaded_by=actor.name,
        uploaded_at=timezone.now(),
    )
    return _with_files(student, photo, clean.picture, clean)


def retagged_version(student: Student, photo: StudentPhoto, actor: Actor) -> Version:
    """The same picture with the student's present identity inside.

    It is `photo` itself where the identity has not changed. Raises `FileMissing` when the stored bytes
    are gone or are not what the row states.
    """
    stored = version_as_stored(student, photo)
    if names_present_number(student, stored):
        return stored
    data = stored.file_set.original.data
    bare = _bare(photo, data)
    # From the stored picture, so what is kept of it is thumbnails only: the picture is not encoded again.
    again = take_in_image(data, filename=f"stored.{bare.extension}", limits=photo_limits())
    copy = StudentPhoto.objects.get(pk=photo.pk)
    copy.pk, copy._state.adding = None, True
    copy.student, copy.replaced_at = student, None
    copy.uploaded_by_id, copy.uploaded_by, copy.uploaded_at = actor.id, actor.name, timezone.now()
    return _with_files(student, copy, bare, again)


def version_as_stored(student: Student, photo: StudentPhoto) -> Version:
    """The version as it is. Raises `FileMissing` when the stored bytes are gone or are not the row's."""
    data = stored_bytes(photo)
    return Version(photo, file_set_of(student, photo.slot, _bare(photo, data), data))


def names_present_number(student: Student, version: Version) -> bool:
    """Whether the identity inside is the student's present one."""
    data = version.file_set.original.data
    return _tagged(student, _bare(version.photo, data), version.photo.slot) == data


def _bare(photo: StudentPhoto, data: bytes) -> Rendition:
    return Rendition(
        tags.strip(data), photo.content_type, EXTENSIONS[photo.content_type], photo.width, photo.height
    )


def stored_bytes(photo: StudentPhoto) -> bytes:
    """A version's bytes, compared with its sha256. Raises `FileMissing` for none or others."""
    data = storage_for().read(str(photo.file.name), max_bytes=MAX_STORED_BYTES)
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        raise FileMissing
    return data


def _with_files(student: Student, photo: StudentPhoto, picture: Rendition, thumbnails: CleanImage) -> Version:
    data = _tagged(student, picture, photo.slot)
    file_set = file_set_of(student, photo.slot, picture, data, thumbnails=thumbnails)
    photo.file, photo.sha256 = file_set.original.key, file_set.original.sha256
    photo.width, photo.height, photo.content_type = picture.width, picture.height, picture.content_type
    return Version(photo, file_set)


def _tagged(student: Student, picture: Rendition, slot: str) -> bytes:
    """The tag names the half-day, so that these bytes are never those of another photo of the student."""
    return identity.tag(
        picture.data,
        student_id=student.student_id,
        student_number=student.student_number,
        attendance=moment_in(slot),
    )


def exports_of(student: Student, slot: str, extension: str) -> list[tuple[str, str]]:
    """Storage alias and key of the documented names that repeat the current version of a slot."""
    if slot != PROFILE:
        return [("default", keys.student_attendance(student.student_id, slot))]
    return [
        ("default", keys.student_documented(student.pk, extension)),
        ("safe", keys.student_safe(student.student_id)),
    ]


def file_set_of(
    student: Student,
    slot: str,
    picture: Rendition,
    data: bytes,
    *,
    thumbnails: CleanImage | None = None,
) -> FileSet:
    """The files of a photo whose tagged bytes are `data`: a version in the history, and its exports."""
    sha256 = hashlib.sha256(data).hexdigest()
    return FileSet(
        original=NewFile(
            key=keys.student_version(student.student_id, sha256, picture.extension),
            data=data,
            content_type=picture.content_type,
            width=picture.width,
            height=picture.height,
        ),
        derivatives=[
            NewFile.of(keys.student_thumbnail(student.student_id, sha256, size), thumbnail)
            for size, thumbnail in (thumbnails.thumbnails.items() if thumbnails else ())
        ],
        exports=exports_of(student, slot, picture.extension),
        keep_aside=True,
    )


def save_versions(photos: Sequence[StudentPhoto]) -> None:
    """Insert them, or bring back the rows that have the same bytes; in the caller's transaction."""
    new = [photo for photo in photos if photo._state.adding]
    same = StudentPhoto.objects.filter(
        student__in={photo.student_id for photo in new}, sha256__in={photo.sha256 for photo in new}
    )
    rows = same.values_list("student_id", "slot", "sha256", "pk") if new else []
    known = {(student, slot, sha256): pk for student, slot, sha256, pk in rows}
    for photo in new:
        photo.pk = known.get((photo.student_id, photo.slot, photo.sha256))
        photo._state.adding = photo.pk is None
    here = [photo for photo in photos if not photo._state.adding]
    StudentPhoto.objects.bulk_create([photo for photo in photos if photo._state.adding])
    for photo in here:
        photo.save()
