"""People who sign in, and the pictures of themselves that they hand in."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Self

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from photostore.models import KEY_LENGTH, SHA256_LENGTH

OWNER_LABEL = "profile_pictures.upload"


class User(AbstractUser):
    """A user account. Other apps refer to it by `settings.AUTH_USER_MODEL` only."""

    # The storage key of the confirmed picture; empty without one.
    profile_picture = models.ImageField(max_length=KEY_LENGTH, blank=True, editable=False)

    # How often the account was switched off: what was signed in before stays out (a trigger counts, and ends
    # the tokens; see migration 0002).
    sign_ins_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # What the save that is under way changes, for the audit (`profile_pictures.traces`).
    changed_fields: list[str] = []

    class Meta(AbstractUser.Meta):
        db_table = "users_user"
        indexes = [
            # The sweep asks of each file that it would take whether a row names it.
            HashIndex(
                fields=["profile_picture"], condition=~Q(profile_picture=""), name="users_by_picture_key"
            ),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Another one once the account was switched off, so that no session outlives that."""
        salt = "profile_pictures.models.User.get_session_auth_hash"
        text = f"{self.password}:{self.sign_ins_ended}"
        return salted_hmac(salt, text, secret=secret, algorithm="sha256").hexdigest()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new password ends every bearer token, of that user."""
        # Django keeps the raw password until it is saved, and only then; a mere re-hash leaves it unset.
        has_new_password = self._password is not None and not self._state.adding  # type: ignore[attr-defined]
        super().save(*args, **kwargs)
        if has_new_password:
            self.auth_token_set.all().delete()  # type: ignore[attr-defined]


class ProfilePictureUploadQuerySet(models.QuerySet["ProfilePictureUpload"]):
    def pending(self) -> Self:
        """Waiting for a yes, and still in time."""
        return self.filter(is_confirmed=False, expires_at__gt=timezone.now())

    def expired(self) -> Self:
        """Waited too long; only the clean-up still sees them."""
        return self.filter(is_confirmed=False, expires_at__lte=timezone.now())

    def confirmed(self) -> Self:
        return self.filter(is_confirmed=True)

    def current(self) -> Self:
        return self.filter(is_confirmed=True, replaced_at=None)

    def earlier(self) -> Self:
        """Confirmed pictures that have been replaced since."""
        return self.filter(is_confirmed=True, replaced_at__isnull=False)

    def history(self) -> Self:
        """What a person sees of their own: everything that has not expired."""
        return self.filter(Q(is_confirmed=True) | Q(expires_at__gt=timezone.now()))


class ProfilePictureUpload(models.Model):
    """A picture that a user uploaded: pending until they confirm it or it expires.

    Today's picture is the confirmed one without `replaced_at`; its `image` is the user's
    `profile_picture`. A trigger empties that column when this row goes, whatever deletes it.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="picture_uploads", db_index=False)
    # The storage key; another one once it is confirmed.
    image = models.ImageField(_("picture"), max_length=KEY_LENGTH)
    sha256 = models.CharField(max_length=SHA256_LENGTH)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    content_type = models.CharField(max_length=64)
    original_filename = models.CharField(_("file name"), max_length=255, blank=True)
    is_confirmed = models.BooleanField(_("confirmed"), default=False)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    replaced_at = models.DateTimeField(_("replaced at"), null=True)

    objects = ProfilePictureUploadQuerySet.as_manager()

    class Meta:
        db_table = "users_profilepictureupload"
        verbose_name = _("profile picture")
        verbose_name_plural = _("profile pictures")
        ordering = ["-id"]
        constraints = [
            # A confirmed picture never expires, a pending one always does: one more than this would be
            # neither cleaned up nor shown.
            models.CheckConstraint(
                condition=Q(is_confirmed=True, confirmed_at__isnull=False, expires_at=None)
                | Q(is_confirmed=False, confirmed_at=None, expires_at__isnull=False, replaced_at=None),
                name="users_picture_is_pending_or_confirmed",
            ),
            # Two pictures of today would make the profile picture a matter of luck.
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(is_confirmed=True, replaced_at=None),
                name="users_one_picture_today",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="users_pictures_of_user"),
            HashIndex(fields=["image"], name="users_by_upload_key"),
            models.Index(
                fields=["expires_at"], condition=Q(is_confirmed=False), name="users_pictures_expiring"
            ),
        ]

    def __str__(self) -> str:
        return self.original_filename or str(self.pk)

    @property
    def key(self) -> str:
        return str(self.image.name)

    @property
    def name(self) -> str:
        """The UUID in the key, by which the thumbnails are named too."""
        return PurePosixPath(self.key).stem

    @property
    def is_current(self) -> bool:
        """Whether it is the user's picture today."""
        return self.is_confirmed and self.replaced_at is None

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
