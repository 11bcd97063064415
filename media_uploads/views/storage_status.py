"""`/api/debug/r2-status/` and `/api/test-r2-storage/`: for staff, whether storage works."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from media_uploads.images.intake import home_of_images
from media_uploads.views.wording import TranslatedMethodErrors
from photostore.audit import Actor, record
from photostore.errors import StorageUnavailable
from photostore.references.roots import StorageRoot, storage_roots
from photostore.storage_check import StorageCheck, reached, round_trip
from photostore.web.known_input import KnownInput


class StorageCheckOutput(serializers.Serializer[None]):
    aliases = serializers.ListField(
        child=serializers.CharField(), help_text="What it is for: default, safe, public."
    )
    storage = serializers.ChoiceField(choices=["disk", "s3", "r2"])
    succeeded = serializers.BooleanField()
    milliseconds = serializers.DictField(
        child=serializers.FloatField(),
        help_text="Of each step that was tried; where it did not succeed, the last one failed.",
    )


class StorageStatusOutput(serializers.Serializer[None]):
    """Every place that keeps files. No address, bucket or key of any is told."""

    success = serializers.BooleanField(help_text="Whether all of them succeeded.")
    images_go_to = serializers.CharField(help_text="The alias where new user images are kept.")
    storages = StorageCheckOutput(many=True)


@extend_schema(tags=["storage"])
class StorageStatusView(TranslatedMethodErrors, KnownInput):
    permission_classes = [IsAdminUser]

    @extend_schema(responses=StorageStatusOutput)
    def get(self, request: Request) -> Response:  # noqa: ARG002 - Django REST framework's signature
        """Say which storage is configured, and whether it can be reached.

        A storage that is unavailable is what this call is there to tell, so that is a 200 with `success:
        false`.
        """
        return Response(_answer({place: reached(place) for place in storage_roots()}))


@extend_schema(tags=["storage"])
class TestStorageView(TranslatedMethodErrors, KnownInput):
    """Whether storage keeps what it is given."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=StorageStatusOutput)
    def post(self, request: Request) -> Response:
        """Write a few bytes to every storage, read them back and delete them again.

        A storage that fails is a 200 with `success: false`, as above.
        """
        answer = _answer({place: round_trip(place) for place in storage_roots()})
        record(Actor.of(request), "storage.test", code="" if answer["success"] else StorageUnavailable.code)
        return Response(answer)


def _answer(checks: dict[StorageRoot, StorageCheck]) -> dict[str, Any]:
    return {
        "success": all(check.succeeded for check in checks.values()),
        "images_go_to": home_of_images(),
        "storages": [
            {
                "aliases": list(place.aliases),
                "storage": place.storage.kind,
                "succeeded": check.succeeded,
                "milliseconds": check.milliseconds,
            }
            for place, check in checks.items()
        ],
    }
