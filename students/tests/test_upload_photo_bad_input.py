"""Bad input at `upload-photo`: the right status, one clear sentence, and the old photo untouched."""

from __future__ import annotations

import re
from typing import Any

import pytest

from photostore import tags
from photostore.audit import AuditEntry
from photostore.tests.hostile_pictures import PAYLOAD, Hostile, hostile
from photostore.tests.odd_pictures import PRIVATE, Odd, odd
from students import identity
from students.models import StudentPhoto
from students.tests.school import (
    everything,
    face,
    form,
    hand_in,
    likeness,
    opened,
    stored,
)
from testing.people import body_of

LEAKS = re.compile(
    r"Traceback|File \"|/tmp|/work|/media|\.py|SELECT|INSERT|UPDATE|psycopg|libvips|PIL|vips|0x[0-9a-f]{4}",
    re.I,
)
CORPUS = list(hostile())
# Django itself takes what cannot be printed out of a name, so these arrive with a plain one.
PLAIN_ON_ARRIVAL = {"JPEG with a newline in its ending", "JPEG with NUL in its ending"}
REFUSED = [case for case in CORPUS if case.code and case.name not in PLAIN_ON_ARRIVAL]
POLYGLOTS = [case for case in CORPUS if not case.code]
# A name that cannot be sent at all: an empty file name is no file to any parser.
NAMELESS = {"no name"}
FORMATS = [case for case in odd() if case.name not in {"TIFF", "BMP"}]


def send(api: Any, pk: int, *parts: tuple[str, bytes]) -> Any:
    """A body byte for byte, so that no library makes a hostile name harmless on its way."""
    return api.generic("POST", f"/api/students/{pk}/upload-photo/", **form(*parts))


def photo_part(filename: str, data: bytes) -> tuple[str, bytes]:
    return f'form-data; name="profile_photo"; filename="{filename}"', data


def is_one_clear_sentence(answer: Any) -> bool:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert body["error"] == body["detail"]
    assert not LEAKS.search(answer.content.decode()), body
    return 10 < len(body["detail"]) < 200 and body["detail"][0].isupper() and body["detail"].endswith(".")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_hostile_file_is_refused_and_the_old_photo_stays(
    api: Any, ada: dict[str, Any], case: Hostile
) -> None:
    before = everything()
    answer = send(api, ada["id"], photo_part(case.filename, case.data))
    assert answer.status_code == 400, answer.content
    if case.name not in NAMELESS:
        assert answer.json()["code"] == case.code
    assert is_one_clear_sentence(answer)
    assert everything() == before


@pytest.mark.parametrize("case", POLYGLOTS, ids=lambda case: case.name)
def test_a_polyglot_is_taken_without_its_payload(api: Any, ada: dict[str, Any], case: Hostile) -> None:
    assert send(api, ada["id"], photo_part(case.filename, case.data)).status_code == 200
    for alias in ("default", "safe"):
        for key, data in stored(alias).items():
            assert PAYLOAD not in data, key
            assert b"alert(" not in data, key


@pytest.mark.parametrize("case", FORMATS, ids=lambda case: case.name)
def test_an_odd_picture_comes_out_upright_and_with_no_tag_but_ours(
    api: Any, ada: dict[str, Any], case: Odd
) -> None:
    answer = send(api, ada["id"], photo_part(case.filename, case.data))
    assert answer.status_code == 200, answer.content
    said = answer.json()
    data = body_of(api.get(said["profile_photo_url"]))
    picture = opened(data)
    assert picture.size == case.size
    if case.corners:
        shown = picture.convert("RGB")
        # Printing inks have no such blue and green as a screen.
        tolerance = 90 if "CMYK" in case.name else 40
        width, height = shown.size
        storage_roots = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
        for place, wanted in zip(storage_roots, case.corners, strict=True):
            seen = shown.getpixel(place)
            assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < tolerance, (
                place,
                seen,
                wanted,
            )
    assert_nothing_but_our_tag(data, ada["student_id"])
    for url in said["thumbnails"].values():
        assert_no_tag(body_of(api.get(url)))


def assert_nothing_but_our_tag(data: bytes, student_id: str) -> None:
    known = identity.read(data)
    assert known is not None
    assert str(known.student_id) == student_id
    assert_no_tag(tags.strip(data))


def assert_no_tag(data: bytes) -> None:
    picture = opened(data)
    assert not picture.getexif()
    allowed = {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "dpi",
        "loop",
        "background",
        "timestamp",
        "duration",
    }
    assert set(picture.info) <= allowed, picture.info
    for mark in (
        PRIVATE,
        b"Exif",
        b"http://ns.adobe.com",
        b"ICC_PROFILE",
        b"Photoshop",
        b"EXIF",
        b"XMP ",
        b"ICCP",
    ):
        assert mark not in data, mark


