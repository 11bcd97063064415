"""`POST /api/users/confirm-profile-picture/`: what was seen and said yes to becomes the picture, once."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.models import AuditEntry, StoredFile
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import (
    CONFIRM,
    UPLOADS,
    check_consistent,
    confirmed,
    everything,
    expire,
    face,
    hand_in,
    opened,
    pending,
    say_yes,
    stored,
)
from testing.people import body_of, client_of
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)

GONE = {
    "en": "Upload record not found or already confirmed",
    "fr": "Enregistrement de téléchargement non trouvé ou déjà confirmé",
}


def picture_of(api: Any, name: str = "dana") -> dict[str, Any]:
    answer = api.get(f"/api/users/{name}/profile-picture/")
    assert answer.status_code == 200
    return dict(answer.json())


def refuses(answer: Any, language: str = "en") -> None:
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["error"] == answer.json()["detail"] == GONE[language]


@pytest.mark.s3
def test_a_yes_makes_it_the_picture(danas: Any, dana: User, each_storage: str) -> None:
    waiting = pending(danas)
    seen = stored(prefix="profile_pictures/pending/")[waiting["image"]]
    answer = say_yes(danas, waiting["id"])
    assert answer.status_code == 200
    said = answer.json()
    assert sorted(said) == ["message", "profile_picture", "profile_picture_url", "upload"]
    assert said["profile_picture"] == said["upload"]["image"]
    assert said["profile_picture"].startswith(f"profile_pictures/{dana.pk}/")
    upload = said["upload"]
    assert (upload["is_confirmed"], upload["is_current"], upload["expires_at"]) == (True, True, None)
    assert upload["confirmed_at"]
    dana.refresh_from_db()
    assert dana.profile_picture.name == said["profile_picture"]
    assert stored(prefix="profile_pictures/") == {said["profile_picture"]: seen}, "the pending file is gone"
    assert len(stored(prefix="derived/")) == 3
    check_consistent()


def test_one_audit_row_for_the_change(danas: Any, dana: User) -> None:
    first, second = confirmed(danas, 1), confirmed(danas, 2)
    rows = AuditEntry.objects.filter(action="picture.confirm").order_by("pk")
    sha256 = {row.pk: row.sha256 for row in ProfilePictureUpload.objects.all()}
    assert [(row.old_sha256, row.new_sha256, row.subject) for row in rows] == [
        ("", sha256[first["id"]], f"user {dana.pk}"),
        (sha256[first["id"]], sha256[second["id"]], f"user {dana.pk}"),
    ]


def test_everybody_who_is_signed_in_sees_it_and_the_link_ends_with_it(danas: Any, eriks: Any) -> None:
    assert picture_of(eriks) == {
        "username": "dana",
        "profile_picture": None,
        "profile_picture_url": None,
    }
    confirmed(danas, 1)
    shown = picture_of(eriks)
    assert opened(body_of(eriks.get(shown["profile_picture_url"]))).size == (300, 400)
    confirmed(danas, 2)
    assert eriks.get(shown["profile_picture_url"]).status_code == 404, "a link ends with its picture"
    assert picture_of(eriks)["profile_picture"] != shown["profile_picture"]
    assert eriks.get("/api/users/nobody/profile-picture/").status_code == 404
    assert client_of().get("/api/users/dana/profile-picture/").status_code == 401


def test_a_square_of_it(danas: Any, each_storage: str) -> None:
    picture = portrait(1, 300, 400).convert("RGB")
    picture.paste((250, 10, 10), (100, 150, 200, 250))
    waiting = hand_in(danas, saved(picture, "PNG"), "me.png").json()
    answer = say_yes(danas, waiting["id"], {"x": 100, "y": 150, "size": 100})
    assert answer.status_code == 200
    upload = answer.json()["upload"]
    assert (upload["width"], upload["height"]) == (100, 100)
    assert waiting["image"].rpartition("/")[2] not in upload["image"], "another picture, another name"
    (data,) = stored(prefix="profile_pictures/").values()
    assert all(abs(a - b) < 12 for a, b in zip(opened(data).getpixel((50, 50)), (250, 10, 10), strict=True))
    check_consistent()
    thumbnail = StoredFile.objects.get(key__endswith="_96.webp")
    assert opened(stored()[thumbnail.key]).size == (96, 96)


def test_a_square_of_something_transparent_stays_transparent(danas: Any) -> None:
    picture = portrait(1, 300, 400).convert("RGBA")
    picture.putalpha(128)
    waiting = hand_in(danas, saved(picture, "PNG"), "me.png").json()
    upload = say_yes(danas, waiting["id"], {"x": 0, "y": 0, "size": 200}).json()["upload"]
    assert upload["image"].endswith(".png")
    assert opened(stored()[upload["image"]]).mode == "RGBA"
    check_consistent()


@pytest.mark.parametrize(
    "crop",
    [
        {"x": -1, "y": 0, "size": 100},
        {"x": 0, "y": 0, "size": 301},
        {"x": 201, "y": 0, "size": 100},
        {"x": 0, "y": 301, "size": 100},
        {"x": 0, "y": 0, "size": 0},
        {"x": 0, "y": 0, "size": -5},
        {"x": 10**30, "y": 0, "size": 10},
        {"x": 0, "y": 0},
        {"x": "left", "y": 0, "size": 10},
        {"x": 0.5, "y": 0, "size": 10},
        "everything",
        [1, 2, 3],
    ],
)
def test_a_square_outside_is_refused_and_the_upload_stays(danas: Any, crop: Any) -> None:
    waiting = pending(danas)
    before = everything()
    answer = say_yes(danas, waiting["id"], crop)
    assert answer.status_code == 400
    assert any(field.startswith("crop") for field in answer.json()["errors"])
    assert everything() == before
    assert say_yes(danas, waiting["id"], {"x": 0, "y": 100, "size": 300}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"upload_id": "seven"}, {"upload_id": None}, [], {"upload_id": [1]}])
def test_no_number_no_picture(danas: Any, body: Any) -> None:
    assert danas.post(CONFIRM, body, format="json").status_code == 400


@pytest.mark.parametrize("language", ["en", "fr"])
def test_twice_is_404(danas: Any, language: str) -> None:
    waiting = pending(danas)
    assert say_yes(danas, waiting["id"]).status_code == 200
    before = everything()
    refuses(say_yes(danas, waiting["id"], headers={"accept-language": language}), language)
    assert everything() == before


@pytest.mark.parametrize("language", ["en", "fr"])
def test_missing_foreign_and_expired_are_the_same_404(danas: Any, eriks: Any, language: str) -> None:
    foreign, late = pending(eriks), pending(danas)
    expire(late["id"])
    before = everything()
    answers = [
        say_yes(danas, number, headers={"accept-language": language})
        for number in (foreign["id"], late["id"], 4711, -1, 10**30)
    ]
    for answer in answers:
        refuses(answer, language)
        assert answer.content == answers[0].content
    assert everything() == before


def test_a_form_works_too(danas: Any) -> None:
    waiting = pending(danas)
    fields = {"upload_id": waiting["id"], "crop.x": 0, "crop.y": 0, "crop.size": 100}
    assert danas.post(CONFIRM, fields, format="multipart").json()["upload"]["width"] == 100


def test_a_pending_picture_whose_bytes_are_gone_cannot_be_confirmed(danas: Any, dana: User) -> None:
    from photostore.storage import storage_for

    old = confirmed(danas, 1)
    waiting = pending(danas, 2)
    storage_for().remove(waiting["image"])
    refuses(say_yes(danas, waiting["id"]))
    dana.refresh_from_db()
    assert dana.profile_picture.name == old["image"]


# Dropping


def test_dropping_a_pending_one(danas: Any, each_storage: str) -> None:
    waiting = pending(danas)
    answer = danas.delete(f"{UPLOADS}{waiting['id']}/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert stored() == {}
    check_consistent()
    assert AuditEntry.objects.filter(action="picture.drop").count() == 1
    refuses(say_yes(danas, waiting["id"]))


def test_a_confirmed_one_is_not_dropped(danas: Any) -> None:
    upload = confirmed(danas)
    before = everything()
    answer = danas.delete(f"{UPLOADS}{upload['id']}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_confirmed")
    assert everything() == before


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Upload record not found"), ("fr", "Enregistrement de téléchargement non trouvé")],
)
def test_dropping_what_is_not_there(danas: Any, eriks: Any, language: str, sentence: str) -> None:
    foreign, late = pending(eriks), pending(danas)
    expire(late["id"])
    before = everything()
    for number in (foreign["id"], late["id"], 4711):
        answer = danas.delete(f"{UPLOADS}{number}/", headers={"accept-language": language})
        assert answer.status_code == 404
        assert answer.json()["error"] == answer.json()["detail"] == sentence
    assert everything() == before


def test_what_waits_is_seen_by_nobody_else(danas: Any, eriks: Any) -> None:
    hand_in(danas, face(1))
    assert picture_of(eriks)["profile_picture"] is None
    confirmed(danas, 2)
    shown = picture_of(eriks)
    hand_in(danas, face(3))
    assert picture_of(eriks)["profile_picture"] == shown["profile_picture"]
