"""`/api/personas/`."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from media_uploads.files.personas import delete_persona
from media_uploads.models import MediaFile, Persona
from media_uploads.tests.handing_in import (
    ACTOR,
    check_consistent,
    everything,
    keep,
    persona_of,
    picture,
    sent,
    stored,
)
from photostore.models import AuditEntry
from photostore.register.after_commit import finish_all_commits
from testing.people import client_of
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)
PERSONAS = "/api/personas/"


def test_made_listed_renamed_deleted(danas: Any) -> None:
    made = danas.post(PERSONAS, {"name": " Stage "})
    assert made.status_code == 201
    assert set(made.json()) == {"id", "name", "created_at"}
    assert made.json()["name"] == "Stage"
    place = f"{PERSONAS}{made.json()['id']}/"
    assert danas.get(place).json() == made.json()
    assert danas.get(PERSONAS).json() == {"next": None, "previous": None, "results": [made.json()]}
    assert danas.patch(place, {"name": "Screen"}).json() == made.json() | {"name": "Screen"}
    assert danas.delete(place).status_code == 204
    assert danas.get(place).status_code == 404
    done = AuditEntry.objects.filter(outcome="done").order_by("pk").values_list("action", flat=True)
    assert list(done) == ["persona.create", "persona.rename", "persona.delete"]


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 151}, {"name": "a\0b"}, [], "x", 7]
)
def test_a_name_that_is_none(danas: Any, dana: Any, body: Any) -> None:
    persona = persona_of(dana)
    for answer in (danas.post(PERSONAS, body), danas.patch(f"{PERSONAS}{persona.pk}/", body)):
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_somebody_elses_and_a_missing_one_get_the_same_bytes(danas: Any, erik: Any, method: str) -> None:
    theirs, said = persona_of(erik), {"name": "mine"} if method == "patch" else None
    before = everything()
    foreign = getattr(danas, method)(f"{PERSONAS}{theirs.pk}/", said)
    missing = getattr(danas, method)(f"{PERSONAS}4711/", said)
    assert (foreign.status_code, foreign.json()["error"]) == (404, f"Persona {theirs.pk} not found")
    assert foreign.content.replace(b"Persona %d " % theirs.pk, b"Persona 4711 ") == missing.content
    assert everything() == before


def test_french(danas: Any) -> None:
    answer = danas.get(f"{PERSONAS}4711/", headers={"accept-language": "fr"})
    assert answer.json()["detail"] == "Persona 4711 introuvable"


def test_nobody_is_401(db: None) -> None:
    for answer in (client_of().get(PERSONAS), client_of().get(PERSONAS, HTTP_AUTHORIZATION="Bearer wrong")):
        assert (answer.status_code, answer.json()["error"]) == (401, "Not authenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_only_ones_own_are_listed_in_pages(danas: Any, dana: Any, erik: Any) -> None:
    mine = [persona_of(dana, str(number)).pk for number in range(5)]
    persona_of(erik)
    found, address = [], f"{PERSONAS}?page_size=2"
    while address:
        page = danas.get(address).json()
        found += [persona["id"] for persona in page["results"]]
        address = page["next"]
    assert found == mine


def test_deleting_one_takes_its_files_along(danas: Any, dana: Any, each_storage: str) -> None:
    persona, other = persona_of(dana), persona_of(dana, "Other")
    sent(danas, persona.pk), sent(danas, persona.pk, video("mp4"), "a.mp4")
    kept = sent(danas, other.pk)
    assert danas.delete(f"{PERSONAS}{persona.pk}/").status_code == 204
    assert [row.pk for row in MediaFile.objects.all()] == [kept["id"]]
    assert len(stored()) == 4
    check_consistent()
    assert AuditEntry.objects.filter(action="media.delete").count() == 2


@pytest.mark.s3
def test_a_deletion_that_is_rolled_back_removes_nothing(dana: Any, each_storage: str) -> None:
    persona = persona_of(dana)
    keep(persona, picture(1))
    before = everything()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        persona.delete()
        raise ZeroDivisionError
    finish_all_commits()
    assert everything() == before


def test_by_sql_the_bytes_go_with_the_next_clean_up(dana: Any, each_storage: str) -> None:
    keep(persona_of(dana), picture(1))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM media_uploads_persona")
    assert not MediaFile.objects.exists()
    assert len(stored()) == 4
    finish_all_commits()
    assert stored() == {}


@pytest.mark.s3
def test_deleting_a_person_takes_everything_along(dana: Any, each_storage: str) -> None:
    keep(persona_of(dana), picture(1)), keep(persona_of(dana), video("avi"), "a.avi")
    get_user_model().objects.get(pk=dana.pk).delete()
    assert not Persona.objects.exists()
    finish_all_commits()
    assert stored() == {}
    check_consistent()


def test_with_the_storage_unavailable_the_bytes_wait(dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from photostore.errors import StorageUnavailable

    def away(*args: Any, **kwargs: Any) -> None:
        raise StorageUnavailable

    persona = persona_of(dana)
    keep(persona, picture(1))
    with monkeypatch.context() as patched:
        patched.setattr("photostore.storage.disk.DiskStorage.remove_many", away)
        delete_persona(user=dana, persona_id=persona.pk, actor=ACTOR)
    assert not Persona.objects.exists()
    assert len(stored()) == 4
    finish_all_commits()
    check_consistent()
    assert stored() == {}
