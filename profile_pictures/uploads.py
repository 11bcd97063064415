"""Use cases: a picture is handed in and waits, is dropped, or expires.

Everything that changes a user's pictures happens under a lock of that person, so the use cases of one
person follow each other; within it, under the lock of the upload whose files change, as
`photostore.register` wants it. No transaction is open while bytes travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from photostore.audit import Actor, failures_recorded, record, subject_of_user
from photostore.errors import NotFound
from photostore.locks import advisory_lock
from photostore.operations.tally import count_done
from photostore.register import FileSet, publish
from photostore.register.after_commit import drain_leftovers
from photostore.register.outbox import drain
from photostore.register.persistence import next_id, stored
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.pictures import owner_of, pending_files, take_in
from profile_pictures.refusals import AlreadyConfirmed, TooManyPending, UploadNotFound

PENDING_LIFE = timedelta(hours=24)
# Each may be 20 MB; whoever wants a sixth has five to decide on first.
MAX_PENDING = 5


def upload_picture(*, user: User, data: bytes, filename: str, actor: Actor) -> ProfilePictureUpload:
    """Take the picture in and keep it for 24 hours, until its owner says yes.

    Raises `TooManyPending`, `InvalidFile`, `FileTooLarge`, `StorageUnavailable`.
    """
    _refuse_too_many(user)
    with failures_recorded(actor, "picture.upload", subject_of_user(user.pk)):
        clean = take_in(data, filename=filename)
        with persons_pictures(user.pk):
            _refuse_too_many(user)
            file_set = pending_files(user.pk, clean)
            upload = _row(user, file_set, filename)
            _keep(upload, file_set, actor)
    drain_leftovers()
    return upload


def _keep(upload: ProfilePictureUpload, file_set: FileSet, actor: Actor) -> None:
    owner, subject = owner_of(upload.pk), subject_of_user(upload.user_id)
    with owner.locked(), stored(file_set):
        locked_person(upload.user_id)
        upload.save(force_insert=True)
        publish(owner, file_set)
        record(actor, "picture.upload", subject=subject, new_sha256=upload.sha256)


def drop_upload(*, user: User, upload_id: int, actor: Actor) -> None:
    """Forget a pending picture. Raises `UploadNotFound` and `AlreadyConfirmed`."""
    with persons_pictures(user.pk):
        upload = ProfilePictureUpload.objects.history().filter(user=user, pk=upload_id).first()
        if upload is None:
            raise UploadNotFound
        if upload.is_confirmed:
            raise AlreadyConfirmed
        remove_uploads([upload], actor, "picture.drop")


def delete_upload(*, upload: ProfilePictureUpload, actor: Actor) -> None:
    """Remove a picture, pending or confirmed, for good; where it was today's, the person has none then."""
    with persons_pictures(upload.user_id):
        still = ProfilePictureUpload.objects.select_for_update().filter(pk=upload.pk)
        remove_uploads(still, actor, "picture.delete")


def remove_pending(uploads: Iterable[ProfilePictureUpload], actor: Actor) -> Iterator[bool]:
    """Remove these unless they were confirmed or dropped by now; for each, whether it went."""
    for upload in uploads:
        with persons_pictures(upload.user_id):
            still = ProfilePictureUpload.objects.select_for_update().filter(pk=upload.pk, is_confirmed=False)
            gone = remove_uploads(still, actor, "picture.expire")
        if gone:
            count_done("cleanup_pending_uploads")
        yield bool(gone)


def removable(older_than: timedelta | None = None) -> QuerySet[ProfilePictureUpload]:
    """Pending uploads that have expired; with `older_than` those that were handed in longer ago than that."""
    if older_than is None:
        return ProfilePictureUpload.objects.expired().order_by("pk")
    handed_in_before = timezone.now() - older_than
    pending = ProfilePictureUpload.objects.filter(is_confirmed=False)
    return pending.filter(uploaded_at__lt=handed_in_before).order_by("pk")


def remove_uploads(uploads: Iterable[ProfilePictureUpload], actor: Actor, action: str) -> int:
    """Remove rows and, after the commit, bytes; for callers under the person's lock. The number removed."""
    with transaction.atomic(durable=True):
        gone = delete_rows(uploads, actor, action)
    remove_bytes(gone)
    return len(gone)


def delete_rows(uploads: Iterable[ProfilePictureUpload], actor: Actor, action: str) -> list[int]:
    """Delete the rows, each with its audit row, in the caller's transaction; their ids.

    The database's triggers see to the register, and to the person's picture where it was that.
    """
    gone = [(upload.pk, upload.user_id, upload.sha256) for upload in uploads]
    ProfilePictureUpload.objects.filter(pk__in=[pk for pk, *_ in gone]).delete()
    for _pk, user_id, sha256 in gone:
        record(actor, action, subject=subject_of_user(user_id), old_sha256=sha256)
    return [pk for pk, *_ in gone]


def remove_bytes(upload_ids: Iterable[int]) -> None:
    """After the commit: remove the files of uploads that are gone. What fails waits in the outbox."""
    for upload_id in upload_ids:
        owner = owner_of(upload_id)
        with owner.locked():
            drain(owner)


@contextmanager
def persons_pictures(user_id: int) -> Iterator[None]:
    """Hold off everybody else who would change this person's pictures. Raises `Conflict` after 30 s."""
    with advisory_lock(f"profile_pictures.user:{user_id}"):
        yield


def locked_person(user_id: int) -> User:
    """The person's row, locked for this transaction. Raises `NotFound` where it is gone by now."""
    # The key stays as it is, so others may go on pointing at this row: signing in need not wait.
    found = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if found is None:
        raise NotFound
    return found


def _refuse_too_many(user: User) -> None:
    pending = ProfilePictureUpload.objects.pending().filter(user=user)
    waiting = pending.count()
    if waiting >= MAX_PENDING:
        first: datetime | None = pending.aggregate(first=Min("expires_at"))["first"]
        seconds = int((first - timezone.now()).total_seconds()) + 1 if first else 1
        raise TooManyPending(waiting=waiting, retry_after_seconds=max(1, seconds))


def _row(user: User, file_set: FileSet, filename: str) -> ProfilePictureUpload:
    now = timezone.now()
    original = file_set.original
    return ProfilePictureUpload(
        # The files are registered under this number, so it is there before the row.
        pk=next_id(ProfilePictureUpload),
        user=user,
        image=original.key,
        sha256=original.sha256,
        width=original.width,
        height=original.height,
        content_type=original.content_type,
        original_filename=filename[:255],
        uploaded_at=now,
        expires_at=now + PENDING_LIFE,
    )
