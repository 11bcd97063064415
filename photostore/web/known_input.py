"""What is not known is refused, with what is known: in silence nothing is left out, of a body or of a query.

What is known is what the OpenAPI document says of the operation, read from the same declarations, so that
neither can say more than the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Empty, Request
from rest_framework.views import APIView

from photostore.errors import PhotostoreError

# A page's form has its CSRF token among its fields; `format` is the way of REST framework's own clients.
ALWAYS_IN_A_BODY = frozenset({"csrfmiddlewaretoken"})
ALWAYS_IN_A_QUERY = frozenset({"format"})
WITH_A_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class UnknownInput(PhotostoreError):
    """The request holds a field or parameter that is not read here, or sends one twice that counts once."""

    code = "unknown_field"


@dataclass(frozen=True, slots=True)
class Inputs:
    fields: Mapping[str, serializers.Field[Any, Any, Any, Any]]
    parameters: frozenset[str]
    is_raw: bool
    """Its body is bytes, which the view reads."""


class KnownInput(APIView):
    """For every view of the API: refuses what its operation does not know."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """A request that looks at its body when the view does: before it is parsed nothing can be said."""
        made = super().initialize_request(request, *args, **kwargs)
        made.__class__ = CheckedRequest
        return made

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After it is known who asks, and that they may."""
        super().initial(request, *args, **kwargs)
        inputs = inputs_of(self, request)
        if inputs is None:
            return
        known = inputs.parameters | ALWAYS_IN_A_QUERY
        for name, values in request.query_params.lists():
            if name not in known:
                raise _unknown_parameter(name, sorted(inputs.parameters))
            if len(values) > 1:
                raise _said_twice(name)
        if request.method in WITH_A_BODY and not (inputs.fields or inputs.is_raw):
            _ = request.data  # the view will not


class CheckedRequest(Request):
    """Looks at the fields of its body once, whichever parser read it: REST framework, or Django for a
    page.
    """

    _data: Any
    _full_data: Any

    def _load_data_and_files(self) -> None:
        is_new = self._data is Empty
        super()._load_data_and_files()  # type: ignore[misc]
        inputs = inputs_of(self.parser_context["view"], self)
        if not is_new or inputs is None:
            return
        refusal: PhotostoreError | None = getattr(self._request, "upload_refusal", None)
        if refusal is None:
            check_body(self._full_data, inputs.fields)
        elif refusal.field not in inputs.fields:
            raise _unknown_field(refusal.field or "", list(inputs.fields)) from refusal
        else:
            raise refusal


def check_body(data: Any, fields: Mapping[str, Any]) -> None:
    """Raises `UnknownInput`."""
    if not isinstance(data, Mapping):
        if data and not fields:
            raise UnknownInput(_("This request takes no body."), code="unknown_field")
        return
    for name in data:
        if name in ALWAYS_IN_A_BODY:
            continue
        if not (name in fields or (isinstance(data, QueryDict) and _is_inner(name, fields))):
            raise _unknown_field(name, list(fields))
        if isinstance(data, QueryDict):
            _check_once(name, data.getlist(name), fields.get(name))
        else:
            _check_inner(data[name], fields[name])


def _is_inner(name: str, fields: Mapping[str, Any]) -> bool:
    """As a form writes it: `crop.x`."""
    outer, dot, inner = name.partition(".")
    return bool(dot) and inner in getattr(fields.get(outer), "fields", ())


def _check_once(name: str, values: list[Any], field: Any) -> None:
    """Several files have a sentence of their own."""
    is_list = isinstance(field, serializers.ListField | serializers.MultipleChoiceField)
    if len(values) > 1 and not is_list and not isinstance(field, serializers.FileField):
        raise _said_twice(name)


def _check_inner(value: Any, field: Any) -> None:
    if isinstance(field, serializers.ListSerializer) and isinstance(value, list):
        for one in value:
            _check_inner(one, field.child)
    elif isinstance(field, serializers.Serializer) and isinstance(value, Mapping):
        check_body(value, field.fields)


def _unknown_field(name: str, known: list[str]) -> UnknownInput:
    said = {"field": name, "known": ", ".join(known)}
    if known:
        sentence = _("There is no field “%(field)s” here. The known fields are: %(known)s.") % said
    else:
        sentence = _("There is no field “%(field)s” here; this request takes none.") % said
    return _refusal(sentence, "unknown_field", name, known)


def _unknown_parameter(name: str, known: list[str]) -> UnknownInput:
    said = {"field": name, "known": ", ".join(known)}
    if known:
        sentence = _("There is no parameter “%(field)s” here. The known parameters are: %(known)s.") % said
    else:
        sentence = _("There is no parameter “%(field)s” here; this request takes none.") % said
    return _refusal(sentence, "unknown_parameter", name, known)


def _said_twice(name: str) -> UnknownInput:
    return _refusal(_("Send “%(field)s” only once.") % {"field": name}, "said_twice", name, None)


def _refusal(sentence: str, code: str, field: str, known: list[str] | None) -> UnknownInput:
    refusal = UnknownInput(sentence, code=code, field=field)
    if known is not None:
        refusal.extra["known"] = known
    return refusal


# --- What an operation knows ------------------------------------------------------------------------

_known: dict[tuple[type, str], Inputs | None] = {}


def inputs_of(view: Any, request: Request) -> Inputs | None:
    """Those of the view's method; None where it has no such method."""
    method = "GET" if request.method == "HEAD" and not hasattr(view, "head") else request.method or ""
    kind = (type(view), method)
    if kind not in _known:
        _known[kind] = _declared(view, method)
    return _known[kind]


def _declared(view: Any, method: str) -> Inputs | None:
    handler = getattr(view, method.lower(), None)
    declared = getattr(handler, "kwargs", {}).get("schema")
    if handler is None or declared is None or method == "OPTIONS":
        return None
    schema = declared()
    schema.view, schema.method = view, method
    # A DELETE declares no body: there is none.
    has_body = method in WITH_A_BODY - {"DELETE"}
    bodies = _bodies(schema.get_request_serializer()) if has_body else []
    shapes = [shape for shape in map(_shape, bodies) if shape is not None]
    fields = {name: field for shape in shapes for name, field in shape.fields.items()}
    return Inputs(fields, frozenset(_parameters(view, schema)), is_raw=len(shapes) < len(bodies))


def _bodies(declared: Any) -> list[Any]:
    """What is declared for each media type."""
    bodies = list(declared.values()) if isinstance(declared, dict) else [declared]
    return [body for body in bodies if body is not None]


def _shape(body: Any) -> serializers.Serializer[Any] | None:
    made = body() if isinstance(body, type) else body
    return made if isinstance(made, serializers.Serializer) else None


def _parameters(view: Any, schema: Any) -> Iterator[str]:
    for one in schema.get_override_parameters():
        if isinstance(one, OpenApiParameter):
            if one.location == OpenApiParameter.QUERY:
                yield one.name
        elif (shape := _shape(one)) is not None:
            yield from map(str, shape.fields)
    if schema.method == "GET" and any(_is_list(answer) for answer in _answers(schema)):
        yield from (said["name"] for said in view.paginator.get_schema_operation_parameters(view))


def _answers(schema: Any) -> Iterable[Any]:
    stated = schema.get_response_serializers()
    return stated.values() if isinstance(stated, dict) else [stated]


def _is_list(answer: Any) -> bool:
    return isinstance(answer, serializers.ListSerializer)
