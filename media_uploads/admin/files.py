"""Media files in the admin: looked at, found by whose and what they are, deleted."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from media_uploads.admin.filters import PersonaFilter, SizeFilter, UserFilter
from media_uploads.files.representation import represent_file
from media_uploads.files.use_cases import delete_file
from media_uploads.models import MediaFile
from photostore.admin import BytesAdmin
from photostore.audit import Actor
from photostore.delivery.links import LinkMaker

SHOWN = (
    *("preview", "whose", "which_persona", "original_filename", "media_type", "mime_type", "size"),
    *("dimensions", "length", "description", "created_at", "updated_at", "key", "sha256"),
)


@admin.register(MediaFile)
class MediaFileAdmin(ModelAdmin, BytesAdmin):  # type: ignore[misc]
    """Looking and deleting. Files come from their owners; here nothing is added or edited."""

    list_display = [
        *("thumbnail", "original_filename", "whose", "which_persona", "media_type", "size", "dimensions"),
        *("length", "created_at"),
    ]
    list_display_links = ["thumbnail", "original_filename"]
    list_filter = ["media_type", UserFilter, PersonaFilter, SizeFilter, "created_at"]
    list_select_related = ["user", "persona"]
    list_per_page = 50
    search_fields = ["user__username__istartswith", "original_filename__istartswith"]
    search_help_text = gettext_lazy("The beginning of the user name or of the file name.")
    ordering = ["-id"]
    show_full_result_count = False
    fields = SHOWN
    readonly_fields = SHOWN

    class Media:
        css = {"all": ["media_uploads/admin.css"]}

    # What is shown

    @admin.display(description=gettext_lazy("Preview"))
    def thumbnail(self, file: MediaFile) -> SafeString:
        """In the list; of a video its first frame."""
        return self._shown(file, "96", "media-small")

    @admin.display(description=gettext_lazy("Preview"))
    def preview(self, file: MediaFile) -> SafeString:
        """Larger. A video itself goes to its owner only: it was not encoded anew."""
        return self._shown(file, "640", "media-large")

    def _shown(self, file: MediaFile, size: str, style: str) -> SafeString:
        links = represent_file(file, LinkMaker.of(self.current_request))["thumbnails"]
        return format_html(
            '<img class="{}" src="{}" alt="{}" loading="lazy">',
            style,
            links[size],
            _("Thumbnail of %(name)s") % {"name": str(file)},
        )

    @admin.display(description=gettext_lazy("user"), ordering="user_id")
    def whose(self, file: MediaFile) -> SafeString:
        return _narrowing("user", file.user_id, file.user.get_username())

    @admin.display(description=gettext_lazy("persona"), ordering="persona_id")
    def which_persona(self, file: MediaFile) -> SafeString:
        return _narrowing("persona", file.persona_id, file.persona.name)

    @admin.display(description=gettext_lazy("Size"), ordering="file_size")
    def size(self, file: MediaFile) -> str:
        return filesizeformat(file.file_size)

    @admin.display(description=gettext_lazy("Dimensions"))
    def dimensions(self, file: MediaFile) -> str:
        return f"{file.width} × {file.height}"  # noqa: RUF001

    @admin.display(description=gettext_lazy("Duration"))
    def length(self, file: MediaFile) -> str:
        """In minutes and seconds; nothing for an image."""
        if file.duration is None:
            return ""
        minutes, seconds = divmod(round(file.duration), 60)
        return f"{minutes}:{seconds:02d}"

    @admin.display(description=gettext_lazy("Storage key"))
    def key(self, file: MediaFile) -> str:
        """As text: a file field would show a link without a signature."""
        return file.key

    # What is done

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Users upload their own files."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: MediaFile | None = None) -> bool:  # noqa: ARG002
        """Never: a saved page would write old values."""
        return False

    def delete_model(self, request: HttpRequest, obj: MediaFile) -> None:
        """The row, and after the commit the bytes."""
        delete_file(user=obj.user, file_id=obj.pk, actor=Actor.of(request, "admin"))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MediaFile]) -> None:
        """One by one, as `delete_model`."""
        for file in queryset.select_related("user").order_by("pk").iterator(chunk_size=500):
            self.delete_model(request, file)


def _narrowing(parameter: str, number: int, name: str) -> SafeString:
    """A link to the list, narrowed to this one."""
    address = reverse("admin:media_uploads_mediafile_changelist")
    return format_html('<a href="{}?{}={}">{}</a>', address, parameter, number, name)
