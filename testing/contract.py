"""Every answer that a test gets from the API is held against what the OpenAPI document says of it.

So that a typed client that is generated from the document reads all that the service says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client
from django.urls import Resolver404
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import FormatError

PROBLEM = "application/problem+json"
# What any operation may answer, and the document says of none: a wrong method or type, a bug.
NOT_OF_THE_OPERATION = {405, 406, 415, 500}
making = Lock()
LOOKED_AT = re.compile(r"/(api|media)/")


@pytest.fixture(scope="session", autouse=True)
def answers_fit_the_document() -> Iterator[None]:
    ask = Client.request

    def ask_and_check(self: Client, **request: Any) -> Any:
        answer = ask(self, **request)
        if LOOKED_AT.match(request.get("PATH_INFO", "")):
            check(request.get("HTTP_X_HTTP_METHOD_OVERRIDE") or request.get("REQUEST_METHOD", "GET"), answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", ask_and_check)
        yield


def check(method: str, answer: Any) -> None:
    """Raise `AssertionError` where the document says something else."""
    method = method.upper()
    operation = operations().get((method.lower(), plain(route_of(answer))))
    if operation is None or answer.status_code in NOT_OF_THE_OPERATION:
        return
    said = f"{method} {route_of(answer)} answered {answer.status_code}"
    assert answer.status_code not in {429, 503} or "Retry-After" in answer.headers, f"{said}: and when again?"
    stated = operation["responses"].get(str(answer.status_code))
    if stated is None and answer.status_code in {206, 304, 416}:  # of bytes, by their ranges and marks
        return
    assert stated is not None, f"{said}, which the document does not name"
    content = stated.get("content", {})
    kind = answer.get("Content-Type", "").partition(";")[0]
    if not content:
        assert not answer.streaming and not answer.content, f"{said} with a body"
        return
    named = next((one for one in content if fits(kind, one)), None)
    assert named is not None, f"{said} with {kind}, the document says {list(content)}"
    if kind.endswith("json"):
        validator = validator_of(method.lower(), plain(route_of(answer)), answer.status_code, named)
        wrong = next(validator.iter_errors(json.loads(answer.content)), None)
        assert wrong is None, f"{said}: {wrong.json_path}: {wrong.message[:300]}"


def route_of(answer: Any) -> str:
    """As Django writes it; empty for an address of nothing."""
    try:
        return str(answer.resolver_match.route)
    except (Resolver404, AttributeError):
        return ""


def plain(route: str) -> str:
    """Both forms of an address, whatever its placeholders are called."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "{}", route).strip("/")


def fits(kind: str, stated: str) -> bool:
    return kind == stated or (stated.endswith("/*") and kind.startswith(stated[:-1]))


@cache
def document() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    generator: Any = SchemaGenerator  # which has no types
    made: dict[str, Any] = json.loads(json.dumps(generator().get_schema(public=True), default=str))
    return made


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Made once: a test that asks from ten threads at once would make it ten times."""
    with making:
        return operations_by_route()


@cache
def operations_by_route() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, plain(path)): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


@cache
def validator_of(method: str, path: str, status: int, kind: str) -> Draft202012Validator:
    schema = operations()[method, path]["responses"][str(status)]["content"][kind].get("schema", {})
    return Draft202012Validator(strict(schema) | {"components": components()}, format_checker=Formats())


@cache
def components() -> dict[str, Any]:
    schemas = document()["components"]["schemas"]
    # A problem may say more than its kind does: findings, what is known.
    return {"schemas": {name: strict(one, closed=name != "Problem") for name, one in schemas.items()}}


def strict(schema: Any, *, closed: bool = True) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema; an object has the properties that are named, and no other."""
    if isinstance(schema, list):
        return [strict(one, closed=closed) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(one, closed=closed) for name, one in schema.items() if name != "nullable"}
    if closed and isinstance(made.get("properties"), dict) and not made.get("x-names-more"):
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def is_uri(said: str) -> bool:
    return bool(urlsplit(said).scheme and urlsplit(said).netloc)


def is_email(said: str) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+", said) is not None


def is_uuid(said: str) -> bool:
    return str(UUID(said)) == said


def is_date(said: str) -> bool:
    return date.fromisoformat(said).isoformat() == said


def is_moment(said: str) -> bool:
    return datetime.fromisoformat(said).tzinfo is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "uri": is_uri, "email": is_email, "uuid": is_uuid, "date": is_date, "date-time": is_moment
}  # fmt: skip


class Formats(FormatChecker):  # type: ignore[misc]
    """Those that the document names."""

    def check(self, instance: object, format: str) -> None:
        """Raise `FormatError`."""
        known = FORMATS.get(format)
        if known is None or not isinstance(instance, str):
            return
        try:
            fits = known(instance)
        except ValueError:
            fits = False
        if not fits:
            raise FormatError(f"{instance!r} is no {format}")
