"""The admin's start page: how the school stands, what waits for a person, and what was done lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from photostore.job_runs import job_runs
from photostore.models import Operation, Verification
from students.models import Import, Student

OPERATIONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A number or a moment, where it leads, and whether a person has to look."""

    title: str | Promise
    value: int | datetime | None
    link: str = ""
    waits: bool = False


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by the theme; each figure needs the permission of the page that it leads to."""
    may = request.user.has_perm
    figures = [
        *(_students() if may("students.view_student") else ()),
        *(_imports() if may("students.view_import") else ()),
        *(_found() if may("photostore.view_verification") else ()),
        *(_nightly() if may("photostore.view_backgroundjob") else ()),
    ]
    operations = Operation.objects.order_by("-started_at") if may("photostore.view_operation") else ()
    return context | {"figures": figures, "operations": operations[:OPERATIONS_SHOWN]}


def _students() -> Iterator[Figure]:
    place = reverse("admin:students_student_changelist")
    here = Student.objects.filter(status=Student.Status.ACTIVE)
    without = here.without_photo().count()
    yield Figure(_("Students"), here.count(), place)
    yield Figure(_("Without a photo"), without, f"{place}?has_photo=no", waits=without > 0)


def _imports() -> Iterator[Figure]:
    waiting = Import.objects.filter(state=Import.State.READY).count()
    place = f"{reverse('admin:students_import_changelist')}?state__exact={Import.State.READY}"
    yield Figure(_("Imports that wait for a decision"), waiting, place, waits=waiting > 0)


def _found() -> Iterator[Figure]:
    newest = Verification.objects.first()
    place = reverse("admin:photostore_verification_changelist")
    yield Figure(_("Last verification"), newest.finished_at if newest else None, place, waits=newest is None)
    if newest is None:
        return
    lost = newest.missing + newest.damaged
    yield Figure(_("Missing or damaged files"), lost, place, waits=lost > 0)
    yield Figure(_("Pictures on two students"), newest.shared, place, waits=newest.shared > 0)
    unowned = newest.orphaned + newest.unadopted
    yield Figure(_("Unowned files"), unowned, place, waits=unowned > 0)


def _nightly() -> Iterator[Figure]:
    runs = {run.job.name: run for run in job_runs()}
    place = reverse("admin:photostore_backgroundjob_changelist")
    backup, failed = runs["back_up"], sum(run.status == "failed" for run in runs.values())
    written = backup.ended_at if backup.status == "succeeded" else None
    yield Figure(_("Last nightly backup"), written, place, waits=written is None)
    yield Figure(_("Jobs that failed"), failed, place, waits=failed > 0)
