"""The admin for people and for their pictures."""

from profile_pictures.admin.people import GroupAdmin, UserAdmin
from profile_pictures.admin.pictures import PictureAdmin

__all__ = ["GroupAdmin", "PictureAdmin", "UserAdmin"]
