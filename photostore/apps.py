"""The only package that touches bytes. It knows nothing of students or users."""

from django.apps import AppConfig


class PhotostoreConfig(AppConfig):
    """Loads the system checks beside the models."""

    name = "photostore"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks; importing is what registers them, and needs the models."""
        from photostore import checks  # noqa: F401
        from photostore.web import schema  # noqa: F401
