"""`POST /api/upload_user_image/`."""

from __future__ import annotations

import io
import re
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from PIL import Image
from rest_framework.test import APIClient

from media_uploads.images import intake
from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import (
    UPLOAD,
    at,
    at_once,
    check_consistent,
    everything,
    face,
    hand_in,
    kept,
    listed,
    opened,
    stored,
)
from photostore.models import AuditEntry
from photostore.storage import storage_for
from photostore.tests.hostile_pictures import PAYLOAD, Hostile, hostile
from photostore.tests.odd_pictures import Odd, odd, quarters
from testing.people import body_of, client_of, make_person
from testing.phone import phone_jpeg
from testing.pictures import heic, portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {"id", "url", "image_type", "is_primary", "caption", "uploaded_at", "width", "height", "size_bytes"}
KEYS |= {"mime_type", "thumbnails"}


@pytest.mark.s3
def test_it_is_kept_and_shown(danas: Any, dana: Any, each_storage: str) -> None:
    before = timezone.now()
    answer = hand_in(
        danas, phone_jpeg(3, 4, orientation=6), "IMG_1.JPG", image_type="cover", caption="At <b>sea</b>"
    )
    assert answer.status_code == 200
    said = answer.json()
    assert (said["success"], said["message"]) == (True, "Image uploaded successfully")
    image = said["image"]
    assert set(image) == KEYS
    assert (image["image_type"], image["is_primary"], image["caption"]) == ("cover", False, "At <b>sea</b>")
    assert image["mime_type"] == "image/jpeg"
    uploaded_at = parse_datetime(image["uploaded_at"])
    assert before <= uploaded_at <= timezone.now()
    row = UserImage.objects.get()
    microseconds = (uploaded_at - intake.EPOCH) // timezone.timedelta(microseconds=1)
    assert row.key == f"users/dana/images/cover_{microseconds}.jpg"
    assert (row.original_filename, row.storage_alias) == ("IMG_1.JPG", "default")
    data = body_of(danas.get(at(image, "serve")))
    assert len(data) == image["size_bytes"]
    picture = opened(data)
    assert picture.size == (image["width"], image["height"])
    assert max(picture.size) == 1920
    assert picture.height > picture.width
    for private in (b"Exif", b"Drawn Phone", b"GPS"):
        assert private not in data
    check_consistent()
    entry = AuditEntry.objects.get(action="image.upload")
    assert (entry.actor_name, entry.subject, entry.new_sha256) == ("dana", f"user {dana.pk}", row.sha256)


def test_links_are_signed_and_thumbnails_are_there(danas: Any) -> None:
    image = kept(danas)
    assert body_of(client_of().get(image["url"])) == body_of(danas.get(at(image, "serve")))
    assert client_of().get(image["url"].partition("?")[0]).status_code == 404
    sizes = {size: opened(body_of(client_of().get(url))).size for size, url in image["thumbnails"].items()}
    assert sizes == {"96": (96, 96), "256": (256, 256), "640": (300, 400)}


def test_what_is_left_out_has_its_default(danas: Any) -> None:
    image = kept(danas)
    assert (image["image_type"], image["is_primary"], image["caption"]) == ("gallery", False, "")


@pytest.mark.parametrize(
    ("kind", "name", "kept_as"),
    [
        ("PNG", "a.png", "image/jpeg"),
        ("WEBP", "a.webp", "image/jpeg"),
        ("GIF", "a.gif", "image/jpeg"),
        ("AVIF", "a.avif", "image/jpeg"),
    ],
)
def test_other_formats(danas: Any, kind: str, name: str, kept_as: str) -> None:
    answer = hand_in(danas, face(1, kind), name)
    assert answer.status_code == 200, answer.content
    assert answer.json()["image"]["mime_type"] == kept_as


def test_a_heic_of_a_phone(danas: Any) -> None:
    assert hand_in(danas, heic(portrait(1, 300, 400)), "IMG_1.HEIC").status_code == 200


@pytest.mark.parametrize(("kind", "ending"), [("GIF", "gif"), ("WEBP", "webp")])
def test_an_animation_stays_one(danas: Any, kind: str, ending: str) -> None:
    frames = [quarters(), quarters(colours=((1, 2, 3),) * 4), quarters()]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=120)
    image = hand_in(danas, data, f"a.{ending}").json()["image"]
    picture = opened(body_of(danas.get(at(image, "serve"))))
    assert image["mime_type"] == f"image/{ending}"
    assert picture.n_frames == 3


