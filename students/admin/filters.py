from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from students.models import Student

MAX_CHOICES = 200
# From one class to the next along the index `students_by_class`: as many steps as there are classes, where
# DISTINCT would read every student.
CLASS_NAMES = """
WITH RECURSIVE classes AS (
    (SELECT class_name FROM students_student WHERE class_name > '' ORDER BY class_name LIMIT 1)
    UNION ALL
    SELECT (SELECT class_name FROM students_student WHERE class_name > classes.class_name
            ORDER BY class_name LIMIT 1)
    FROM classes WHERE class_name IS NOT NULL
)
SELECT class_name FROM classes WHERE class_name IS NOT NULL LIMIT %s
"""


class PhotoFilter(SimpleListFilter):
    title = _("photo")
    parameter_name = "has_photo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [("no", _("Without a photo")), ("yes", _("With a photo"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Student]) -> QuerySet[Student]:  # noqa: ARG002
        """Read from a partial index."""
        if self.value() == "no":
            return queryset.filter(profile_photo="")
        return queryset.exclude(profile_photo="") if self.value() == "yes" else queryset


class ClassFilter(SimpleListFilter):
    """By class, as they stand in the database."""

    title = _("class")
    parameter_name = "class_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        with connection.cursor() as cursor:
            cursor.execute(CLASS_NAMES, [MAX_CHOICES])
            return [(name, name) for (name,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Student]) -> QuerySet[Student]:  # noqa: ARG002
        return queryset.filter(class_name=self.value()) if self.value() else queryset
