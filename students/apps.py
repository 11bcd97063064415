"""A school's students and their profile photos."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    """S0 and S1 of the design."""

    name = "students"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the tombstones' model and the kinds of acts known."""
        from students import inspection, tombstones  # noqa: F401
        from students.recovery.erase import act  # noqa: F401
        from students.recovery.legacy import acts  # noqa: F401
        from students.recovery.reassign import attendance as giving  # noqa: F401
        from students.recovery.reassign import photos, sources  # noqa: F401
        from students.recovery.restore import attendance, heal, relink, revive  # noqa: F401

        inspection.register()
