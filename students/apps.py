"""A school's students and their profile photos."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    """S0 and S1 of the design."""

    name = "students"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the tombstones' model and the kinds of acts known."""
        from students import inspection, tombstones  # noqa: F401
        from students.adopting import acts  # noqa: F401
        from students.erasing import act  # noqa: F401
        from students.restore import attendance, heal, relink, revive  # noqa: F401
        from students.takeover import attendance as giving  # noqa: F401
        from students.takeover import photos, sources  # noqa: F401

        inspection.register()
