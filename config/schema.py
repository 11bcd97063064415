"""The OpenAPI document, made once for each language and form: anybody may ask, and it takes a second."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from photostore.web.known_input import KnownInput

_made: dict[tuple[str, str], bytes] = {}


class SchemaView(KnownInput, SpectacularAPIView):
    """Depends on the code alone, so a worker keeps it."""

    @extend_schema(exclude=True, parameters=[OpenApiParameter("lang"), OpenApiParameter("version")])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _get_schema_response(self, request: Request) -> Any:
        language = translation.get_language()
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        renderer = request.accepted_renderer
        kind = (language, renderer.media_type)
        if kind not in _made:
            with translation.override(language):
                base: Any = super()
                document = base._get_schema_response(request).data
                made = renderer.render(document, renderer_context={"request": request})
                _made[kind] = made.encode() if isinstance(made, str) else made
        name = f"{settings.SPECTACULAR_SETTINGS['TITLE']}.{renderer.format}"
        answer = HttpResponse(_made[kind], content_type=renderer.media_type)
        answer["Content-Disposition"] = f'inline; filename="{name}"'
        return answer
