"""User images in the admin: look, say something else below one, choose the primary one, delete."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from media_uploads.images.refusals import ImageNotFound
from media_uploads.images.representation import represent_image
from media_uploads.images.use_cases import change_caption, delete_image, set_primary
from media_uploads.models import Usage, UserImage
from photostore.admin import BytesAdmin
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker

OFFERED_USERS = 20
SHOWN = (
    *("picture", "user", "image_type", "is_primary", "caption", "original_filename", "measures", "size"),
    *("mime_type", "uploaded_at", "key", "storage_alias", "sha256"),
)


class UserFilter(SimpleListFilter):
    """The users who keep the most; anybody else is found by searching."""

    title = gettext_lazy("user")
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """User names, and that of the chosen user."""
        usage = Usage.objects.filter(files__gt=0).order_by("-files", "user_id")
        names = list(usage.values_list("user__username", flat=True)[:OFFERED_USERS])
        chosen = self.value()
        return [(name, name) for name in dict.fromkeys([*names, *([chosen] if chosen else [])])]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[UserImage],
    ) -> QuerySet[UserImage]:
        return queryset.filter(user__username=self.value()) if self.value() else queryset


@admin.register(UserImage)
class UserImageAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Images come from their owners; here none is added. Each change is the use case that the API calls."""

    list_display = ["face", "user", "shown_type", "primary", "caption", "measures", "size", "uploaded_at"]
    list_display_links = ["face", "user"]
    list_filter = ["image_type", "is_primary", UserFilter, "uploaded_at"]
    list_select_related = ["user"]
    list_per_page = 50
    search_fields = ["user__username__istartswith"]
    search_help_text = gettext_lazy("The beginning of the user name.")
    ordering = ["-uploaded_at", "-id"]
    show_full_result_count = False
    actions = ["make_primary"]
    fields = SHOWN

    class Media:
        css = {"all": ["media_uploads/images.css"]}

    # What is shown

    @admin.display(description=gettext_lazy("Image"))
    def face(self, image: UserImage) -> SafeString:
        return self._shown(image, "images-face", "96")

    @admin.display(description=gettext_lazy("Image"))
    def picture(self, image: UserImage) -> SafeString:
        return self._shown(image, "images-large", "640")

    def _shown(self, image: UserImage, name: str, size: str) -> SafeString:
        links = represent_image(image, LinkMaker.of(self.current_request))
        return format_html(
            '<img class="{}" src="{}" alt="{}" loading="lazy">',
            name,
            links["thumbnails"][size],
            _("Image of %(name)s") % {"name": image.user.get_username()},
        )

    @display(description=gettext_lazy("Type"), ordering="image_type", label=True)  # type: ignore[untyped-decorator]
    def shown_type(self, image: UserImage) -> str:
        return image.get_image_type_display()

    @display(description=gettext_lazy("Primary"), boolean=True)  # type: ignore[untyped-decorator]
    def primary(self, image: UserImage) -> bool:
        """Whether it is the user's primary image."""
        return image.is_primary

    @admin.display(description=gettext_lazy("Pixels"))
    def measures(self, image: UserImage) -> str:
        return f"{image.width} \u00d7 {image.height}"

    @admin.display(description=gettext_lazy("Size"), ordering="file_size")
    def size(self, image: UserImage) -> str:
        return filesizeformat(image.file_size)

    @admin.display(description=gettext_lazy("Storage key"))
    def key(self, image: UserImage) -> str:
        """As text: a file field would show a link without a signature."""
        return image.key

    # What is done

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Users upload their own images."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: UserImage | None = None) -> list[str]:  # noqa: ARG002
        """The caption is written here, and a primary image chosen; once there is one, there is one."""
        writable = {"caption"} if obj and obj.is_primary else {"caption", "is_primary"}
        return [name for name in SHOWN if name not in writable]

    def save_model(self, request: HttpRequest, obj: UserImage, form: Any, change: bool) -> None:  # noqa: ARG002
        """What was changed, and nothing else: the rest of the page may be older than the row."""
        actor = Actor.of(request, "admin")
        if "caption" in form.changed_data:
            change_caption(image_id=obj.pk, caption=form.cleaned_data["caption"], actor=actor)
        if form.cleaned_data.get("is_primary"):
            set_primary(image_id=obj.pk, actor=actor)

    @admin.action(description=gettext_lazy("Make it the primary image of its user"), permissions=["change"])
    def make_primary(self, request: HttpRequest, queryset: QuerySet[UserImage]) -> None:
        """One after the other: of several images of one user the newest stays."""
        for image_id in list(queryset.order_by("uploaded_at", "id").values_list("pk", flat=True)):
            self._unless_gone(request, set_primary, image_id)

    def delete_model(self, request: HttpRequest, obj: UserImage) -> None:
        delete_image(image_id=obj.pk, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserImage]) -> None:
        """One by one: each has a lock, a transaction and an audit row of its own."""
        for image_id in list(queryset.order_by("pk").values_list("pk", flat=True)):
            self._unless_gone(request, delete_image, image_id)

    def _unless_gone(self, request: HttpRequest, use_case: Any, image_id: Any) -> None:
        try:
            use_case(image_id=image_id, actor=Actor.of(request, "admin"))
        except ImageNotFound as error:
            self.message_user(request, str(error), "error")
