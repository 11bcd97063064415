"""`/api/personas/`: the personas of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from media_uploads.files.personas import create_persona, delete_persona, rename_persona
from media_uploads.files.refusals import PersonaNotFound
from media_uploads.files.representation import represent_persona
from media_uploads.files.serializers import PersonaInput, PersonaOutput
from media_uploads.models import Persona
from media_uploads.views.base import OwnObjectsView, person_id
from photostore.uploads.throttle import UploadThrottle
from photostore.web.schema import ProblemSerializer


@extend_schema(tags=["personas"])
class PersonasView(OwnObjectsView, GenericAPIView[Persona]):
    queryset = Persona.objects.all()
    throttle_classes = [UploadThrottle]

    @extend_schema(responses=PersonaOutput(many=True))
    def get(self, request: Request) -> Response:
        """The caller's personas, the oldest first."""
        page: Sequence[Any] | None = self.paginate_queryset(
            Persona.objects.filter(user_id=person_id(request))
        )
        return self.get_paginated_response([represent_persona(persona) for persona in page or []])

    @extend_schema(request=PersonaInput, responses={201: PersonaOutput, 429: ProblemSerializer})
    def post(self, request: Request) -> Response:
        """Create a persona."""
        said = PersonaInput(data=request.data)
        said.is_valid(raise_exception=True)
        persona = create_persona(user=request.user, name=said.validated_data["name"], actor=self.actor())
        return Response(represent_persona(persona), status=status.HTTP_201_CREATED)


@extend_schema(tags=["personas"])
class PersonaView(OwnObjectsView):
    @extend_schema(responses=PersonaOutput)
    def get(self, request: Request, persona_id: int) -> Response:
        """One of the caller's personas."""
        return Response(represent_persona(own_persona(request, persona_id)))

    @extend_schema(request=PersonaInput, responses=PersonaOutput)
    def patch(self, request: Request, persona_id: int) -> Response:
        """Rename a persona."""
        own_persona(request, persona_id)
        said = PersonaInput(data=request.data)
        said.is_valid(raise_exception=True)
        name = said.validated_data["name"]
        persona = rename_persona(user=request.user, persona_id=persona_id, name=name, actor=self.actor())
        return Response(represent_persona(persona))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, persona_id: int) -> Response:
        """Delete it, and all of its media files, for good."""
        delete_persona(user=request.user, persona_id=persona_id, actor=self.actor())
        return Response(status=status.HTTP_204_NO_CONTENT)


def own_persona(request: Request, persona_id: int) -> Persona:
    """The persona, if it belongs to the caller. Raises `PersonaNotFound`."""
    found = Persona.objects.filter(pk=persona_id, user_id=person_id(request)).first()
    if found is None:
        raise PersonaNotFound(persona_id)
    return found
