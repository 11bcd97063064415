"""What every view of this app shares."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db.models import QuerySet, Subquery
from django.http.response import HttpResponseBase
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.audit import Actor
from photostore.delivery.legacy import as_it_is
from photostore.delivery.links import LinkMaker
from photostore.delivery.responses import serve
from photostore.errors import NotFound
from photostore.models import StoredFile
from photostore.owners import Owner
from photostore.uploads.handler import optional_file
from photostore.web.known_input import KnownInput
from students.models import Student, StudentPhoto
from students.permissions import StudentPermission
from students.representation import represent_student
from students.right_person import AnotherPerson, Finding
from students.todays import mark_of, mark_of_key, stated_sha256
from students.versions import IncomingPhoto, owner_of, take_in

PHOTO_FIELD = "profile_photo"


class StudentsView(KnownInput, GenericAPIView[Student]):
    """Staff only; finds the student of the address."""

    permission_classes = [IsAuthenticated, StudentPermission]
    queryset = Student.objects.all()

    def student(self) -> Student:
        """The student that the address names. Raises `NotFound`."""
        found = Student.objects.filter(**self.kwargs_of_student()).first()
        if found is None:
            raise NotFound
        return found

    def kwargs_of_student(self) -> dict[str, Any]:
        """How the address names the student: by `pk` or by `student_id`."""
        return {name: self.kwargs[name] for name in ("pk", "student_id") if name in self.kwargs}

    def actor(self) -> Actor:
        return Actor.of(self.request)

    def told(self, found: Sequence[Finding]) -> list[dict[str, Any]]:
        """Findings as JSON; whose the picture is, for who may see students."""
        may_see = self.request.user.has_perm("students.view_student")
        return [
            {"code": one.code, "student": one.other.student_id if may_see else None, "detail": str(one)}
            for one in found
        ]

    def handle_exception(self, exc: Exception) -> Response:
        """A refusal says which findings stopped it."""
        if isinstance(exc, AnotherPerson):
            exc.extra["findings"] = self.told(exc.findings)
        return super().handle_exception(exc)

    def answer(self, student: Student) -> dict[str, Any]:
        return represent_student(student, LinkMaker.of(self.request))


def live_original(owner: Owner, stated: QuerySet[Any, Any]) -> StoredFile:
    """The immutable file behind what this owner shows today: the one whose sha256 the row states.

    `stated` is the query for that sha256, asked in the same statement: a photo that was replaced between
    two would look like none. Raises `NotFound`, also when the register was left behind by a table that was
    emptied.
    """
    originals = StoredFile.objects.filter(**owner.files, kind=StoredFile.Kind.ORIGINAL, live=True)
    live = originals.filter(sha256=Subquery(stated)).first()
    if live is None:
        raise NotFound
    return live


def todays_file(student: Student) -> StoredFile:
    """The file of today's photo, or of a legacy row's, as it is. Raises `NotFound`."""
    with suppress(NotFound):
        return live_original(owner_of(student), stated_sha256(student))
    key = str(student.profile_photo.name)
    found = as_it_is(key) if mark_of_key(key) == mark_of(student.student_id) else None
    if found is None:
        raise NotFound
    return found


def serve_to_holder(request: Request, file: StoredFile, name: str) -> HttpResponseBase:
    """The bytes for a client with a token: the address stays when the photo changes, so always ask again."""
    return serve(request._request, file, name=name, cache_control="private, no-cache")


def incoming_photo(request: Request) -> IncomingPhoto | None:
    """The photo in a form, taken in; None where there is none. Raises `InvalidFile` and `FileTooLarge`."""
    file = optional_file(request, PHOTO_FIELD)
    if file is None:
        return None
    return take_in(file.read(), filename=file.name or "", origin=StudentPhoto.Origin.API)
