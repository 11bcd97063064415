"""Use cases: images of a user are added and deleted, and one of them is the primary one.

The primary one changes under a lock on the user's row: callers who come at once follow each other, and none
is refused. The partial unique index holds the truth, whatever writes.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import transaction

from media_uploads.files.use_cases import plain_name
from media_uploads.images.intake import files_of, new_key, owner_of, take_in
from media_uploads.images.refusals import ImageNotFound
from media_uploads.models import UserImage
from media_uploads.quota import check_room, claim_room
from photostore import keys, scanner
from photostore.audit import Actor, failures_recorded, record, subject_of_user
from photostore.errors import NotFound
from photostore.register import FileSet, publish
from photostore.register.after_commit import drain_leftovers
from photostore.register.outbox import drain
from photostore.register.persistence import stored


def upload_image(
    *,
    user: Any,
    data: bytes,
    filename: str,
    actor: Actor,
    image_type: str = UserImage.Type.GALLERY,
    is_primary: bool = False,
    caption: str = "",
) -> UserImage:
    """Take the picture in and keep it, as the user's primary one where that is asked for.

    Raises `WrongType`, `InvalidFile`, `QuotaExceeded`, `StorageUnavailable`, `NotFound` where the user is
    gone by now, and whatever `photostore.scanner` raises.
    """
    image = UserImage(
        pk=uuid4(),
        user=user,
        image_type=image_type,
        is_primary=is_primary,
        caption=caption,
        original_filename=plain_name(filename),
    )
    check_room(user.pk, 1)
    with failures_recorded(actor, "image.upload", subject_of_user(user.pk)):
        scanner.scan_bytes(data)
        clean = take_in(data, filename=filename)
        check_room(user.pk, len(clean.picture.data))
        folder = keys.user_folder(user.pk, user.get_username())
        key, image.uploaded_at = new_key(folder, image_type, clean.picture.extension)
        _keep(image, files_of(image.pk, key, clean), actor)
    drain_leftovers()
    return image


def _keep(image: UserImage, file_set: FileSet, actor: Actor) -> None:
    _describe(image, file_set)
    owner = owner_of(image.pk)
    with owner.locked(), stored(file_set):
        _lock_user(image.user_id)
        claim_room(image.user_id, image.file_size)
        if image.is_primary:
            _primary_of(image.user_id).update(is_primary=False)
        image.save(force_insert=True)
        publish(owner, file_set)
        record(actor, "image.upload", subject=subject_of_user(image.user_id), new_sha256=image.sha256)


def delete_image(*, image_id: UUID, actor: Actor) -> None:
    """Remove an image for good; a primary one leaves the user without. Raises `ImageNotFound`."""
    owner = owner_of(image_id)
    with owner.locked():
        with transaction.atomic(durable=True):
            image = _locked_after_user(image_id)
            image.delete()
            record(actor, "image.delete", subject=subject_of_user(image.user_id), old_sha256=image.sha256)
        drain(owner)


def set_primary(*, image_id: UUID, actor: Actor) -> None:
    """Make this the user's primary image, in place of whichever it was. Raises `ImageNotFound`."""
    with transaction.atomic():
        image = _locked_after_user(image_id)
        if image.is_primary:
            return
        user_id = image.user_id
        before = _primary_of(user_id).values_list("sha256", flat=True).first() or ""
        _primary_of(user_id).update(is_primary=False)
        image.is_primary = True
        image.save(update_fields=["is_primary"])
        said = {"subject": subject_of_user(user_id), "old_sha256": before, "new_sha256": image.sha256}
        record(actor, "image.set_primary", **said)


def change_caption(*, image_id: UUID, caption: str, actor: Actor) -> None:
    """Say something else below an image. Raises `ImageNotFound`."""
    with transaction.atomic():
        image = _locked_image(image_id)
        if image.caption == caption:
            return
        image.caption = caption
        image.save(update_fields=["caption"])
        record(actor, "image.caption", subject=subject_of_user(image.user_id), new_sha256=image.sha256)


def _primary_of(user_id: int) -> Any:
    return UserImage.objects.filter(user_id=user_id, is_primary=True)


def _locked_after_user(image_id: UUID) -> UserImage:
    """The image, locked after its user, as an upload does: in another order two could block each other."""
    user_id = UserImage.objects.filter(pk=image_id).values_list("user_id", flat=True).first()
    if user_id is None:
        raise ImageNotFound
    _lock_user(user_id)
    return _locked_image(image_id)


def _locked_image(image_id: UUID) -> UserImage:
    image = UserImage.objects.select_for_update().filter(pk=image_id).first()
    if image is None:
        raise ImageNotFound
    return image


def _lock_user(user_id: int) -> None:
    """Let the changes of one user follow each other. Raises `NotFound` where the user is gone by now."""
    # The key stays as it is, so others may go on pointing at this row: signing in need not wait.
    users = get_user_model()._default_manager.select_for_update(no_key=True)
    if users.filter(pk=user_id).first() is None:
        raise NotFound


def _describe(image: UserImage, file_set: FileSet) -> None:
    original = file_set.original
    image.image.name = original.key
    image.storage_alias = file_set.storage_alias
    image.sha256 = original.sha256
    image.file_size = original.byte_size
    image.mime_type = original.content_type
    image.width, image.height = original.width, original.height
