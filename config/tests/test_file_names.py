"""Files arrive under names as clients write them, byte for byte, at every endpoint that takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from media_uploads.models import MediaFile, UserImage
from media_uploads.tests.handing_in import persona_of
from photostore.uploads.forms import text_of
from profile_pictures.models import ProfilePictureUpload
from students.models import Student, StudentPhoto
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db(transaction=True)

BOUNDARY = "----WebKitFormBoundary7MA4YWxk"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PICTURE = saved(portrait(3, 100, 130), "JPEG")


def header(field: str, said: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + field.encode() + b'"' + said


def form(*parts: tuple[bytes, bytes], end: bytes = b"--\r\n") -> bytes:
    mark = b"--" + BOUNDARY.encode()
    return b"".join(mark + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + mark + end


NAMES = {
    "UTF-8": ('; filename="Müller.jpg"'.encode(), "Müller.jpg"),
    "Latin-1": ('; filename="Müller.jpg"'.encode("latin-1"), "Müller.jpg"),
    "cp1252": ('; filename="L’été.jpg"'.encode("cp1252"), None),
    "cp932": ('; filename="写真 ソフト.jpg"'.encode("cp932"), "写真 ソフト.jpg"),
    "folded": (b';\r\n filename="Mueller.jpg"', "Mueller.jpg"),
    "folded by a tab": (b';\r\n\tfilename="Mueller.jpg"', "Mueller.jpg"),
    "filename*": (b"; filename*=UTF-8''M%C3%BCller.jpg", "Müller.jpg"),
    "filename* in Latin-1": (b"; filename*=ISO-8859-1''M%FCller.jpg", "Müller.jpg"),
    "both": (b"; filename=\"M_ller.jpg\"; filename*=UTF-8''M%C3%BCller.jpg", "Müller.jpg"),
    "without quotes": (b"; filename=Mueller.jpg", "Mueller.jpg"),
    "empty": (b'; filename=""', "upload"),
    "dots": (b'; filename=".."', "upload"),
    "long": (b'; filename="' + b"a" * 251 + b".jpg\"; filename*=UTF-8''" + b"%C3%A4" * 251 + b".jpg", None),
}


@pytest.mark.parametrize(("said", "name"), NAMES.values(), ids=NAMES)
def test_a_new_student_has_the_photo(api: Any, said: bytes, name: str | None) -> None:
    body = form((header("name", b""), b"Ada"), (header("profile_photo", said), PICTURE))
    answer = api.post("/api/students/", body, content_type=FORM)
    assert (answer.status_code, bool(answer.json().get("profile_photo"))) == (201, True), answer.content
    if name:
        assert StudentPhoto.objects.get().original_filename == name


LATIN_1 = NAMES["Latin-1"][0]
FOLDED = NAMES["folded"][0]


def endpoints(student: Student, persona: Any) -> dict[str, tuple[str, str, str, int, Callable[[], Any]]]:
    """Method, address, field, status, and what is kept then."""
    place = f"/api/students/{student.pk}/"
    photos, waiting = StudentPhoto.objects.filter(student=student), ProfilePictureUpload.objects.all()
    return {
        "put": ("put", place, "profile_photo", 200, photos.count),
        "patch": ("patch", place, "profile_photo", 200, photos.count),
        "upload-photo": ("post", f"{place}upload-photo/", "profile_photo", 200, photos.count),
        "attendance": ("post", f"{place}attendance-photos/", "image", 201, photos.count),
        "S2": ("post", "/api/upload_user_image/", "image", 200, UserImage.objects.count),
        "S3": ("post", "/api/users/upload-profile-picture/", "image", 201, waiting.count),
        "S4": ("post", f"/media/upload/{persona.pk}", "file", 201, MediaFile.objects.count),
    }


BESIDE = {
    "put": [(header("name", b""), b"Ada")],
    "attendance": [(header("date", b""), b"2026-09-01"), (header("session", b""), b"AM")],
}


@pytest.mark.parametrize("said", [LATIN_1, FOLDED], ids=["Latin-1", "folded"])
@pytest.mark.parametrize("which", ["put", "patch", "upload-photo", "attendance", "S2", "S3", "S4"])
def test_every_endpoint_takes_it(api: Any, alice: Any, which: str, said: bytes) -> None:
    student = Student.objects.create(name="Ada")
    method, address, field, status, kept = endpoints(student, persona_of(alice))[which]
    body = form(*BESIDE.get(which, []), (header(field, said), PICTURE))
    answer = getattr(api, method)(address, body, content_type=FORM)
    assert (answer.status_code, kept()) == (status, 1), answer.content


def test_it_has_its_name_again_in_the_admin(admin_client: Any) -> None:
    """Its form is read by Django, not by REST framework."""
    body = form(
        (header("name", b""), b"Ada"),
        (header("status", b""), b"active"),
        (header("new_photo", LATIN_1), PICTURE),
    )
    admin_client.post("/admin/students/student/add/", body, content_type=FORM)
    assert [photo.original_filename for photo in StudentPhoto.objects.all()] == ["Müller.jpg"]


@pytest.mark.parametrize(
    "parts",
    [
        [(b'Content-Disposition: form-data; filename="a.jpg"', PICTURE)],
        [(b"Content-Type: image/jpeg", PICTURE)],
        [(b"X-Long: " + b"x" * 9_000 + b"\r\n" + header("profile_photo", LATIN_1), PICTURE)],
        [(header("profile_photo", b"; filename*=klingon''a.jpg"), PICTURE)],
    ],
    ids=["without a name", "without a disposition", "with a long header", "in a charset that is none"],
)
def test_a_part_that_cannot_be_read_is_a_400(api: Any, parts: list[tuple[bytes, bytes]]) -> None:
    answer = api.post("/api/students/", form((header("name", b""), b"Ada"), *parts), content_type=FORM)
    assert (answer.status_code, Student.objects.count()) == (400, 0)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"-"])
def test_a_form_that_is_cut_off_is_a_400(api: Any, end: bytes) -> None:
    body = form((header("name", b""), b"Ada"), end=end)
    answer = api.post("/api/students/", body, content_type=FORM)
    assert (answer.status_code, answer.json()["code"], Student.objects.count()) == (400, "parse_error", 0)


def test_cut_in_the_middle_of_a_text_it_is_a_400(api: Any) -> None:
    body = form((header("name", b""), b"Ada"), (header("class_name", b""), b"4b"))
    answer = api.post("/api/students/", body[: body.index(b"4b") + 1], content_type=FORM)
    assert (answer.status_code, Student.objects.count()) == (400, 0)


def test_where_nobody_chose_a_file_there_is_none(api: Any) -> None:
    body = form((header("name", b""), b"Ada"), (header("profile_photo", b'; filename=""'), b""))
    answer = api.post("/api/students/", body, content_type=FORM)
    assert (answer.status_code, answer.json()["profile_photo"]) == (201, None)


def test_what_stands_before_and_after_a_form_is_none_of_it(api: Any) -> None:
    body = b"A preamble.\r\n" + form((header("name", b""), b"Ada"), end=b"--\r\nAn epilogue.\r\n")
    assert api.post("/api/students/", body, content_type=FORM).status_code == 201


@pytest.mark.parametrize("text", ["Müller", "L’été €", "写真", "Straße", "ソ"])
@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "latin-1", "cp932"])
def test_texts_of_headers(text: str, charset: str) -> None:
    try:
        line = text.encode(charset)
    except UnicodeEncodeError:
        return
    if (text, charset) != ("L’été €", "cp1252"):  # which also looks like Japanese
        assert text_of(line) == text
