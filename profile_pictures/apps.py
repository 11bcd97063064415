"""The user model, signing in, and profile pictures in two steps."""

from django.apps import AppConfig


class ProfilePicturesConfig(AppConfig):
    """Holds `users_user`."""

    name = "profile_pictures"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Describe our authentication to the OpenAPI document; importing registers it."""
        from profile_pictures import schema  # noqa: F401
