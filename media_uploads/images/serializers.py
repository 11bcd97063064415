"""What the user images' API takes; its answers are described here for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers

from media_uploads.models import MAX_CAPTION_LENGTH, UserImage
from photostore.web.answers import ThumbnailLinks


class UserImageInput(serializers.Serializer[None]):
    """What a form says about an image."""

    username = serializers.CharField(
        max_length=150,
        required=False,
        allow_blank=True,
        default="",
        help_text="Whose image it is; default: the caller. Another user needs the permission (403).",
    )
    image_type = serializers.ChoiceField(
        choices=UserImage.Type.choices, required=False, default=UserImage.Type.GALLERY
    )
    is_primary = serializers.BooleanField(
        required=False, default=False, help_text="Takes the place of the primary image, where there is one."
    )
    caption = serializers.CharField(
        max_length=MAX_CAPTION_LENGTH,
        required=False,
        allow_blank=True,
        default="",
        help_text="Plain text, given back as it came; escape it where you show it.",
    )


class UserImageUpload(UserImageInput):
    """An image as a form."""

    image = serializers.FileField(help_text="JPEG, PNG, GIF, WebP, HEIC or AVIF; at most 10 MB.")


class UserImageFilters(serializers.Serializer[None]):
    """Which images of the user."""

    image_type = serializers.ChoiceField(choices=UserImage.Type.choices, required=False)


class UserImageOutput(serializers.Serializer[None]):
    """An image of a user."""

    id = serializers.UUIDField()
    url = serializers.URLField(
        help_text="A signed link that expires; of the public domain where there is a public bucket."
    )
    image_type = serializers.ChoiceField(choices=UserImage.Type.choices)
    is_primary = serializers.BooleanField(help_text="At most one image of a user is.")
    caption = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    width = serializers.IntegerField(help_text="Pixels.")
    height = serializers.IntegerField(help_text="Pixels.")
    size_bytes = serializers.IntegerField(help_text="Of the image as it is kept.")
    mime_type = serializers.CharField()
    thumbnails = ThumbnailLinks(help_text="As `url`.")


class DoneOutput(serializers.Serializer[None]):
    """The answer when something was done."""

    success = serializers.BooleanField(help_text="Always true; what was refused is a problem.")
    message = serializers.CharField()


class UploadedImageOutput(DoneOutput):
    """The answer to an upload."""

    image = UserImageOutput()


class UserImagesOutput(serializers.Serializer[None]):
    """A user's images, the newest first."""

    success = serializers.BooleanField(help_text="Always true.")
    images = UserImageOutput(many=True)
    count = serializers.IntegerField(help_text="How many there are, on this page or not.")
    next = serializers.URLField(
        allow_null=True, required=False, help_text="The page after this one; only where pages were asked for."
    )
    previous = serializers.URLField(
        allow_null=True, required=False, help_text="The page before; only where pages were asked for."
    )
