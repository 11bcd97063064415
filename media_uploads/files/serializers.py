"""What the API of personas and media files takes; its answers are described here for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers

from media_uploads.models import MediaFile, Persona
from photostore.web.answers import ThumbnailLinks

MAX_DESCRIPTION_LENGTH = 10_000


class PersonaInput(serializers.ModelSerializer[Persona]):
    """A persona to be."""

    class Meta:
        model = Persona
        fields = ["name"]


class DescriptionInput(serializers.Serializer[None]):
    """What a media file is about, as plain text."""

    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH, allow_blank=True)


class MediaUpload(serializers.Serializer[None]):
    """A media file as a form."""

    file = serializers.FileField(
        help_text=(
            "JPEG, PNG, GIF, WebP, BMP or TIFF of at most 10 MB; or MP4, AVI, MOV, WMV, FLV, WebM, MKV or "
            "3GP of at most 50 MB (a larger video, up to 100 MB, comes by direct or resumable upload)."
        )
    )
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_LENGTH, required=False, allow_blank=True, default=""
    )


class AboutUpload(serializers.Serializer[None]):
    """What a form says beside its file."""

    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_LENGTH, required=False, allow_blank=True, default=""
    )


class FileFilters(serializers.Serializer[None]):
    """Which of one's own files."""

    persona_id = serializers.IntegerField(required=False, help_text="Those of one persona.")
    media_type = serializers.ChoiceField(
        choices=MediaFile.Type.choices, required=False, help_text="Only images, or only videos."
    )


class PersonaOutput(serializers.Serializer[None]):
    """A persona."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class MediaFileOutput(serializers.Serializer[None]):
    """A media file, as its user sees it."""

    id = serializers.IntegerField()
    filename = serializers.CharField(help_text="The name that we gave it.")
    original_filename = serializers.CharField(help_text="The name that it came with.")
    file_size = serializers.IntegerField(help_text="Bytes, as kept.")
    mime_type = serializers.CharField(help_text="By the bytes, not by what the client said.")
    media_type = serializers.ChoiceField(choices=MediaFile.Type.choices)
    persona_id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    description = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.URLField(help_text="A signed link; it expires.")
    thumbnails = ThumbnailLinks(help_text="Of a video: of its first frame.")
    width = serializers.IntegerField(help_text="Pixels, as it is shown.")
    height = serializers.IntegerField(help_text="Pixels, as it is shown.")
    duration = serializers.FloatField(allow_null=True, help_text="Seconds; null for images.")


class StatsOutput(serializers.Serializer[None]):
    """How much a user keeps."""

    total_files = serializers.IntegerField()
    total_images = serializers.IntegerField()
    total_videos = serializers.IntegerField()
    total_size_bytes = serializers.IntegerField()
    total_size_mb = serializers.FloatField()
    files_per_persona = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By the persona's id; those without files are left out.",
    )
