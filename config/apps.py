"""The house's own pages: home, health, figures."""

from django.apps import AppConfig


class PhotokeepConfig(AppConfig):
    name = "config"
    label = "photokeep"
    verbose_name = "Photokeep"

    def ready(self) -> None:
        """Register the checks; importing is what registers them."""
        from config import checks  # noqa: F401
