"""The OpenAPI document and its page: complete, valid, and served without any other host."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

pytestmark = pytest.mark.django_db
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def text(django_db_setup: None, django_db_blocker: Any) -> bytes:
    """It depends on the code alone, so it is made once."""
    with django_db_blocker.unblock():
        answer = Client().get("/api/schema/")
    assert answer.status_code == 200
    return answer.content


@pytest.fixture
def document(text: bytes) -> dict[str, Any]:
    return yaml.load(text, yaml.CSafeLoader)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def routes() -> set[str]:
    """Every address under /api/ that is documented by its own name."""
    found = set()
    for name, patterns in get_resolver().reverse_dict.lists():
        for possibilities, _pattern, _defaults, _converters in patterns:
            for template, _parameters in possibilities:
                if isinstance(name, str) and template.startswith("api/") and name not in {"schema", "docs"}:
                    found.add("/" + re.sub(r"%\((\w+)\)s", r"{\1}", template))
    return found


def plain(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_names_every_route_of_the_api(document: dict[str, Any]) -> None:
    documented = {plain(path) for path in document["paths"]}
    missing = {path for path in routes() if plain(path) not in documented}
    assert len(routes()) >= 11
    assert not missing


def test_every_operation_names_its_problems_with_an_example(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert "503" in refusals, (method, path)
        for status, answer in refusals.items():
            (content,) = answer["content"].items()
            kind, body = content
            assert kind == "application/problem+json", (method, path, status)
            (example,) = body["examples"].values()
            assert str(example["value"]["status"]) == status


def test_every_operation_that_needs_a_person_names_401_and_403(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if operation.get("security") not in (None, [], [{}]):
            assert {"401", "403"} <= set(operation["responses"]), (method, path)


def test_every_operation_about_one_thing_names_404_and_every_upload_413(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if "{" in path:
            assert "404" in operation["responses"], (method, path)
        if "multipart/form-data" in str(operation.get("requestBody", "")):
            uploads = (
                "binary" in str(document["components"]["schemas"])
                and "photo" in str(operation["requestBody"]).lower()
            )
            assert not uploads or "413" in operation["responses"], (method, path)


def test_uploads_name_what_only_they_answer(document: dict[str, Any]) -> None:
    upload = "/media/uploads/{upload_id}"
    expected = {
        ("post", "/api/users/upload-profile-picture/"): {"413", "422", "429"},
        ("post", "/media/uploads/{persona_id}"): {"412", "413", "429"},
        ("patch", upload): {"409", "412", "413", "415", "423"},
        ("delete", upload): {"409", "412", "423"},
        ("post", f"{upload}/complete"): {"409", "413", "422"},
    }
    for (method, path), statuses in expected.items():
        assert statuses <= set(document["paths"][path][method]["responses"]), (method, path)


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation.get("description"), (method, path)
        assert operation["operationId"]


def test_a_body_has_one_type_and_another_only_for_its_file(document: dict[str, Any]) -> None:
    """Of one body in three types a generated client makes three, or none: it could not even sign in."""
    bodies = {
        f"{method} {path}": set(operation["requestBody"]["content"])
        for method, path, operation in operations(document)
        if "requestBody" in operation
    }
    assert bodies["post /api/auth/login/"] == {"application/json"}
    two = {"application/json", "multipart/form-data"}
    assert {name: types for name, types in bodies.items() if len(types) > 1 and types != two} == {}


def test_operation_names_are_unique(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _method, _path, operation in operations(document)]
    assert len(names) == len(set(names))


def test_the_list_has_its_filters_and_its_cursor(document: dict[str, Any]) -> None:
    listed = document["paths"]["/api/students/"]["get"]
    assert {"search", "has_photo", "class_name", "grade", "status", "cursor", "page_size"} <= {
        parameter["name"] for parameter in listed["parameters"]
    }


def test_bearer_is_the_way_in(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"bearer": []} in document["paths"]["/api/students/"]["get"]["security"]


def test_the_page_and_all_that_it_loads_come_from_here(client: Any) -> None:
    page = client.get("/api/docs/").content.decode()
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert loaded
    for address in loaded:
        assert not re.match(r"(?:https?:)?//", address), address
    assert not re.findall(r"https?://(?!testserver)[\w.-]+", page)
    for address in loaded:
        if address.startswith("/static/"):
            from django.contrib.staticfiles import finders

            assert finders.find(address.removeprefix("/static/").partition("?")[0]), address


def test_the_home_page_loads_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/").content.decode()
    assert client.get("/").status_code == 200
    assert not re.findall(r"""(?:src|href|url\()=?["']?(?:https?:)?//(?!testserver)[\w.-]+""", page)
    for address in ("/admin/", "/api/docs/", "/api/schema/", "/readyz"):
        assert f'"{address}"' in page


def test_it_is_made_once_for_each_language_and_form(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(form: str, language: str) -> Any:
        answer = Client().get("/api/schema/", headers={"accept": form, "accept-language": language})
        assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, form)
        return answer.content

    forms = ("application/vnd.oai.openapi", "application/vnd.oai.openapi+json")
    before = {(form, language): asked(form, language) for form in forms for language in ("en", "fr")}
    assert before[forms[0], "en"] == text
    assert json.loads(before[forms[1], "en"])["openapi"]
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *_args, **_more: pytest.fail("made anew"))
    assert {kind: asked(*kind) for kind in before} == before
    for odd in ("zz", "fr-CH, *", "x" * 40):
        assert Client().get(f"/api/schema/?lang={odd}").status_code == 200
