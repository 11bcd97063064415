"""User images and persona media: an empty room until their issue."""

from django.apps import AppConfig


class MediaUploadsConfig(AppConfig):
    """No models yet."""

    name = "media_uploads"
    verbose_name = "User images and media"
    default_auto_field = "django.db.models.BigAutoField"
