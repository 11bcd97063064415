"""What the people's API takes; its answers are described here for the OpenAPI document."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from photostore.web.answers import ThumbnailLinks
from profile_pictures.models import User


class UserSerializer(serializers.ModelSerializer[User]):
    """A person, as they may see themselves."""

    email = serializers.CharField(read_only=True, help_text="Empty where none is known.")

    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "email", "is_staff"]
        read_only_fields = fields


class LoginSerializer(serializers.Serializer[User]):
    """A name and a password; `validated_data["user"]` is who they belong to."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, style={"input_type": "password"})

    def validate(self, attrs: dict[str, str]) -> dict[str, object]:
        """One sentence for a wrong name and a wrong password alike."""
        user = authenticate(
            request=self.context["request"]._request,
            username=attrs["username"],
            password=attrs["password"],
        )
        if user is None:
            raise serializers.ValidationError(
                {"detail": _("The user name or the password is wrong.")}, code="wrong_credentials"
            )
        return {"user": user}


class TokenSerializer(serializers.Serializer[None]):
    """The answer to a login."""

    token = serializers.CharField(help_text="Send it as `Authorization: Bearer TOKEN`.")
    expiry = serializers.DateTimeField()
    user = UserSerializer()


class PictureUpload(serializers.Serializer[None]):
    """A picture as a form."""

    image = serializers.FileField(help_text="JPEG, PNG, GIF, WebP, HEIC or AVIF; at most 20 MB.")


class CropInput(serializers.Serializer[None]):
    """A square within the preview."""

    x = serializers.IntegerField(help_text="Pixels of the preview from its left edge.")
    y = serializers.IntegerField(help_text="Pixels of the preview from its upper edge.")
    size = serializers.IntegerField(help_text="The square's side in pixels of the preview.")


class ConfirmInput(serializers.Serializer[None]):
    """Which upload becomes the picture, and what part of it."""

    upload_id = serializers.IntegerField()
    crop = CropInput(required=False, allow_null=True, default=None)


class PictureUploadOutput(serializers.Serializer[None]):
    """A picture that was handed in, as its owner sees it."""

    id = serializers.IntegerField()
    image = serializers.CharField(help_text="The storage key; another one once it is confirmed.")
    preview_url = serializers.URLField(help_text="The processed picture. A signed link; it expires.")
    thumbnails = ThumbnailLinks()
    width = serializers.IntegerField(help_text="Pixels of the preview.")
    height = serializers.IntegerField(help_text="Pixels of the preview.")
    original_filename = serializers.CharField()
    is_confirmed = serializers.BooleanField()
    is_current = serializers.BooleanField(help_text="Whether it is the profile picture today.")
    uploaded_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Null once it is confirmed.")


class ConfirmedOutput(serializers.Serializer[None]):
    """The answer when the picture has changed."""

    message = serializers.CharField()
    upload = PictureUploadOutput()
    profile_picture = serializers.CharField(help_text="The storage key.")
    profile_picture_url = serializers.URLField(help_text="A signed link; it ends when the picture changes.")


class PictureOutput(serializers.Serializer[None]):
    """A user's profile picture."""

    username = serializers.CharField()
    profile_picture = serializers.CharField(allow_null=True, help_text="The storage key.")
    profile_picture_url = serializers.URLField(allow_null=True, help_text="A signed link; it expires.")
