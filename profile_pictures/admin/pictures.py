"""Profile pictures in the admin: what waits, what was confirmed, and how often it works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from photostore.admin import BytesAdmin, tell_refusal
from photostore.audit import Actor, subject_of_user
from photostore.delivery.links import LinkMaker
from photostore.errors import PhotostoreError
from profile_pictures.admin.filters import StateFilter
from profile_pictures.confirmation import confirm_upload
from profile_pictures.models import ProfilePictureUpload
from profile_pictures.rates import charts
from profile_pictures.representation import represent_upload
from profile_pictures.uploads import delete_upload, drop_upload, removable, remove_pending

UseCase = Callable[[ProfilePictureUpload, Actor], object]
STATE_COLOURS = {
    gettext_lazy("pending"): "warning",
    gettext_lazy("expired"): "danger",
    gettext_lazy("current"): "success",
    gettext_lazy("earlier"): "info",
}

SHOWN = (
    *("picture", "user", "state", "original_filename", "width", "height"),
    *("uploaded_at", "expires_at", "confirmed_at", "replaced_at", "key", "sha256"),
)


@admin.register(ProfilePictureUpload)
class PictureAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Look, approve, reject. Pictures come from their owners; here nothing is added or edited."""

    list_display = ["face", "user", "state", "original_filename", "uploaded_at", "confirmed_at"]
    list_display_links = ["face", "user"]
    list_filter = [StateFilter, "uploaded_at"]
    list_select_related = ["user"]
    list_per_page = 50
    list_before_template = "profile_pictures/admin/above_list.html"
    search_fields = ["user__username__istartswith"]
    search_help_text = gettext_lazy("The beginning of the user name.")
    ordering = ["-id"]
    show_full_result_count = False
    actions = ["approve", "reject"]
    fields = SHOWN
    readonly_fields = SHOWN

    class Media:
        css = {"all": ["photostore/charts.css", "profile_pictures/admin.css"]}

    # What is shown

    @admin.display(description=gettext_lazy("Picture"))
    def face(self, upload: ProfilePictureUpload) -> SafeString:
        shown = represent_upload(upload, LinkMaker.of(self.current_request))
        return format_html(
            '<img class="pictures-face" src="{}" alt="{}" width="48" height="48" loading="lazy">',
            shown["thumbnails"]["96"],
            _("Picture of %(name)s") % {"name": upload.user.get_username()},
        )

    @admin.display(description=gettext_lazy("Picture"))
    def picture(self, upload: ProfilePictureUpload) -> SafeString:
        shown = represent_upload(upload, LinkMaker.of(self.current_request))
        return format_html(
            '<a href="{}" target="_blank" rel="noopener"><img class="pictures-large" src="{}" alt="{}"></a>',
            shown["preview_url"],
            shown["thumbnails"]["640"],
            _("Picture of %(name)s") % {"name": upload.user.get_username()},
        )

    @admin.display(description=gettext_lazy("Storage key"))
    def key(self, upload: ProfilePictureUpload) -> str:
        """As text: a file field would show a link without a signature."""
        return upload.key

    @display(description=gettext_lazy("State"), label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def state(self, upload: ProfilePictureUpload) -> str:
        if upload.is_confirmed:
            return _("current") if upload.is_current else _("earlier")
        return _("expired") if upload.is_expired else _("pending")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, below what happened in the last thirty days."""
        more = {
            "charts": charts(),
            "expired": removable().count() if self.has_delete_permission(request) else 0,
            "clean_up": reverse("admin:profile_pictures_clean_up"),
        }
        answer: HttpResponse = super().changelist_view(request, {**more, **(extra_context or {})})
        return answer

    # What is done

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Users upload their own pictures."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProfilePictureUpload | None = None) -> bool:
        """For the actions; a single picture is only looked at, for saving its page would write old values."""
        return obj is None and super().has_change_permission(request)

    @admin.action(description=gettext_lazy("Approve: make it the profile picture"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ProfilePictureUpload]) -> None:
        """Say yes for its owner, to the whole picture."""
        done = _each(
            request,
            queryset,
            "picture.confirm",
            lambda upload, actor: confirm_upload(user=upload.user, upload_id=upload.pk, actor=actor),
        )
        text = ngettext("%(n)d picture approved.", "%(n)d pictures approved.", done)
        messages.success(request, text % {"n": done})

    @admin.action(description=gettext_lazy("Reject: delete the pending picture"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ProfilePictureUpload]) -> None:
        """Drop what waits; a confirmed one is refused."""
        done = _each(
            request,
            queryset,
            "picture.drop",
            lambda upload, actor: drop_upload(user=upload.user, upload_id=upload.pk, actor=actor),
        )
        text = ngettext("%(n)d picture rejected.", "%(n)d pictures rejected.", done)
        messages.success(request, text % {"n": done})

    def delete_model(self, request: HttpRequest, obj: ProfilePictureUpload) -> None:
        """Also a confirmed one: its owner has no picture then."""
        delete_upload(upload=obj, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProfilePictureUpload]) -> None:
        """One by one, as `delete_model`."""
        for upload in queryset.order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, upload)

    def get_urls(self) -> list[URLPattern]:
        clean_up = self.admin_site.admin_view(require_POST(self.clean_up_view))
        return [path("clean-up/", clean_up, name="profile_pictures_clean_up"), *super().get_urls()]

    def clean_up_view(self, request: HttpRequest) -> HttpResponse:
        """What `cleanup_pending_uploads` does."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        expired = removable().iterator(chunk_size=500)
        removed = sum(remove_pending(expired, Actor.of(request, "admin")))
        text = ngettext("%(n)d expired picture removed.", "%(n)d expired pictures removed.", removed)
        messages.success(request, text % {"n": removed})
        return HttpResponseRedirect(reverse("admin:profile_pictures_profilepictureupload_changelist"))


def _each(
    request: HttpRequest, queryset: QuerySet[ProfilePictureUpload], action: str, use_case: UseCase
) -> int:
    """Call the use case for every one, the oldest first, and say what was refused; the number done."""
    actor = Actor.of(request, "admin")
    done = 0
    for upload in queryset.select_related("user").order_by("pk").iterator(chunk_size=500):
        try:
            use_case(upload, actor)
            done += 1
        except PhotostoreError as error:
            about = f"{upload.user}, {upload}"
            tell_refusal(request, error, action=action, subject=subject_of_user(upload.user_id), about=about)
    return done
