"""A school's students and their profile photos."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    name = "students"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the tombstones' model known, and photostore what it must know of students."""
        from photostore.registration import register_app
        from students import tombstones  # noqa: F401
        from students.registration import registration

        register_app(registration())
