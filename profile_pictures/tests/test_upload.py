"""`POST /api/users/upload-profile-picture/`: a picture comes in and waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from photostore.intake import line, take_in_image
from photostore.models import AuditEntry
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import (
    UPLOAD,
    UPLOADS,
    check_consistent,
    everything,
    expire,
    face,
    hand_in,
    opened,
    pending,
    stored,
)
from testing.people import body_of, client_of
from testing.phone import phone_jpeg
from testing.pictures import heic, portrait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.s3
def test_it_waits_and_is_nobodys_picture_yet(danas: Any, dana: User, each_storage: str) -> None:
    answer = hand_in(danas, face(1), "Dana at the beach.JPG")
    assert answer.status_code == 201
    said = answer.json()
    upload = ProfilePictureUpload.objects.get()
    assert said["id"] == upload.pk
    assert said["image"].startswith(f"profile_pictures/pending/{dana.pk}/")
    assert said["original_filename"] == "Dana at the beach.JPG"
    assert (said["is_confirmed"], said["confirmed_at"], said["is_current"]) == (False, None, False)
    waited = parse_datetime(said["expires_at"]) - parse_datetime(said["uploaded_at"])
    assert waited == timedelta(hours=24)
    dana.refresh_from_db()
    assert not dana.profile_picture
    check_consistent()
    entry = AuditEntry.objects.get(action="picture.upload")
    assert (entry.actor_name, entry.subject, entry.new_sha256) == ("dana", f"user {dana.pk}", upload.sha256)


def test_the_preview_is_the_processed_picture_not_the_raw_file(danas: Any) -> None:
    said = hand_in(danas, phone_jpeg(3, 4, orientation=6), "IMG_0001.JPG").json()
    data = body_of(danas.get(said["preview_url"]))
    picture = opened(data)
    assert picture.size == (said["width"], said["height"])
    assert max(picture.size) == 1920
    assert picture.height > picture.width
    for private in (b"Exif", b"Drawn Phone", b"GPS"):
        assert private not in data
    assert body_of(client_of().get(said["preview_url"])) == data, "the signature is all that a link needs"
    assert client_of().get(said["preview_url"].partition("?")[0]).status_code == 404


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "a.png"), ("WEBP", "a.webp"), ("GIF", "a.gif"), ("AVIF", "a.avif")]
)
def test_other_formats(danas: Any, kind: str, name: str) -> None:
    said = hand_in(danas, face(1, kind), name)
    assert said.status_code == 201, said.content
    assert opened(body_of(danas.get(said.json()["preview_url"]))).format == "JPEG"


def test_a_heic_of_a_phone(danas: Any) -> None:
    assert hand_in(danas, heic(portrait(1, 300, 400)), "IMG_1.HEIC").status_code == 201


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "No image provided"), ("fr", "Aucune image fournie")]
)
def test_no_image(danas: Any, language: str, sentence: str) -> None:
    before = everything()
    answer = danas.post(UPLOAD, {}, format="multipart", headers={"accept-language": language})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["error"] == answer.json()["detail"] == sentence
    assert answer.json()["errors"] == {"image": [sentence]}
    assert everything() == before


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"Dear all, here I am.", "me.jpg", "unsupported_format"),
        (b"", "me.jpg", "empty_file"),
        (face(1), "me.svg", "wrong_extension"),
        (face(1)[:2000], "me.jpg", "undecodable"),
        (b"BM" + bytes(100), "me.bmp", "unsupported_format"),
    ],
)
def test_what_is_no_picture_is_refused(danas: Any, data: bytes, name: str, code: str) -> None:
    before = everything()
    answer = hand_in(danas, data, name)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert everything() == before
    assert AuditEntry.objects.get(outcome="refused").code == code


def test_more_than_20_mb_is_413(danas: Any) -> None:
    answer = hand_in(danas, bytes(20 * 1_048_576 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert stored() == {}


def test_two_files_are_refused(danas: Any) -> None:
    files = [SimpleUploadedFile("a.jpg", face(1)), SimpleUploadedFile("b.jpg", face(2))]
    assert danas.post(UPLOAD, {"image": files}, format="multipart").status_code == 400
    assert stored() == {}


def test_a_sixth_waits_for_a_decision(danas: Any, eriks: Any) -> None:
    first, *_others = [pending(danas, seed) for seed in range(5)]
    before = everything()
    answer = hand_in(danas, face(9))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_pending")
    assert answer.json()["error"].startswith("5 of your pictures are already awaiting")
    assert 86_000 < int(answer["Retry-After"]) <= 86_401
    assert everything() == before
    french = hand_in(danas, face(9), headers={"accept-language": "fr"}).json()["detail"]
    assert french.startswith("5 de vos photos attendent déjà")
    assert hand_in(eriks, face(9)).status_code == 201, "somebody else's do not count"
    assert danas.delete(f"{UPLOADS}{first['id']}/").status_code == 204
    assert hand_in(danas, face(9)).status_code == 201


def test_expired_ones_do_not_count(danas: Any) -> None:
    for seed in range(5):
        expire(pending(danas, seed)["id"])
    assert hand_in(danas, face(9)).status_code == 201


def test_nobody_is_401(db: None) -> None:
    assert hand_in(client_of(), face(1)).status_code == 401


@pytest.mark.parametrize("route", [UPLOAD, "/api/users/confirm-profile-picture/"])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_405(danas: Any, route: str, method: str) -> None:
    answer = getattr(danas, method)(route)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")


def test_without_a_slash_the_body_arrives_too(danas: Any) -> None:
    file = SimpleUploadedFile("me.jpg", face(1))
    assert danas.post(UPLOAD.rstrip("/"), {"image": file}, format="multipart").status_code == 201


def test_a_session_needs_the_csrf_token(dana: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(dana)
    answer = hand_in(client, face(1))
    assert answer.status_code == 403
    assert stored() == {}


def test_uploads_are_throttled(danas: Any, settings: Any) -> None:
    settings.UPLOADS_PER_MINUTE = 1
    assert hand_in(danas, face(1)).status_code == 201
    answer = hand_in(danas, face(2))
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert answer["Retry-After"] == "60"


def test_whose_pictures_cost_too_much_waits(danas: Any, settings: Any, monkeypatch: Any) -> None:
    def costly(*args: Any, **options: Any) -> Any:
        line.charge(settings.UPLOAD_CPU_SECONDS + 1)
        return take_in_image(*args, **options)

    monkeypatch.setattr("profile_pictures.pictures.take_in_image", costly)
    assert hand_in(danas, face(1)).status_code == 201
    answer = hand_in(danas, face(2))
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
