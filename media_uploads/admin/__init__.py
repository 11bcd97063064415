"""This app on the desk."""

from media_uploads.admin.images import UserImageAdmin
from media_uploads.admin.storage import UsageAdmin

__all__ = ["UsageAdmin", "UserImageAdmin"]
