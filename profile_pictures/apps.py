"""The user model, signing in, and profile pictures in two steps."""

from django.apps import AppConfig


class ProfilePicturesConfig(AppConfig):
    name = "profile_pictures"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Describe our authentication to the OpenAPI document; say who may see pictures in operations."""
        from photostore.registration import AppRegistration, Guard, register_app
        from profile_pictures import schema, traces  # noqa: F401 - importing the schema registers it

        guard = Guard(
            frozenset({"profile_pictures"}),
            "profile_pictures.view_profilepictureupload",
            "profile_pictures.change_profilepictureupload",
        )
        traces.watch()
        register_app(AppRegistration(name=self.name, guards=[guard]))
