"""How much one person may keep. Triggers count (see `Usage`); here the count is held and compared."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from media_uploads.models import DirectUpload, Usage
from photostore.errors import FileTooLarge


class QuotaExceeded(FileTooLarge):
    """No room left for this person. The sentence says which limit it is."""

    code = "quota_exceeded"


def check_room(user_id: int, byte_count: int) -> None:
    """Refuse early, before bytes are worked on; only `claim_room` is certain. Raises `QuotaExceeded`."""
    _compare(Usage.objects.filter(user_id=user_id).first() or Usage(user_id=user_id), byte_count)


def claim_room(user_id: int, byte_count: int) -> int:
    """Hold the person's usage until the end of the caller's transaction, which adds a file of this size.

    What their open uploads have announced counts as kept already: that room is promised. Twenty uploads that
    race for the last place pass one by one. Gives how many uploads are open. Raises `QuotaExceeded`.
    """
    Usage.objects.bulk_create([Usage(user_id=user_id)], ignore_conflicts=True)
    usage = Usage.objects.select_for_update().get(user_id=user_id)
    announced = (
        DirectUpload.objects.open().filter(user_id=user_id).aggregate(n=Count("pk"), bytes=Sum("size"))
    )
    usage.files += announced["n"]
    usage.bytes += announced["bytes"] or 0
    _compare(usage, byte_count)
    return int(announced["n"])


def _compare(usage: Usage, byte_count: int) -> None:
    if usage.files >= settings.USER_QUOTA_FILES:
        raise QuotaExceeded(
            ngettext(
                "You may keep %(limit)d file, and you have reached this limit.",
                "You may keep %(limit)d files, and you have reached this limit.",
                settings.USER_QUOTA_FILES,
            )
            % {"limit": settings.USER_QUOTA_FILES}
        )
    if usage.bytes + byte_count > settings.USER_QUOTA_BYTES:
        left = max(0, settings.USER_QUOTA_BYTES - usage.bytes) / 1_048_576
        raise QuotaExceeded(
            _("You may keep %(limit)d MB. %(left).1f MB are left, which is too little for this file.")
            % {"limit": settings.USER_QUOTA_BYTES // 1_048_576, "left": left}
        )
