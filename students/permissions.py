"""Students are for staff with the model permissions of this app, and for no one else."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

BY_METHOD = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class StudentPermission(BasePermission):
    """Staff with `students.{view,add,change,delete}_student`, decided before anything is looked up.

    A view may state `writes_need = "change"`: adding or removing a photo changes a student.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this person may do this at all; the same answer for students who do not exist."""
        action = BY_METHOD.get(request.method or "", "view")
        if action != "view":
            action = getattr(view, "writes_need", action)
        user = request.user
        return bool(user.is_staff and user.has_perm(f"students.{action}_student"))


class ImportPermission(BasePermission):
    """Staff with `students.{view,add,change}_import`, who may also do to students what an import does.

    A view may state `writes_need = "change"`: a commit changes an import that is there.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this person may do this at all; the same answer for imports that do not exist."""
        action = BY_METHOD.get(request.method or "", "view")
        if action != "view":
            action = getattr(view, "writes_need", action)
        user = request.user
        return bool(user.is_staff and user.has_perms(permissions_to_import(action)))


def permissions_to_import(action: str) -> list[str]:
    """What looking at imports (`view`), or beginning and committing them, needs."""
    students = ["view"] if action == "view" else ["view", "add", "change"]
    return [f"students.{action}_import", *(f"students.{one}_student" for one in students)]
