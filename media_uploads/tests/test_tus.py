"""tus 1.0 as its specification has it (https://tus.io/protocols/resumable-upload), on disk."""

from __future__ import annotations

import base64
import errno
import os
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.utils import timezone

from media_uploads.models import DirectUpload, MediaFile
from media_uploads.tests.announced import CHUNK, TUS, announce, complete, patch, path_of
from media_uploads.tests.handing_in import check_consistent, persona_of, picture, stored
from photostore.incoming.spool import held_spool
from testing.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def persona(dana: Any) -> Any:
    return persona_of(dana)


def metadata(**fields: str) -> str:
    return ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items())


def create(client: Any, persona: Any, data: bytes, **headers: Any) -> Any:
    said = {"HTTP_UPLOAD_LENGTH": str(len(data)), "HTTP_UPLOAD_METADATA": metadata(filename="Mé.jpg")}
    return client.post(f"/media/uploads/{persona.pk}", **{**TUS, **said, **headers})


@pytest.fixture
def place(danas: Any, persona: Any) -> str:
    return path_of(announce(danas, persona, picture()).json())


def offset(client: Any, place: str) -> str:
    return client.head(place, **TUS).headers["Upload-Offset"]


def test_a_type_with_its_codecs(danas: Any, persona: Any) -> None:
    said = metadata(filename="a.webm", filetype="video/webm;codecs=vp8,opus")
    made = create(danas, persona, picture(), HTTP_UPLOAD_METADATA=said)
    assert (made.status_code, made.json()["content_type"]) == (201, "video/webm")


def test_a_stock_client_needs_nothing_but_the_endpoint(danas: Any, persona: Any) -> None:
    data = picture()
    made = create(danas, persona, data)
    assert (made.status_code, made.headers["Tus-Resumable"]) == (201, "1.0.0")
    place = made.headers["Location"].removeprefix("http://testserver")
    assert made.headers["Location"].startswith("http://testserver/media/uploads/")
    expires = parsedate_to_datetime(made.headers["Upload-Expires"])
    assert timedelta(hours=23) < expires - timezone.now() < timedelta(hours=24)
    head = danas.head(place, **TUS)
    assert (head.status_code, head.headers["Cache-Control"]) == (200, "no-store")
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("0", str(len(data)))
    first = patch(danas, place, data[:1000], 0)
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert first.headers["Upload-Expires"] and not first.content
    assert offset(danas, place) == "1000"
    assert patch(danas, place, data[1000:], 1000).headers["Upload-Offset"] == str(len(data))
    assert danas.post(f"{place}/complete").status_code == 201
    assert MediaFile.objects.get().original_filename == "Mé.jpg"
    check_consistent()


def test_what_it_can_do(persona: Any) -> None:
    answer = client_of().options(f"/media/uploads/{persona.pk}")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "expiration",
        "termination",
    }
    assert answer.headers["Tus-Max-Size"] == str(100 * 1_048_576)


@pytest.mark.parametrize("version", [{}, {"HTTP_TUS_RESUMABLE": "0.2.2"}], ids=["none", "an old one"])
@pytest.mark.parametrize("method", ["head", "patch"])
def test_another_version_is_refused(danas: Any, place: str, version: dict[str, str], method: str) -> None:
    answer = danas.generic(method.upper(), place, b"abc", CHUNK, HTTP_UPLOAD_OFFSET="0", **version)
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert offset(danas, place) == "0"


def test_another_version_creates_nothing(danas: Any, persona: Any) -> None:
    assert create(danas, persona, b"x", HTTP_TUS_RESUMABLE="2.0.0").status_code == 412
    assert not DirectUpload.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_UPLOAD_LENGTH": "many"},
        {"HTTP_UPLOAD_LENGTH": "-1"},
        {"HTTP_UPLOAD_LENGTH": "0"},
        {"HTTP_UPLOAD_LENGTH": "", "HTTP_UPLOAD_DEFER_LENGTH": "1"},
        {"HTTP_UPLOAD_METADATA": "filename !!!"},
        {"HTTP_UPLOAD_METADATA": "filename /w=="},
        {"HTTP_UPLOAD_METADATA": f"{metadata(filename='a.jpg')},{metadata(filename='b.jpg')}"},
        {"HTTP_UPLOAD_METADATA": ""},
        {"HTTP_UPLOAD_METADATA": metadata(filename="a.exe")},
    ],
)
def test_a_malformed_creation_is_a_400(danas: Any, persona: Any, headers: dict[str, str]) -> None:
    assert create(danas, persona, b"x", **headers).status_code == 400
    assert not DirectUpload.objects.exists() and not stored()


def test_too_large_is_told_at_once(danas: Any, persona: Any) -> None:
    headers = {"HTTP_UPLOAD_LENGTH": str(101 * 1_048_576), "HTTP_UPLOAD_METADATA": metadata(filename="a.mp4")}
    assert create(danas, persona, b"", **headers).status_code == 413


