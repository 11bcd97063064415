"""The documented way from our own rows of images to JSON: ModelSerializer."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.core.signing import Signer
from rest_framework import serializers

from media_uploads.models import UserImage
from photostore import keys

signer = Signer()


class UserImageSerializer(serializers.ModelSerializer[UserImage]):
    """The fields of our own answer, from our own rows."""

    url = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField(source="file_size")
    thumbnails = serializers.SerializerMethodField()

    class Meta:
        model = UserImage
        fields = [
            *("id", "url", "image_type", "is_primary", "caption", "uploaded_at", "width", "height"),
            *("size_bytes", "mime_type", "thumbnails"),
        ]

    def get_url(self, image: UserImage) -> str:
        return self._link(image.key)

    def get_thumbnails(self, image: UserImage) -> dict[str, str]:
        return {size: self._link(keys.user_image_thumbnail(image.pk, size)) for size in ("96", "256", "640")}

    def _link(self, key: str) -> str:
        signed = f"{default_storage.url(key)}?signature={signer.signature(key)}"
        return str(self.context["request"].build_absolute_uri(signed))
