"""User images, and the media files of people's personas."""

from django.apps import AppConfig


class MediaUploadsConfig(AppConfig):
    """Holds `media_files`."""

    name = "media_uploads"
    verbose_name = "User images and media"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the inventory which files without a row are still on their way in."""
        from media_uploads.direct.ending import awaited_keys
        from photostore.inventory import claim_keys_with

        claim_keys_with(awaited_keys)