@pytest.mark.parametrize("said", ["1", "100", "99999999999"])
def test_a_wrong_offset_is_a_409_and_writes_nothing(danas: Any, place: str, said: str) -> None:
    answer = patch(danas, place, b"abc", int(said))
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
    assert answer.json()["detail"] == "The next byte to send is number 0."
    assert offset(danas, place) == "0"


@pytest.mark.parametrize("said", ["", "-1", "one", "1.5", "²"])
def test_a_malformed_offset_is_a_400(danas: Any, place: str, said: str) -> None:
    assert patch(danas, place, b"abc", 0, HTTP_UPLOAD_OFFSET=said).status_code == 400


def test_another_content_type_is_a_415(danas: Any, place: str) -> None:
    answer = danas.generic("PATCH", place, b"abc", "image/jpeg", HTTP_UPLOAD_OFFSET="0", **TUS)
    assert answer.status_code == 415
    assert offset(danas, place) == "0"


def test_more_than_was_announced_is_a_413(danas: Any, place: str) -> None:
    size = len(picture())
    assert patch(danas, place, bytes(size + 1), 0).status_code == 413
    assert offset(danas, place) == "0"
    assert patch(danas, place, bytes(size), 0).status_code == 204
    assert patch(danas, place, b"x", size).status_code == 413
    assert patch(danas, place, b"", size).status_code == 204, "nothing more is no more"


def test_while_one_writes_another_waits_outside(dana: Any, danas: Any, place: str) -> None:
    key = DirectUpload.objects.get().key
    with held_spool(key):
        answer = patch(danas, place, b"abc", 0)
        assert (answer.status_code, answer.json()["code"]) == (423, "in_use")
        assert danas.delete(place, **TUS).status_code == 423
    assert patch(danas, place, b"abc", 0).status_code == 204


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def test_where_files_have_no_locks_the_database_has(
    dana: Any, danas: Any, place: str, monkeypatch: Any, number: int
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, "No locks available")

    monkeypatch.setattr("photostore.incoming.spool.fcntl.flock", refuse)
    assert patch(danas, place, b"abc", 0).status_code == 204
    assert in_another_session(lambda: patch(danas, place, b"d", 3).status_code) == 204
    with held_spool(DirectUpload.objects.get().key):
        assert in_another_session(lambda: patch(client_of(dana), place, b"e", 4).status_code) == 423
    assert offset(danas, place) == "4"


def in_another_session(do: Any) -> Any:
    from django.db import connection

    said: list[Any] = []

    def work() -> None:
        try:
            said.append(do())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return said[0]


def test_many_at_once_write_whole_pieces(dana: Any, danas: Any, persona: Any) -> None:
    """Eight send the same file in pieces, each from the offset that it is told."""
    from django.db import connection

    data = os.urandom(400_000)
    place = path_of(announce(danas, persona, data, "a.mp4").json())

    def race(client: Any) -> None:
        try:
            while (at := int(offset(client, place))) < len(data):
                answer = patch(client, place, data[at : at + 9_999], at)
                assert answer.status_code in {204, 409, 423}
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[client_of(dana)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(prefix="incoming/") == {DirectUpload.objects.get().key: data}


def test_a_full_disk_is_a_503_and_nothing_is_lost(danas: Any, persona: Any, monkeypatch: Any) -> None:
    data = picture()
    place = path_of(announce(danas, persona, data).json())
    assert patch(danas, place, data[:100], 0).status_code == 204
    write = os.write

    def full(descriptor: int, piece: Any) -> int:
        if len(piece) > 500:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, piece)

    with monkeypatch.context() as patched:
        patched.setattr("photostore.incoming.spool.os.write", full)
        answer = patch(danas, place, data[100:], 100)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert answer.headers["Retry-After"]
    assert offset(danas, place) == "100"
    assert patch(danas, place, data[100:], 100).status_code == 204
    assert danas.post(f"{place}/complete").status_code == 201


def test_terminated_it_is_gone(danas: Any, place: str) -> None:
    assert patch(danas, place, b"abc", 0).status_code == 204
    assert danas.delete(place, **TUS).status_code == 204
    for answer in (danas.head(place, **TUS), patch(danas, place, b"d", 3), danas.delete(place, **TUS)):
        assert answer.status_code == 404
    assert not stored()


def test_an_expired_one_takes_nothing_more(danas: Any, place: str) -> None:
    DirectUpload.objects.update(expires_at=timezone.now())
    assert patch(danas, place, b"abc", 0).status_code == 404
    assert danas.head(place, **TUS).status_code == 404


def test_a_completed_one_takes_nothing_more(danas: Any, persona: Any) -> None:
    data = picture()
    upload = announce(danas, persona, data).json()
    assert patch(danas, path_of(upload), data, 0).status_code == 204
    assert complete(danas, upload).status_code == 201
    assert patch(danas, path_of(upload), b"", len(data)).status_code == 409
    assert offset(danas, path_of(upload)) == str(len(data))


