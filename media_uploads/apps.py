"""User images, and the media files of people's personas."""

from django.apps import AppConfig


class MediaUploadsConfig(AppConfig):
    """Holds `media_files`."""

    name = "media_uploads"
    verbose_name = "User images and media"
    default_auto_field = "django.db.models.BigAutoField"