@pytest.mark.parametrize(("kind", "ending"), [("PNG", "png"), ("WEBP", "webp")])
def test_transparency_stays(danas: Any, kind: str, ending: str) -> None:
    see_through = quarters().convert("RGBA")
    see_through.putalpha(100)
    image = hand_in(danas, saved(see_through, kind), f"a.{ending}").json()["image"]
    assert image["mime_type"] == f"image/{ending}"
    assert opened(body_of(danas.get(at(image, "serve")))).getpixel((5, 5))[3] == 100


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Missing required fields"), ("fr", "Il manque des champs obligatoires")]
)
def test_no_image(danas: Any, language: str, sentence: str) -> None:
    before = everything()
    answer = danas.post(UPLOAD, {"caption": "x"}, format="multipart", headers={"accept-language": language})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["error"] == answer.json()["detail"] == sentence
    assert (answer.json()["code"], list(answer.json()["errors"])) == ("missing_fields", ["image"])
    assert everything() == before


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"Dear all, here I am.", "me.jpg", "unsupported_format"),
        (b"BM" + bytes(100), "me.bmp", "unsupported_format"),
        (saved(quarters(), "TIFF"), "me.tiff", "unsupported_format"),
        (face(), "me.exe", "wrong_extension"),
        (face(), "me.html", "wrong_extension"),
    ],
)
def test_a_wrong_type_is_415(danas: Any, data: bytes, name: str, code: str) -> None:
    before = everything()
    answer = hand_in(danas, data, name)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (415, code)
    assert said["error"] == "Unsupported file format", "as its clients read it"
    assert said["errors"]["image"] == [said["detail"]] != ["Unsupported file format"], "which says why"
    assert everything() == before
    assert AuditEntry.objects.get(outcome="refused").code == code
    french = hand_in(danas, data, name, headers={"accept-language": "fr"}).json()
    assert french["error"] == "Format de fichier non pris en charge"


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty_file"), (face()[:2000], "undecodable")], ids=["empty", "cut off"]
)
def test_a_broken_picture_is_400(danas: Any, data: bytes, code: str) -> None:
    before = everything()
    answer = hand_in(danas, data)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert list(answer.json()["errors"]) == ["image"]
    assert everything() == before


@pytest.mark.parametrize("extra", [1, 2 * 1_048_576], ids=["while reading", "by its length"])
def test_more_than_10_mb_is_413(danas: Any, extra: int) -> None:
    answer = hand_in(danas, bytes(10 * 1_048_576 + extra))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer.json()["error"] == answer.json()["detail"] == "File size exceeds 10MB limit"
    assert stored() == {}
    french = hand_in(danas, bytes(10 * 1_048_576 + extra), headers={"accept-language": "fr"})
    assert french.json()["detail"] == "La taille du fichier dépasse la limite de 10 Mo"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_type", "avatar"),
        ("is_primary", "perhaps"),
        ("caption", "x" * 1001),
        ("caption", "a\0b"),
        ("username", "x" * 151),
    ],
)
def test_a_field_that_is_not_valid(danas: Any, field: str, value: str) -> None:
    before = everything()
    answer = hand_in(danas, **{field: value})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert everything() == before


def test_a_caption_of_a_thousand_characters(danas: Any) -> None:
    assert kept(danas, caption="é" * 1000)["caption"] == "é" * 1000


def test_two_files_are_refused(danas: Any) -> None:
    files = [SimpleUploadedFile("a.jpg", face(1)), SimpleUploadedFile("b.jpg", face(2))]
    assert danas.post(UPLOAD, {"image": files}, format="multipart").status_code == 400
    assert stored() == {}


