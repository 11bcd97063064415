"""What signing in takes and gives."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from profile_pictures.models import User


class UserSerializer(serializers.ModelSerializer[User]):
    """A person, as they may see themselves."""

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
                {"detail": _("This user name and password do not belong together.")}, code="wrong_credentials"
            )
        return {"user": user}


class TokenSerializer(serializers.Serializer[None]):
    """The answer to a login."""

    token = serializers.CharField(help_text="Send it as `Authorization: Bearer TOKEN`.")
    expiry = serializers.DateTimeField()
    user = UserSerializer()
