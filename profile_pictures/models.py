"""People who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from photostore.models import KEY_LENGTH


class User(AbstractUser):
    """Somebody who signs in. Other apps refer to it by `settings.AUTH_USER_MODEL` only."""

    # The storage key of the confirmed picture; empty without one.
    profile_picture = models.FileField(max_length=KEY_LENGTH, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        db_table = "users_user"
