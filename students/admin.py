"""Students in the admin: a plain entry; photos are handed in through the API until the desk is built."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from students.models import Student


@admin.register(Student)
class StudentAdmin(ModelAdmin):  # type: ignore[misc]
    """Goes through the same use cases as the API."""

    list_display = ["name", "student_number", "class_name", "grade", "status"]
