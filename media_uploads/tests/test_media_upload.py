"""`POST /media/upload/{persona_id}`: an image or a video through the front channel."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from media_uploads.models import MediaFile
from media_uploads.tests.handing_in import (
    check_consistent,
    everything,
    persona_of,
    picture,
    send,
    sent,
    stored,
)
from photostore.errors import StorageFull
from photostore.intake import sniff
from photostore.models import AuditEntry
from photostore.tests.hostile_pictures import hostile
from photostore.tests.odd_pictures import odd
from photostore.uploads.handler import LimitedUploadHandler
from testing.people import body_of, client_of
from testing.phone import phone_jpeg
from testing.videos import CONTAINERS, video

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 1_048_576
IMAGES = {
    "JPEG": ("a.jpeg", "image/jpeg"), "PNG": ("a.png", "image/png"), "GIF": ("a.gif", "image/gif"),
    "WEBP": ("a.webp", "image/webp"), "BMP": ("a.bmp", "image/bmp"), "TIFF": ("a.tif", "image/tiff"),
}  # fmt: skip


@pytest.mark.parametrize("name", IMAGES)
def test_every_kind_of_image(danas: Any, dana: Any, name: str, each_storage: str) -> None:
    filename, content_type = IMAGES[name]
    said = sent(danas, persona_of(dana).pk, picture(1, name), filename, description="an evening")
    assert (said["mime_type"], said["media_type"]) == (content_type, "image")
    assert (said["width"], said["height"], said["duration"]) == (300, 400, None)
    assert Image.open(io.BytesIO(stored()[MediaFile.objects.get().key])).format == name
    check_consistent()


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_kind_of_video(danas: Any, dana: Any, name: str) -> None:
    said = sent(danas, persona_of(dana).pk, video(name), f"clip.{name}")
    assert (said["mime_type"], said["media_type"]) == (CONTAINERS[name].content_type, "video")
    assert said["duration"] == pytest.approx(2, abs=0.11)
    assert stored()[MediaFile.objects.get().key] == video(name)
    check_consistent()


@pytest.mark.s3
def test_the_answer(danas: Any, dana: Any, each_storage: str) -> None:
    persona = persona_of(dana)
    said = sent(danas, persona.pk, video("mp4"), "A clip.mp4", description="  by the sea ")
    row = MediaFile.objects.get()
    assert said["id"] == row.pk
    assert row.key == f"uploads/videos/{persona.pk}/{dana.pk}/{said['filename']}"
    assert (said["persona_id"], said["user_id"]) == (persona.pk, dana.pk)
    assert (said["original_filename"], said["description"]) == ("A clip.mp4", "by the sea")
    assert said["file_size"] == len(video("mp4"))
    assert said["created_at"] == said["updated_at"]
    assert list(said) == [
        "id", "filename", "original_filename", "file_size", "mime_type", "media_type", "persona_id",
        "user_id", "description", "created_at", "updated_at", "url", "thumbnails", "width", "height",
        "duration",
    ]  # fmt: skip
    assert set(said["thumbnails"]) == {"96", "256", "640"}


def test_links_work_and_nothing_without_them(danas: Any, dana: Any) -> None:
    said = sent(danas, persona_of(dana).pk, video("mp4"), "a.mp4")
    answer = client_of().get(said["url"])
    assert body_of(answer) == video("mp4")
    assert answer["Content-Type"] == "video/mp4"
    part = client_of().get(said["url"], headers={"range": "bytes=0-99"})
    assert (part.status_code, body_of(part)) == (206, video("mp4")[:100])
    for link in said["thumbnails"].values():
        assert Image.open(io.BytesIO(body_of(client_of().get(link)))).format == "WEBP"
    assert client_of().get(said["url"].partition("?")[0]).status_code == 404


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("avi", "video/avi"), ("avi", "video/x-msvideo"), ("mov", "video/mov"), ("mov", "video/quicktime"),
        ("mp4", "image/jpeg"), ("mp4", "application/octet-stream"), ("mkv", ""), ("wmv", "video/wmv"),
    ],
)  # fmt: skip
def test_what_the_client_calls_it_decides_nothing(danas: Any, dana: Any, name: str, said: str) -> None:
    answer = sent(danas, persona_of(dana).pk, video(name), f"a.{name}", content_type=said)
    assert answer["mime_type"] == CONTAINERS[name].content_type


def test_full_resolution_without_tags(danas: Any, dana: Any) -> None:
    said = sent(danas, persona_of(dana).pk, phone_jpeg(3, 4, orientation=6), "IMG_1.JPG")
    assert max(said["width"], said["height"]) > 1920
    assert said["height"] > said["width"], "upright"
    data = body_of(client_of().get(said["url"]))
    for private in (b"Exif", b"Drawn Phone", b"GPS"):
        assert private not in data


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_what_moves_goes_on_moving(danas: Any, dana: Any, name: str) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, name, save_all=True, append_images=frames[1:], duration=100)
    sent(danas, persona_of(dana).pk, file.getvalue(), f"a.{name.lower()}")
    assert Image.open(io.BytesIO(stored()[MediaFile.objects.get().key])).n_frames == 3


@pytest.mark.parametrize("slash", ["", "/"])
def test_both_forms(danas: Any, dana: Any, slash: str) -> None:
    file = SimpleUploadedFile("me.jpg", picture(1))
    answer = danas.post(f"/media/upload/{persona_of(dana).pk}{slash}", {"file": file}, format="multipart")
    assert answer.status_code == 201


def test_a_persona_that_is_not_ones_own(danas: Any, erik: Any) -> None:
    theirs = persona_of(erik)
    before = everything()
    foreign, missing = send(danas, theirs.pk, picture(1)), send(danas, 4711, picture(1))
    assert (foreign.status_code, foreign.json()["error"]) == (404, f"Persona {theirs.pk} not found")
    assert foreign.content.replace(b"Persona %d " % theirs.pk, b"Persona 4711 ") == missing.content
    assert everything() == before


def test_nobody_is_401(dana: Any) -> None:
    answer = send(client_of(), persona_of(dana).pk, picture(1))
    assert (answer.status_code, answer.json()["error"]) == (401, "Not authenticated")
    assert stored() == {}


def test_a_form_without_a_file(danas: Any, dana: Any) -> None:
    answer = danas.post(f"/media/upload/{persona_of(dana).pk}", {"description": "x"}, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_file")


@pytest.mark.parametrize(
    ("data", "filename", "french"),
    [
        (b"Dear all", "a.txt", "Type de fichier invalide. Types autorisés : JPEG, PNG"),
        (b"Dear all", "a.jpg", "Type d’image invalide. Types autorisés : JPEG, PNG, GIF, WebP, BMP, TIFF"),
        (
            b"#EXTM3U\n",
            "a.avi",
            "Type de vidéo invalide. Types autorisés : MP4, AVI, MOV, WMV, FLV, WebM, MKV, 3GP",
        ),
    ],
)
def test_types_that_are_not_taken(danas: Any, dana: Any, data: bytes, filename: str, french: str) -> None:
    answer = send(danas, persona_of(dana).pk, data, filename, headers={"accept-language": "fr"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["error"].startswith(french)
    assert AuditEntry.objects.get(outcome="refused").code == "unsupported_format"
    assert stored() == {}


@pytest.mark.parametrize(
    ("head", "megabytes", "filename", "sentence"),
    [
        (picture(1), 11, "a.jpg", "Image file too large. Maximum size is 10MB"),
        (video("mp4"), 50, "a.mp4", "File too large for one request. Maximum size is 50MB"),
        (video("mp4"), 60, "a.mp4", "File too large for one request. Maximum size is 50MB"),
        (b"", 51, "a.txt", "File too large for one request. Maximum size is 50MB"),
    ],
)
def test_too_large(danas: Any, dana: Any, head: bytes, megabytes: int, filename: str, sentence: str) -> None:
    answer = send(danas, persona_of(dana).pk, head + bytes(megabytes * MEGABYTE), filename)
    assert (answer.status_code, answer.json()["error"]) == (413, sentence)
    assert stored() == {}


def test_a_picture_that_is_announced_too_large_is_not_read(
    danas: Any, dana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = []
    receive = LimitedUploadHandler.receive_data_chunk

    def counted(self: Any, raw_data: bytes, start: int) -> None:
        pieces.append(len(raw_data))
        receive(self, raw_data, start)

    monkeypatch.setattr(LimitedUploadHandler, "receive_data_chunk", counted)
    answer = send(danas, persona_of(dana).pk, picture(1) + bytes(20 * MEGABYTE))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert len(pieces) == 1


def test_a_large_video_waits_on_disk(
    danas: Any, dana: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from photostore.storage import storage_for

    made = []
    scratch = type(storage_for()).scratch

    def watched(self: Any) -> Any:
        made.append(scratch(self))
        return made[-1]

    monkeypatch.setattr(type(storage_for()), "scratch", watched)
    padded = video("mp4") + (12 * MEGABYTE).to_bytes(4, "big") + b"free" + bytes(12 * MEGABYTE - 8)
    persona = persona_of(dana)
    sent(danas, persona.pk, padded, "a.mp4")
    (file,) = made
    assert stored()[MediaFile.objects.get().key] == padded
    assert file.closed
    check_consistent()
    sent(danas, persona.pk, video("mp4"), "a.mp4")
    assert len(made) == 1, "a small one stays in memory"


def test_a_scratch_file_that_finds_no_space(danas: Any, dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise StorageFull

    monkeypatch.setattr("photostore.storage.disk.DiskStorage.scratch", full)
    answer = send(danas, persona_of(dana).pk, video("mp4") + bytes(12 * MEGABYTE), "a.mp4")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert answer["Retry-After"]
    assert stored() == {}


def test_the_quota(danas: Any, dana: Any, settings: Any) -> None:
    settings.USER_QUOTA_FILES = 1
    persona = persona_of(dana)
    sent(danas, persona.pk)
    answer = send(danas, persona.pk, picture(2))
    assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
    check_consistent()


def test_the_throttle(danas: Any, dana: Any, settings: Any) -> None:
    settings.UPLOADS_PER_MINUTE = 1
    persona = persona_of(dana)
    sent(danas, persona.pk)
    answer = send(danas, persona.pk, picture(2))
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert answer["Retry-After"]


def test_odd_and_hostile_files(danas: Any, dana: Any, settings: Any) -> None:
    """Every picture that is unusual but fine is taken, if its kind is; no answer is a 5xx."""
    settings.UPLOADS_PER_MINUTE = 10_000
    persona, wrong = persona_of(dana), []
    for case in [*odd(), *hostile()]:
        answer = send(danas, persona.pk, case.data, case.filename or "photo")
        foreign = sniff(case.data) in {"heic", "avif"}
        fine = hasattr(case, "corners") and not foreign
        if answer.status_code not in ({201} if fine else {201, 400, 413}):
            wrong.append((case.name, answer.status_code, answer.content))
        if foreign and "Invalid image type" not in answer.json()["error"]:
            wrong.append((case.name, answer.status_code, answer.content))
    assert wrong == []
    check_consistent()
