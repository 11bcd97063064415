"""User images, and the media files of people's personas."""

from django.apps import AppConfig


class MediaUploadsConfig(AppConfig):
    """Holds `media_files`."""

    name = "media_uploads"
    verbose_name = "User images and media"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell which files without a row are still on their way in, and who may see files in operations."""
        from media_uploads.direct.ending import awaited_keys
        from photostore.operations.guards import Guard, guard_with
        from photostore.references import claim_keys_with

        claim_keys_with(awaited_keys)
        for folder, model in (("users", "userimage"), ("uploads", "mediafile")):
            guard_with(
                Guard(
                    folders=frozenset({folder}),
                    view=f"media_uploads.view_{model}",
                    change=f"media_uploads.change_{model}",
                )
            )
