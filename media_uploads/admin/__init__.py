from media_uploads.admin.files import MediaFileAdmin
from media_uploads.admin.images import UserImageAdmin
from media_uploads.admin.personas import PersonaAdmin
from media_uploads.admin.storage import UsageAdmin

__all__ = ["MediaFileAdmin", "PersonaAdmin", "UsageAdmin", "UserImageAdmin"]