@pytest.mark.parametrize("name", ["TIFF", "BMP"])
def test_a_format_of_other_channels_is_refused_by_its_name(api: Any, ada: dict[str, Any], name: str) -> None:
    before = everything()
    case = next(case for case in odd() if case.name == name)
    answer = send(api, ada["id"], photo_part(case.filename, case.data))
    assert (answer.status_code, answer.json()["code"]) == (400, "unsupported_format")
    assert name in answer.json()["detail"]
    assert everything() == before


# --- the form ---------------------------------------------------------------------------------------


def test_two_files_in_one_field_are_refused(api: Any, ada: dict[str, Any]) -> None:
    before = everything()
    answer = send(api, ada["id"], photo_part("a.jpg", face(2)), photo_part("b.jpg", face(3)))
    assert (answer.status_code, answer.json()["code"]) == (400, "several_files")
    assert answer.json()["errors"] == {"profile_photo": ["Send one file, not several."]}
    assert everything() == before


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (('form-data; name="profile_photo"', face(2)),),
        (('form-data; name="profile_photo"; filename=""', b""),),
    ],
    ids=["nothing", "a field that is no file", "nobody chose one"],
)
def test_no_file_is_refused(api: Any, ada: dict[str, Any], parts: Any) -> None:
    before = everything()
    answer = send(api, ada["id"], *parts)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_file")
    assert is_one_clear_sentence(answer)
    assert list(answer.json()["errors"]) == ["profile_photo"]
    assert everything() == before


@pytest.mark.parametrize("field", ["other", "Profile_Photo", "profile_photo[]"])
def test_another_field_is_refused(api: Any, ada: dict[str, Any], field: str) -> None:
    before = everything()
    answer = send(api, ada["id"], (f'form-data; name="{field}"; filename="a.jpg"', face(2)))
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert is_one_clear_sentence(answer)
    assert list(answer.json()["errors"]) == [field]
    assert everything() == before


def test_an_empty_file_is_refused(api: Any, ada: dict[str, Any]) -> None:
    before = everything()
    answer = send(api, ada["id"], photo_part("a.jpg", b""))
    assert (answer.status_code, answer.json()["code"]) == (400, "empty_file")
    assert everything() == before


