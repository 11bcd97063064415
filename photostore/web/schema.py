"""How the OpenAPI document describes errors: every operation names the problems that it may answer."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

from photostore import errors
from photostore.web.problems import problem


class ProblemSerializer(serializers.Serializer[None]):
    """RFC 9457 problem details."""

    type = serializers.CharField(help_text="`urn:photokeep:problem:` and the code.")
    title = serializers.CharField(help_text="The name of the status.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for a person, in the language they asked for.")
    code = serializers.CharField(help_text="Stable; for programs.")
    error = serializers.CharField(help_text="`detail`, or the sentence that an older client looks for.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), help_text="Sentences for each field."
    )


# For each status: what it means, and an example of its code and its sentence.
DESCRIPTIONS = {
    400: ("The request is not understood, or the data is not valid.", "invalid", "This field is required."),
    401: ("No valid credentials.", "not_authenticated", "Authentication credentials were not provided."),
    403: ("Signed in, but not allowed.", "permission_denied", str(errors.Forbidden.sentence)),
    404: ("No such thing, or not yours.", "not_found", str(errors.NotFound.sentence)),
    409: ("Another request was faster.", "conflict", str(errors.Conflict.sentence)),
    412: (
        "Another version of tus than 1.0.0, or none.",
        "wrong_tus_version",
        "Send the header Tus-Resumable: 1.0.0, the only supported version.",
    ),
    413: ("Too many bytes.", "file_too_large", "The file is too large. The limit is 20 MB."),
    415: ("Not a format that is taken here.", "unsupported_format", str(errors.WrongType.sentence)),
    422: ("The virus scanner found something.", "infected", str(errors.Infected.sentence)),
    423: ("Bytes are still arriving.", "in_use", str(errors.InUse.sentence)),
    429: ("Too many attempts.", "throttled", str(errors.TooManyAttempts.sentence)),
    503: (
        "Storage or database is unavailable.",
        "storage_unavailable",
        str(errors.StorageUnavailable.sentence),
    ),
}


class ProblemSchema(AutoSchema):
    """Adds to each operation the problems that its method and route can answer, with an example each."""

    def map_parsers(self) -> list[str]:
        """JSON alone, where a view does not say that it takes a form: of one body in three types a generated
        client makes nothing. A form is taken all the same."""
        return ["application/json"]

    def _get_response_bodies(self, direction: Direction = "response") -> Any:
        """What the view states, and the problems. Here, because `extend_schema(responses=…)` on a view
        passes every other place by."""
        bodies = super()._get_response_bodies(direction)
        for status in map(str, self._problem_statuses()):
            if status not in bodies:
                bodies[status] = self._get_response_for_code(ProblemSerializer, status, direction=direction)
        return bodies

    def _get_response_for_code(self, serializer: Any, status_code: Any, *args: Any, **kwargs: Any) -> Any:
        response = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, *args, **kwargs
        )
        if serializer is ProblemSerializer:
            description, code, detail = DESCRIPTIONS[int(status_code)]
            (content,) = response["content"].values()
            content["examples"] = {code: {"value": _example(int(status_code), code, detail)}}
            return {"description": description, "content": {"application/problem+json": content}}
        return response

    def _problem_statuses(self) -> list[int]:
        statuses = [400, 503]  # every operation refuses a parameter that it does not know
        if self.get_auth():
            statuses += [401, 403]
        if "{" in self.path or self._is_list_view():  # a place in a list that is none
            statuses.append(404)
        if self.method in {"POST", "PUT", "PATCH"}:
            statuses += [409, 413]
            if getattr(self.view, "max_file_bytes", 0):
                statuses.append(422)
        if self.method != "GET" and (self.view.get_throttles() or "login" in self.path):
            statuses.append(429)
        return sorted(statuses)


def _example(status: int, code: str, detail: str) -> dict[str, Any]:
    return problem(status, detail, code)