def test_a_body_that_is_no_form(danas: Any) -> None:
    answer = danas.post(UPLOAD, {"image": "data:image/png;base64,"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_fields")


def test_nobody_is_401(db: None) -> None:
    assert hand_in(client_of()).status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_other_methods_are_405(danas: Any, method: str) -> None:
    answer = getattr(danas, method)(UPLOAD)
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
    assert answer.json()["error"] == answer.json()["detail"] == "Method not allowed"
    assert answer["Allow"] == "POST, OPTIONS"


def test_without_a_slash_the_body_arrives_too(danas: Any) -> None:
    file = SimpleUploadedFile("me.jpg", face())
    assert danas.post(UPLOAD.rstrip("/"), {"image": file}, format="multipart").status_code == 200


def test_a_session_needs_the_csrf_token(dana: Any) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(dana)
    assert hand_in(client).status_code == 403
    assert stored() == {}


# --- for whom ---------------------------------------------------------------------------------------


def test_in_ones_own_name(danas: Any, dana: Any) -> None:
    kept(danas, username="dana")
    kept(danas, username="")
    assert UserImage.objects.filter(user=dana).count() == 2


def test_staff_with_the_permission_for_somebody_else(gitas: Any, dana: Any) -> None:
    kept(gitas, username="dana")
    assert UserImage.objects.get().user == dana
    assert UserImage.objects.get().key.startswith("users/dana/")
    assert hand_in(gitas, username="nobody").status_code == 404


@pytest.mark.parametrize("name", ["dana", "nobody", "DANA"])
@pytest.mark.parametrize("staff", [False, True])
def test_anybody_else_is_403_whether_or_not_there_is_such_a_name(
    dana: Any, eriks: Any, name: str, staff: bool
) -> None:
    client = client_of(make_person("bob", is_staff=True)) if staff else eriks
    answer = hand_in(client, username=name)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert stored() == {}
    assert AuditEntry.objects.filter(outcome="refused", code="permission_denied").exists()


def test_the_scanner_is_asked_once(danas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setattr("photostore.scanner.scan", lambda file: seen.append(file.read()))
    assert hand_in(danas, face()).status_code == 200
    assert seen == [face()]


# --- names and keys ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", ".", "dana@example.org", "Dána", "user-1", "a+b"])
def test_a_strange_name_has_a_folder_of_its_own(name: str) -> None:
    person = make_person(name)
    image = kept(client_of(person))
    assert UserImage.objects.get().key.startswith(f"users/user-{person.pk}/images/gallery_")
    assert UserImage.objects.get().user == person
    assert body_of(client_of(person).get(image["url"]))
    check_consistent()


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd.jpg", "a\\..\\b.jpg", "Ünïcödé \u202egpj.JPG", "a;b'\"c.jpg", "x" * 300 + ".jpg"],
)
def test_no_file_name_reaches_a_key(danas: Any, name: str) -> None:
    assert hand_in(danas, face(), name).status_code == 200
    pattern = re.compile(r"users/dana/images/gallery_\d{16}\.jpg|derived/users/[0-9a-f-]{36}_\d+\.webp")
    assert all(pattern.fullmatch(key) for key in stored())
    assert len(UserImage.objects.get().original_filename) <= 255


def test_the_clock_stands_still(danas: Any, each_storage: str, still_clock: int) -> None:
    images = [kept(danas, seed) for seed in range(3)]
    assert danas.delete(at(images[2], "delete")).status_code == 200
    images = [*images[:2], kept(danas, 3), kept(danas, 4)]
    keys = [row.key for row in UserImage.objects.order_by("uploaded_at")]
    assert keys == [f"users/dana/images/gallery_{still_clock + step}.jpg" for step in (0, 1, 3, 4)]
    assert [image["id"] for image in listed(danas, "dana")["images"]] == [i["id"] for i in images[::-1]]
    check_consistent()


def test_the_clock_goes_back(danas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept(danas, 1)
    monkeypatch.setattr("media_uploads.images.intake.time.time_ns", lambda: 1)
    second = kept(danas, 2)
    assert [image["id"] for image in listed(danas, "dana")["images"]] == [second["id"], first["id"]]


def test_twenty_at_once_while_the_clock_stands_still(dana: Any, still_clock: int) -> None:
    answers = at_once(*(partial(hand_in, client_of(dana)) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    expected = {f"users/dana/images/gallery_{still_clock + step}.jpg" for step in range(20)}
    assert {row.key for row in UserImage.objects.all()} == expected
    check_consistent()


def test_a_strangers_file_is_not_overwritten(danas: Any, each_storage: str, still_clock: int) -> None:
    """As when the database was brought back from a backup, and files are there that it does not know."""
    taken = f"users/dana/images/gallery_{still_clock}.jpg"
    storage_for().put(taken, b"somebody's", content_type="image/jpeg")
    kept(danas)
    assert stored()[taken] == b"somebody's"
    assert UserImage.objects.get().key == f"users/dana/images/gallery_{still_clock + 1}.jpg"


def test_whoever_takes_over_a_name_takes_over_no_image(danas: Any, dana: Any) -> None:
    old = kept(danas, 1)
    dana.username = "diane"
    dana.save()
    newcomer = client_of(make_person("dana", pk=2_000_001))  # the name's own id is taken
    new = kept(newcomer, 2)
    assert [image["id"] for image in listed(danas, "diane")["images"]] == [old["id"]]
    assert [image["id"] for image in listed(danas, "dana")["images"]] == [new["id"]]
    assert newcomer.delete(at(old, "delete")).status_code == 404
    assert kept(danas, 3)
    check_consistent()


# --- the corpus -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(hostile()), ids=lambda case: case.name)
def test_a_hostile_file_is_refused_or_loses_its_payload(danas: Any, case: Hostile) -> None:
    before = everything()
    answer = hand_in(danas, case.data, case.filename or "x")
    if case.code is None:
        assert answer.status_code == 200, answer.content
        assert all(PAYLOAD not in data for data in stored().values())
        return
    if answer.status_code == 200:  # Django takes what cannot be printed out of a name
        assert not case.filename.isprintable()
        return
    assert answer.status_code in {400, 415}, answer.content
    assert everything() == before


@pytest.mark.parametrize("case", list(odd()), ids=lambda case: case.name)
def test_an_odd_picture_is_taken(danas: Any, case: Odd) -> None:
    answer = hand_in(danas, case.data, case.filename)
    if case.name in {"TIFF", "BMP"}:
        assert answer.status_code == 415
        return
    assert answer.status_code == 200, answer.content
    image = answer.json()["image"]
    assert (image["width"], image["height"]) == case.size
    with Image.open(io.BytesIO(body_of(danas.get(at(image, "serve"))))) as picture:
        assert picture.size == case.size
        assert not picture.getexif()
