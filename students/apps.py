"""A school's students and their profile photos."""

from django.apps import AppConfig


class StudentsConfig(AppConfig):
    """S0 and S1 of the design."""

    name = "students"
    default_auto_field = "django.db.models.BigAutoField"
