"""The admin's sidebar, in the order of the work and in people's words, with what each person may open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A heading, and below it: title, icon, the route and what it takes, and the permissions that open it.
# The icons are of Material Symbols.
Entry = tuple[str | Promise, str, str, str]
PAGES: list[tuple[str | Promise, list[Entry]]] = [
    (
        _("Students"),
        [
            (_("Students"), "school", "students_student_changelist", "students.view_student"),
            (
                _("Attendance photos"),
                "event_available",
                "students_attendancephoto_changelist",
                "students.view_student students.view_attendancephoto",
            ),
        ],
    ),
    (
        _("Imports"),
        [
            (_("A list of students"), "table", "students_roster", "students.view_import"),
            (_("Photos"), "photo_camera", "students_photo_imports", "students.view_import"),
            (_("Unowned photos"), "person_search", "students_by_eye unowned", "students.change_student"),
            (_("All imports"), "upload_file", "students_import_changelist", "students.view_import"),
        ],
    ),
    (
        _("Operations"),
        [
            (_("Operations"), "history", "photostore_operation_changelist", "photostore.view_operation"),
            (
                _("Who did what"),
                "fact_check",
                "photostore_auditentry_changelist",
                "photostore.view_auditentry",
            ),
        ],
    ),
    (
        _("Checks"),
        [
            (
                _("Verifications"),
                "verified",
                "photostore_verification_changelist",
                "photostore.view_verification",
            ),
            (
                _("Background jobs"),
                "schedule",
                "photostore_backgroundjob_changelist",
                "photostore.view_backgroundjob",
            ),
            (_("Storage"), "database", "media_uploads_usage_changelist", "media_uploads.view_usage"),
        ],
    ),
    (
        _("People"),
        [
            (_("Users"), "person", "profile_pictures_user_changelist", "profile_pictures.view_user"),
            (_("Groups"), "group", "auth_group_changelist", "auth.view_group"),
            (_("Sign-ins with a token"), "key", "knox_authtoken_changelist", "knox.view_authtoken"),
            (
                _("Profile pictures"),
                "account_circle",
                "profile_pictures_profilepictureupload_changelist",
                "profile_pictures.view_profilepictureupload",
            ),
        ],
    ),
    (
        _("User images and media"),
        [
            (_("User images"), "image", "media_uploads_userimage_changelist", "media_uploads.view_userimage"),
            (_("Media files"), "movie", "media_uploads_mediafile_changelist", "media_uploads.view_mediafile"),
            (
                _("Personas"),
                "theater_comedy",
                "media_uploads_persona_changelist",
                "media_uploads.view_persona",
            ),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups that have something for this person."""
    groups = [
        {
            "title": title,
            "items": [_item(*entry) for entry in entries if request.user.has_perms(entry[3].split())],
        }
        for title, entries in PAGES
    ]
    return [
        {"items": [_item(_("Start page"), "home", "index", "")]},
        *(one for one in groups if one["items"]),
    ]


def _item(title: str | Promise, icon: str, name: str, _permission: str) -> dict[str, Any]:
    route, *given = name.split()
    return {"title": title, "icon": icon, "link": reverse(f"admin:{route}", args=given)}
