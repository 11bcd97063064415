from __future__ import annotations

from typing import Any

from django.conf import settings

from photostore.commands import DONE, PhotoCommand
from photostore.errors import CommandRefused
from photostore.secrets import kept_secret
from students.identity import key_file


class Command(PhotoCommand):
    """Makes a new key where the old one is lost for good."""

    help = (
        "Makes a new identity.key in PHOTO_BACKUP_DIR, for a school whose key is lost for good. Photos that "
        "were signed with the lost key stay where they are and are served as before, but no longer name "
        "their students by themselves: after a reseed they are left for a person. If the old key is found "
        "later, give both: PHOTO_IDENTITY_KEYS=new,old. It refuses where there is a key."
    )

    def work(self, **_options: Any) -> int:
        if settings.PHOTO_IDENTITY_KEYS:
            raise CommandRefused(
                "PHOTO_IDENTITY_KEYS is set, so no key is kept in a file. Nothing was changed."
            )
        if key_file().exists():
            raise CommandRefused("There is a key already. Nothing was changed.")
        kept_secret.cache_clear()
        kept_secret(key_file())
        self.result["key_file"] = str(key_file())
        self.say(f"A new key is in {key_file()}. Copy it to where the backups are copied to.")
        return DONE
