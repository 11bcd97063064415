"""User images, and the media files of people's personas."""

from django.apps import AppConfig


class MediaUploadsConfig(AppConfig):
    name = "media_uploads"
    verbose_name = "User images and media"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell which files without a row are still on their way in, and who may see files in operations."""
        from media_uploads.direct.use_cases.ending import awaited_keys
        from photostore.registration import AppRegistration, Guard, register_app

        guards = [
            Guard(frozenset({folder}), f"media_uploads.view_{model}", f"media_uploads.change_{model}")
            for folder, model in (("users", "userimage"), ("uploads", "mediafile"))
        ]
        register_app(AppRegistration(name=self.name, guards=guards, arriving_keys=awaited_keys))
