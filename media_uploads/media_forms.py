"""What the API of personas and media files takes."""

from __future__ import annotations

from rest_framework import serializers

from media_uploads.models import MediaFile, Persona

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
