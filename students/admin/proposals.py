"""Photos that are nobody's in the admin: what the evidence says of each, and a yes for one at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from photostore.admin import tell_refusal
from photostore.admin.operations import streamed
from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.errors import PhotostoreError
from photostore.operations.pictures import FileRef
from students.matching import State
from students.models import Student
from students.photos import subject_of
from students.recovery.evidence.findings import Finding
from students.recovery.reassign.assign import confirm_proposal, first_proposals, unowned_file

# Each of them is read; more than this would outlast a browser's patience.
FILES_LOOKED_AT = 200
WORDS = {
    State.CERTAIN: _("The evidence says:"),
    State.PROPOSED: _("Perhaps:"),
    State.AMBIGUOUS: _("One of several proposals:"),
    State.BLOCKED: _("The evidence disagrees. Look at it with match_profile_photos."),
}


class ProposalsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The pages of it, for the students' admin; the plan and the use case are those of the commands."""

    def get_urls(self) -> list[URLPattern]:
        """The page, a picture on it, and the yes."""
        wrap = self.admin_site.admin_view
        return [
            path("proposals/", wrap(require_GET(self.proposals_view)), name="students_proposals"),
            path("proposals/picture/", wrap(require_GET(self.unowned_view)), name="students_unowned_picture"),
            path("proposals/confirm/", wrap(require_POST(self.confirm_view)), name="students_proposal_yes"),
            *super().get_urls(),
        ]

    def proposals_view(self, request: HttpRequest) -> HttpResponse:
        """What is known of the first files that are nobody's."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "title": _("Photos that are nobody's"),
                   "opts": self.opts, "can_change": self.has_change_permission(request)}  # fmt: skip
        try:
            with one_at_a_time("the admin"):
                plan = first_proposals(FILES_LOOKED_AT)
                context |= {
                    "proposals": [
                        _shown(one) for one in plan.in_states(*WORDS) if not one.unowned_file.moment
                    ],
                    "unknown": plan.counts[State.UNKNOWN],
                    "is_full": sum(plan.counts.values()) >= FILES_LOOKED_AT,
                }
        except PhotostoreError as error:
            context["problem"] = str(error)
        return TemplateResponse(request, "students/admin/proposals.html", context)

    def unowned_view(self, request: HttpRequest) -> HttpResponse:
        """The picture in a file that belongs to nobody."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = unowned_file(request.GET.get("key", ""))
        except PhotostoreError as error:
            raise Http404 from error
        return streamed(FileRef("default", found.key))

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        student = self.get_object(request, request.POST.get("student", ""))
        if student is None:
            raise Http404
        try:
            with one_at_a_time("the admin"):
                _confirm(request, student)
        except PhotostoreError as error:
            tell_refusal(request, error, action="proposal.confirm", subject=subject_of(student))
        else:
            messages.success(request, _("This is now the photo of %(name)s.") % {"name": student.name})
        return HttpResponseRedirect(reverse("admin:students_proposals"))


def _confirm(request: HttpRequest, student: Student) -> None:
    confirm_proposal(
        student=student,
        key=request.POST.get("key", ""),
        sha256=request.POST.get("sha256", ""),
        actor=Actor.of(request, "admin"),
    )


def _shown(finding: Finding) -> dict[str, Any]:
    unowned_file, verdict = finding.unowned_file, finding.verdict
    address = f"{reverse('admin:students_unowned_picture')}?{urlencode({'key': unowned_file.key})}"
    return {
        "key": unowned_file.key,
        "sha256": unowned_file.sha256,
        "picture": address if unowned_file.storage_alias == "default" else "",
        "words": WORDS[verdict.state],
        "student": verdict.student,
        "reasons": finding.reasons,
        # The safe copies' own disk is for the commands.
        "may_confirm": verdict.student is not None and unowned_file.storage_alias == "default",
    }