NAMES = {
    "newlines": "a\r\nX-Evil: 1\r\n.jpg",
    "an encoded newline": "a%0d%0aX-Evil: 1.jpg",
    "NUL": "a\0b.jpg",
    "300 characters": "x" * 300 + ".jpg",
    "300 characters of four bytes": "😀" * 300 + ".jpg",
    "right-to-left": "photo\u202egpj.exe\u202c.jpg",
    "going up": "../../../../etc/passwd.jpg",
    "going up on Windows": "..\\..\\boot.jpg",
    "absolute": "/etc/cron.d/x.jpg",
    "a drive": "C:\\Users\\Alice\\a.jpg",
    "quotes": 'a\\".jpg',
    "only dots": "...jpg",
    "HTML": "<img src=x onerror=alert(1)>.jpg",
    "SQL": "'); DROP TABLE students_student;--.jpg",
    "not UTF-8": "a\udce9.jpg",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_no_file_name_reaches_a_key_or_a_header(api: Any, ada: dict[str, Any], name: str) -> None:
    keys_before = set(stored())
    disposition = f'form-data; name="profile_photo"; filename="{name}"'.encode(errors="surrogateescape")
    body = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + face(2) + b"\r\n--b--\r\n"
    answer = api.generic(
        "POST",
        f"/api/students/{ada['id']}/upload-photo/",
        body,
        content_type="multipart/form-data; boundary=b",
    )
    assert answer.status_code in {200, 400}, answer.content
    if answer.status_code == 400:
        assert is_one_clear_sentence(answer)
        assert set(stored()) == keys_before
        return
    assert likeness(stored()[answer.json()["profile_photo"]], face(2)) < 6
    photo = StudentPhoto.objects.of_profile().get(replaced_at=None)
    assert len(photo.original_filename) <= 255
    assert not set("\0\r\n") & set(photo.original_filename)
    expected = re.compile(
        r"(photos/students/[0-9a-f-]{36}/(history/[0-9a-f]{64}\.jpg|profile\.jpg)"
        r"|student_photos/student_\d+_profile\.jpg|derived/students/[0-9a-f-]{36}/[0-9a-f]{64}_\d+\.webp)"
    )
    assert all(expected.fullmatch(key) for key in stored())
    served = api.get(answer.json()["profile_photo_url"])
    assert served["Content-Disposition"] == f'inline; filename="student_{ada["id"]}_profile.jpg"'
    body_of(served)


GOOD_PART = b'Content-Disposition: form-data; name="profile_photo"; filename="a.jpg"\r\n\r\n' + face(2)
MALFORMED = {
    "no boundary at all": (b"x", "multipart/form-data"),
    "an empty boundary": (b"x", "multipart/form-data; boundary="),
    "a boundary of 300": (b"x", "multipart/form-data; boundary=" + "x" * 300),
    "a boundary that never comes": (b"--a\r\n" + GOOD_PART, "multipart/form-data; boundary=other"),
    "an empty body": (b"", "multipart/form-data; boundary=b"),
    "only a boundary": (b"--b", "multipart/form-data; boundary=b"),
    "no end": (b"--b\r\n" + GOOD_PART[: len(GOOD_PART) // 2], "multipart/form-data; boundary=b"),
    "bad base64": (
        b"--b\r\nContent-Transfer-Encoding: base64\r\n" + GOOD_PART[:80] + b"\r\n\r\n!!!\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "a boundary that is not ASCII": (b"x", "multipart/form-data; boundary=\u00e9"),
    "headers without end": (b"--b\r\n" + b"X: y\r\n" * 3000, "multipart/form-data; boundary=b"),
    "5,000 fields": (
        b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(5000))
        + b"--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "500 files": (
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="f%d"; filename="a.jpg"\r\n\r\nx\r\n' % n
            for n in range(500)
        )
        + b"--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "two megabytes of one field": (
        b'--b\r\nContent-Disposition: form-data; name="credit"\r\n\r\n' + b"x" * 2_000_000 + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "a charset that does not exist": (
        b"--b\r\n" + GOOD_PART[:40] + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b; charset=klingon",
    ),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_form_is_refused_in_a_sentence(
    api: Any, ada: dict[str, Any], case: tuple[bytes, str]
) -> None:
    before = everything()
    body, content_type = case
    answer = api.generic("POST", f"/api/students/{ada['id']}/upload-photo/", body, content_type=content_type)
    assert answer.status_code in {400, 413, 415}, answer.content[:500]
    # DRF names the media type that it does not know, however odd it looks.
    assert answer.status_code == 415 or is_one_clear_sentence(answer)
    assert not LEAKS.search(answer.content.decode())
    assert everything() == before


@pytest.mark.parametrize(
    "content_type", ["image/jpeg", "application/octet-stream", "text/plain", "application/xml"]
)
def test_a_photo_that_is_not_in_a_form_is_415(api: Any, ada: dict[str, Any], content_type: str) -> None:
    before = everything()
    answer = api.generic(
        "POST", f"/api/students/{ada['id']}/upload-photo/", face(2), content_type=content_type
    )
    assert answer.status_code == 415
    assert everything() == before


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b"[]",
        b'"x"',
        b"null",
        b"1",
        b"NaN",
        b"[" * 100_000,
        b'{"name": "\\ud800"}',
    ],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_malformed_json_is_refused_in_a_sentence(
    api: Any, ada: dict[str, Any], body: bytes, method: str
) -> None:
    before = everything()
    url = "/api/students/" if method == "POST" else f"/api/students/{ada['id']}/"
    answer = api.generic(method, url, body, content_type="application/json")
    if method == "PATCH" and body == b"":
        assert answer.status_code == 200
        return
    assert answer.status_code == 400, answer.content
    assert not LEAKS.search(answer.content.decode())
    assert everything() == before


@pytest.mark.parametrize("name", ["name", "student_number", "credit"])
def test_a_form_field_that_is_not_utf_8_is_no_error_of_ours(api: Any, ada: dict[str, Any], name: str) -> None:
    answer = api.generic(
        "PATCH", f"/api/students/{ada['id']}/", **form((f'form-data; name="{name}"', b"\xff\xfeA\xe9"))
    )
    assert answer.status_code in {200, 400}


def test_a_file_just_over_20_mb_is_413_with_the_limit_in_the_sentence(api: Any, ada: dict[str, Any]) -> None:
    before = everything()
    answer = hand_in(api, ada["id"], face(2) + bytes(20 * 1_048_576))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert answer.json()["detail"] == "The file is too large. The limit is 20 MB."
    assert everything() == before


def test_a_file_of_just_20_mb_is_looked_at(api: Any, ada: dict[str, Any]) -> None:
    data = face(2)
    answer = hand_in(api, ada["id"], data + bytes(20 * 1_048_576 - len(data)))
    assert answer.status_code == 200, answer.content


def test_a_body_over_the_limit_is_413_by_its_length_alone(api: Any, ada: dict[str, Any]) -> None:
    answer = api.generic(
        "POST",
        f"/api/students/{ada['id']}/upload-photo/",
        b"",
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(10 * 1024**3),
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


def test_json_over_its_limit_is_413_and_names_that_limit(api: Any, ada: dict[str, Any]) -> None:
    answer = api.generic(
        "POST", "/api/auth/login/", b" " * (2 * 1_048_576 + 1), content_type="application/json"
    )
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["detail"]


def test_json_that_django_would_not_hold_in_memory_is_413_too(api: Any) -> None:
    body = b'{"name": "Ada"}' + b" " * 1_500_000
    answer = api.generic("POST", "/api/students/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")
    assert "1 MB" in answer.json()["detail"]


def test_each_refusal_leaves_one_audit_row(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], b"no picture")
    (row,) = AuditEntry.objects.filter(outcome="refused")
    assert (row.actor_name, row.code) == ("alice", "unsupported_format")