def test_a_spool_that_is_gone_is_not_found(danas: Any, place: str) -> None:
    from photostore.storage import storage_for

    storage_for().remove(DirectUpload.objects.get().key)
    assert danas.head(place, **TUS).status_code == 404
    assert patch(danas, place, b"abc", 0).status_code == 404
    assert danas.delete(place, **TUS).status_code == 204


def test_strangers_write_nothing(eriks: Any, place: str, danas: Any) -> None:
    assert patch(eriks, place, b"abc", 0).status_code == 404
    assert patch(client_of(), place, b"abc", 0).status_code == 401
    assert offset(danas, place) == "0"


def test_a_bucket_speaks_no_tus(danas: Any, persona: Any, settings: Any, s3_alias: Any) -> None:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias, "safe": s3_alias}
    answer = create(danas, persona, picture())
    assert (answer.status_code, answer.json()["code"]) == (409, "no_tus_here")
    place = path_of(announce(danas, persona, picture()).json())
    assert danas.head(place, **TUS).status_code == 404
    assert patch(danas, place, b"abc", 0).status_code == 404


def test_what_was_said_of_it_is_said_again_as_it_was_said(danas: Any, persona: Any) -> None:
    said = metadata(filename="me.jpg", filetype="image/jpeg") + ",taken " + "gIE=" + ",is_secret"
    place = create(danas, persona, picture(), HTTP_UPLOAD_METADATA=said).headers["Location"]
    assert danas.head(place, **TUS).headers["Upload-Metadata"] == said
    assert "Upload-Metadata" not in danas.head(path_of(announce(danas, persona, b"x").json()), **TUS).headers


@pytest.mark.parametrize("sent", ["post", "get"])
def test_a_method_may_be_said_in_a_header(danas: Any, place: str, sent: str) -> None:
    headers = {**TUS, "HTTP_UPLOAD_OFFSET": "0", "HTTP_X_HTTP_METHOD_OVERRIDE": "PATCH"}
    answer = danas.generic(sent.upper(), place, b"abc", CHUNK, **headers)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "3")
    looked = danas.post(place, **TUS, HTTP_X_HTTP_METHOD_OVERRIDE="head")
    assert (looked.status_code, looked.headers["Upload-Offset"]) == (200, "3")
    assert danas.post(place, **TUS, HTTP_X_HTTP_METHOD_OVERRIDE="BREW").status_code == 405
    assert danas.post(place, **TUS, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE").status_code == 204
    assert not DirectUpload.objects.exists()


def test_a_page_needs_its_token_whatever_method_it_says(dana: Any, place: str) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(dana, backend="profile_pictures.backends.ThrottledModelBackend")
    assert client.get(place, headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 403
    assert DirectUpload.objects.exists()


@pytest.mark.parametrize("share", [0, 100, 1_000_000], ids=["none", "some", "all"])
def test_bytes_may_come_with_the_creation(danas: Any, persona: Any, share: int) -> None:
    data = picture()
    first = data[:share]
    made = created_with(danas, persona, first, len(data))
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, str(len(first)))
    place = made.headers["Location"]
    assert offset(danas, place) == str(len(first))
    assert patch(danas, place, data[len(first) :], len(first)).status_code == 204
    assert danas.post(f"{place}/complete").status_code == 201


def created_with(client: Any, persona: Any, first: bytes, size: int) -> Any:
    said = {"HTTP_UPLOAD_LENGTH": str(size), "HTTP_UPLOAD_METADATA": metadata(filename="me.jpg")}
    return client.generic("POST", f"/media/uploads/{persona.pk}", first, CHUNK, **TUS, **said)


def test_more_bytes_than_the_creation_says_create_nothing(danas: Any, persona: Any) -> None:
    assert created_with(danas, persona, b"abcd", 3).status_code == 413
    assert not DirectUpload.objects.exists() and not stored()


def test_nobody_elses_persona_gets_bytes(eriks: Any, persona: Any) -> None:
    assert created_with(eriks, persona, b"abc", 3).status_code == 404
    assert not stored()


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_UPLOAD_CONCAT": "partial"},
        {"HTTP_UPLOAD_CONCAT": "final;/media/uploads/a /media/uploads/b"},
        {"HTTP_UPLOAD_DEFER_LENGTH": "1"},
        {"HTTP_UPLOAD_CHECKSUM": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="},
    ],
)
def test_what_is_not_spoken_is_refused(danas: Any, persona: Any, headers: dict[str, str]) -> None:
    answer = create(danas, persona, picture(), **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "tus_extension_not_spoken")
    assert not DirectUpload.objects.exists()


def test_a_checksum_that_nobody_compares_is_refused(danas: Any, place: str) -> None:
    answer = patch(danas, place, b"abc", 0, HTTP_UPLOAD_CHECKSUM="md5 AAAA")
    assert answer.status_code == 400
    assert offset(danas, place) == "0"
