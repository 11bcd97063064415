"""Use cases: a picture becomes a user's profile picture, and an earlier one does so again.

Confirming is one compare-and-swap on the upload's row: pending and in time, or 404. The bytes lie under
their confirmed key before it; the pending ones go after it. Dying in between leaves the old picture.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from photostore.audit import Actor, failures_recorded, record, subject_of_user
from photostore.errors import FileMissing
from photostore.register.outbox import drain
from photostore.register.persistence import stored
from photostore.storage import storage_for
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.pictures import (
    Crop,
    FinalPicture,
    copied,
    cropped,
    owner_of,
    publish_final,
    show_only,
)
from profile_pictures.refusals import NothingToConfirm, UploadNotFound
from profile_pictures.uploads import (
    delete_rows,
    locked_person,
    persons_pictures,
    remove_bytes,
)


def confirm_upload(
    *, user: User, upload_id: int, actor: Actor, crop: Crop | None = None
) -> ProfilePictureUpload:
    """Make the pending picture, or a square of it, the person's profile picture.

    Raises `NothingToConfirm`, `CropOutside` (it stays pending) and `StorageUnavailable` (so it does).
    """
    with persons_pictures(user.pk), failures_recorded(actor, "picture.confirm", subject_of_user(user.pk)):
        upload = ProfilePictureUpload.objects.pending().filter(user=user, pk=upload_id).first()
        if upload is None:
            raise NothingToConfirm
        if crop:
            crop.check_within(upload.width, upload.height)
        owner = owner_of(upload.pk)
        with owner.locked():
            final = _final_picture(upload, crop)
            with stored(final.file_set, copied="" if final.file_set else final.key):
                person = locked_person(user.pk)
                before = _set_aside(person)
                upload = _swap(upload, final)
                publish_final(owner, final)
                _make_current(person, upload, before, actor, "picture.confirm")
                forgotten = _forget_oldest(person, actor)
            drain(owner)
        remove_bytes(forgotten)
    return upload


def revert_to(*, user: User, upload_id: int, actor: Actor) -> ProfilePictureUpload:
    """Make an earlier confirmed picture the profile picture again; today's stays as it is.

    Raises `UploadNotFound`, also where its bytes are gone, and `StorageUnavailable`.
    """
    with persons_pictures(user.pk), failures_recorded(actor, "picture.revert", subject_of_user(user.pk)):
        upload = ProfilePictureUpload.objects.confirmed().filter(user=user, pk=upload_id).first()
        if upload is None or storage_for().stat(upload.key) is None:
            raise UploadNotFound
        if upload.is_current:
            return upload
        with transaction.atomic(durable=True):
            person = locked_person(user.pk)
            before = _set_aside(person)
            # Locked: it may be deleted by other means than ours.
            again = ProfilePictureUpload.objects.select_for_update().filter(pk=upload.pk)
            if not again.update(replaced_at=None):
                raise UploadNotFound
            upload.replaced_at = None
            _make_current(person, upload, before, actor, "picture.revert")
    return upload


def _final_picture(upload: ProfilePictureUpload, crop: Crop | None) -> FinalPicture:
    whole = crop is None or (crop.size == upload.width == upload.height)
    try:
        return copied(upload) if crop is None or whole else cropped(upload, crop)
    except FileMissing as error:
        raise NothingToConfirm from error


def _set_aside(person: User) -> ProfilePictureUpload | None:
    """Let today's picture be an earlier one from now on."""
    today = ProfilePictureUpload.objects.current().filter(user=person)
    before = today.first()
    today.update(replaced_at=timezone.now())
    return before


def _swap(upload: ProfilePictureUpload, final: FinalPicture) -> ProfilePictureUpload:
    """Confirm the row if it still waits, in one statement; else `NothingToConfirm`."""
    now = timezone.now()
    columns: dict[str, Any] = {"is_confirmed": True, "confirmed_at": now, "expires_at": None, **final.columns}
    if not ProfilePictureUpload.objects.pending().filter(pk=upload.pk).update(**columns):
        raise NothingToConfirm
    return ProfilePictureUpload.objects.get(pk=upload.pk)


def _make_current(
    person: User,
    upload: ProfilePictureUpload,
    before: ProfilePictureUpload | None,
    actor: Actor,
    action: str,
) -> None:
    show_only(upload, instead_of=before)
    person.profile_picture = upload.key
    person.save(update_fields=["profile_picture"])
    record(
        actor,
        action,
        subject=subject_of_user(person.pk),
        old_sha256=before.sha256 if before else "",
        new_sha256=upload.sha256,
    )


def _forget_oldest(person: User, actor: Actor) -> list[int]:
    """Delete the earlier pictures beyond `PROFILE_PICTURES_KEPT`, those replaced longest ago; their ids."""
    earlier = ProfilePictureUpload.objects.earlier().filter(user=person)
    kept: int = settings.PROFILE_PICTURES_KEPT
    return delete_rows(earlier.order_by("-replaced_at", "-id")[kept:], actor, "picture.forget")
