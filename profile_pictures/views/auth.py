"""`/api/auth/…`: signing in and out, and who am I."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from knox.models import AuthToken
from knox.views import LoginView as KnoxLoginView
from knox.views import LogoutAllView as KnoxLogoutAllView
from knox.views import LogoutView as KnoxLogoutView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from photostore.web.known_input import KnownInput
from profile_pictures.authentication import BearerAuthentication
from profile_pictures.models import User
from profile_pictures.serializers import LoginSerializer, TokenSerializer, UserSerializer


@extend_schema(tags=["auth"])
class LoginView(KnownInput, KnoxLoginView):  # type: ignore[misc]
    """Sign in with a name and a password; the answer holds the bearer token, shown this once."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(
        auth=[],
        request=LoginSerializer,
        responses={200: TokenSerializer},
        examples=[
            OpenApiExample("A person", value={"username": "alice", "password": "…"}, request_only=True),
        ],
    )
    def post(self, request: Request, format: str | None = None) -> Response:
        """Sign in. Ten wrong passwords a minute, then 429."""
        serializer = LoginSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        request.user = serializer.validated_data["user"]
        AuthToken.objects.filter(user=request.user, expiry__lt=timezone.now()).delete()
        answer: Response = super().post(request, format)
        return answer


@extend_schema(tags=["auth"])
class LogoutView(KnownInput, KnoxLogoutView):  # type: ignore[misc]
    """Revoke the token that this request was sent with."""

    authentication_classes = [BearerAuthentication]

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, format: str | None = None) -> Response:
        """Revoke the token that this request was sent with."""
        answer: Response = super().post(request, format)
        return answer


@extend_schema(tags=["auth"])
class LogoutAllView(KnownInput, KnoxLogoutAllView):  # type: ignore[misc]
    authentication_classes = [BearerAuthentication]

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, format: str | None = None) -> Response:
        """Revoke every token of the signed-in user."""
        answer: Response = super().post(request, format)
        return answer


@extend_schema(tags=["auth"])
class MeView(KnownInput):
    @extend_schema(responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        """The signed-in user."""
        assert isinstance(request.user, User)
        return Response(UserSerializer(request.user).data)
