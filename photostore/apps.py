"""The only package that touches bytes. It knows nothing of students or users."""

from django.apps import AppConfig


class PhotostoreConfig(AppConfig):
    """Loads the system checks beside the models."""

    name = "photostore"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, for which importing is enough, and the steps of photostore's own
        operations.
        """
        from photostore import checks  # noqa: F401
        from photostore.operations.purge import Purge
        from photostore.operations.quarantine import SetAside
        from photostore.operations.sweeping import SweepAside
        from photostore.operations.undo import RevertStep
        from photostore.registration import AppRegistration, register_app
        from photostore.uploads import forms
        from photostore.web import schema  # noqa: F401

        forms.install()
        handlers = (SetAside(), SweepAside(), RevertStep(), Purge())
        register_app(AppRegistration(name=self.name, handlers=handlers))
