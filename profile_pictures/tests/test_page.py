"""`/me/picture/` without a browser: who gets it, in which language, and what it may load."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from photostore.models import AuditEntry
from profile_pictures.models import User

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/me/picture/"


@pytest.fixture
def signed_in(dana: User) -> Client:
    client = Client()
    client.force_login(dana)
    return client


def policy(answer: Any) -> dict[str, list[str]]:
    rules = answer["Content-Security-Policy"].split("; ")
    return {rule.split()[0]: rule.split()[1:] for rule in rules}


def test_nobody_is_asked_to_sign_in_first(dana: User, client: Client) -> None:
    answer = client.get(PAGE)
    assert (answer.status_code, answer["Location"]) == (302, f"/me/sign-in/?next={PAGE}")
    form = {"username": "dana", "password": "dana-secret", "next": PAGE}
    assert client.post("/me/sign-in/", form)["Location"] == PAGE
    assert client.get(PAGE).status_code == 200
    assert client.get("/me/sign-out/").status_code == 405
    assert client.post("/me/sign-out/")["Location"] == "/me/sign-in/"
    assert client.get(PAGE).status_code == 302


def test_a_wrong_password_is_refused_and_noted(dana: User, client: Client) -> None:
    answer = client.post("/me/sign-in/", {"username": "dana", "password": "wrong"})
    assert "password is wrong" in answer.content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.channel) == ("login", "refused", "page")


def test_no_way_out_to_another_host(dana: User, client: Client) -> None:
    form = {"username": "dana", "password": "dana-secret", "next": "https://example.org/"}
    assert client.post("/me/sign-in/", form)["Location"] == PAGE


def test_a_chosen_language_stays(dana: User, client: Client) -> None:
    assert "Sign in" in client.get("/me/sign-in/").content.decode()
    answer = client.post("/me/language/", {"language": "fr", "next": "/me/sign-in/"})
    assert answer["Location"] == "/me/sign-in/"
    assert "Se connecter" in client.get("/me/sign-in/", headers={"accept-language": "en"}).content.decode()
    away = client.post("/me/language/", {"language": "en", "next": "https://example.org/"})
    assert away["Location"] == "/"


def test_it_loads_nothing_from_elsewhere(signed_in: Client) -> None:
    answer = signed_in.get(PAGE)
    rules = policy(answer)
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == ["'self'"]
    assert rules["img-src"] == ["'self'", "blob:", "data:"]
    page = answer.content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert " style=" not in page


def test_pictures_may_come_from_the_bucket(
    signed_in: Client, settings: Any, s3_alias: dict[str, Any]
) -> None:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias}
    allowed = policy(signed_in.get(PAGE))["img-src"]
    assert allowed == ["'self'", "blob:", "data:", s3_alias["OPTIONS"]["endpoint_url"]]


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Your profile picture"), ("fr-CH", "Votre photo de profil")]
)
def test_languages(signed_in: Client, language: str, heading: str) -> None:
    page = signed_in.get(PAGE, headers={"accept-language": language}).content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert f'<html lang="{language[:2]}">' in page
