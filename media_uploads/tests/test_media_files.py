"""`/media/files`, `/media/download` and `/media/stats`: one's own files."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from media_uploads.models import MediaFile
from media_uploads.tests.handing_in import check_consistent, everything, keep, persona_of, picture, stored
from photostore.models import AuditEntry
from photostore.storage import storage_for
from testing.people import body_of, client_of
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)
FILES = "/media/files"


def test_only_ones_own_newest_first_in_pages(danas: Any, dana: Any, erik: Any) -> None:
    persona = persona_of(dana)
    mine = [keep(persona, picture(seed)).pk for seed in range(5)]
    keep(persona_of(erik), picture(9))
    found, address = [], f"{FILES}?page_size=2"
    while address:
        page = danas.get(address).json()
        assert set(page) == {"next", "previous", "results"}
        found += [file["id"] for file in page["results"]]
        address = page["next"]
    assert found == mine[::-1]


def test_the_list_costs_the_same_however_long_it_is(danas: Any, dana: Any) -> None:
    persona = persona_of(dana)
    counts = []
    for seed in range(2):
        keep(persona, picture(seed))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            danas.get(FILES)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert len([q for q in asked.captured_queries if "media_" in q["sql"]]) == 1


def test_filters(danas: Any, dana: Any, erik: Any) -> None:
    one, other, theirs = persona_of(dana), persona_of(dana), persona_of(erik)
    image, clip = keep(one, picture(1)).pk, keep(one, video("mp4"), "a.mp4").pk
    second = keep(other, picture(2)).pk
    keep(theirs, picture(3))

    def found(query: str) -> list[int]:
        return [file["id"] for file in danas.get(f"{FILES}{query}").json()["results"]]

    assert found(f"?persona_id={one.pk}") == [clip, image]
    assert found("?media_type=image") == [second, image]
    assert found(f"?media_type=video&persona_id={one.pk}") == [clip]
    assert (
        found(f"?persona_id={theirs.pk}") == found("?persona_id=4711") == found(f"?persona_id={10**30}") == []
    )


@pytest.mark.parametrize("query", ["persona_id=x", "persona_id=1.5", "media_type=song"])
def test_filters_that_make_no_sense(danas: Any, query: str) -> None:
    answer = danas.get(f"{FILES}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(answer.json()["errors"]) == {query.partition("=")[0]}


@pytest.mark.parametrize("method", ["get", "put", "patch"])
@pytest.mark.parametrize("form", ["json", "multipart"])
def test_describing(danas: Any, dana: Any, method: str, form: str) -> None:
    file = keep(persona_of(dana), picture(1), description="before")
    body = {"description": "after"} if method != "get" else None
    answer = getattr(danas, method)(f"{FILES}/{file.pk}", body, format=form)
    assert answer.status_code == 200
    assert answer.json()["description"] == ("before" if method == "get" else "after")
    assert answer["Cache-Control"] == "private, no-store"
    file.refresh_from_db()
    assert (file.updated_at > file.created_at) == (method != "get")


def test_describing_needs_a_description(danas: Any, dana: Any) -> None:
    place = f"{FILES}/{keep(persona_of(dana), picture(1), description='as it was').pk}"
    for body in (
        {},
        {"description": None},
        {"description": "a\0b"},
        {"description": "x" * 10_001},
        [],
        7,
        "x",
    ):
        assert danas.put(place, body).status_code == 400, body
    for body in ({"description": None}, [], 7, "x"):
        assert danas.patch(place, body).status_code == 400, body
    assert danas.patch(place, {}).json()["description"] == "as it was"
    assert danas.patch(place, {"description": ""}).json()["description"] == ""


@pytest.mark.s3
def test_deleting(danas: Any, dana: Any, each_storage: str) -> None:
    file, other = keep(persona_of(dana), video("mp4"), "a.mp4"), keep(persona_of(dana), picture(1))
    link = danas.get(f"{FILES}/{file.pk}").json()["url"]
    assert danas.delete(f"{FILES}/{file.pk}").status_code == 204
    assert [row.pk for row in MediaFile.objects.all()] == [other.pk]
    assert len(stored()) == 4
    check_consistent()
    assert AuditEntry.objects.get(action="media.delete").old_sha256 == file.sha256
    if each_storage == "disk":
        assert client_of().get(link).status_code == 404
    assert danas.delete(f"{FILES}/{file.pk}").status_code == 404


@pytest.mark.parametrize(
    ("method", "place"),
    [("get", "files"), ("put", "files"), ("patch", "files"), ("delete", "files"), ("get", "download")],
)
def test_somebody_elses_and_a_missing_one_get_the_same_bytes(
    danas: Any, erik: Any, method: str, place: str
) -> None:
    theirs = keep(persona_of(erik), picture(1)).pk
    before = everything()
    ask, said = getattr(danas, method), {"description": "x"} if method in {"put", "patch"} else None
    foreign, missing = (ask(f"/media/{place}/{pk}", said) for pk in (theirs, 4711))
    assert (foreign.status_code, foreign.json()["error"]) == (404, f"Media file {theirs} not found")
    assert foreign.content.replace(b"Media file %d " % theirs, b"Media file 4711 ") == missing.content
    assert everything() == before


@pytest.mark.parametrize("address", ["files", "files/1", "download/1", "stats"])
def test_nobody_is_401(db: None, address: str) -> None:
    for slash in ("", "/"):
        answer = client_of().get(f"/media/{address}{slash}")
        assert (answer.status_code, answer.json()["error"]) == (401, "Not authenticated")
    french = client_of().get(f"/media/{address}", headers={"accept-language": "fr"})
    assert french.json()["detail"] == "Non authentifié"


@pytest.mark.parametrize(
    "address", ["files/x", "download/x", "files/-1", "download/1.5", f"files/{'9' * 5000}"]
)
def test_what_is_no_number_is_404(danas: Any, address: str) -> None:
    assert danas.get(f"/media/{address}").status_code == 404


def test_a_number_that_no_row_can_have(danas: Any) -> None:
    assert danas.get(f"{FILES}/{10**40}").json()["error"] == f"Media file {10**40} not found"
    assert danas.delete(f"{FILES}/{10**40}").status_code == 404
    assert danas.delete(f"/api/personas/{10**40}/").status_code == 404


@pytest.mark.s3
def test_download(danas: Any, dana: Any, each_storage: str) -> None:
    file = keep(persona_of(dana), video("mp4"), "Ein Abend.mp4")
    whole = danas.get(f"/media/download/{file.pk}")
    assert (whole.status_code, body_of(whole)) == (200, video("mp4"))
    assert whole["Content-Disposition"] == 'attachment; filename="Ein Abend.mp4"'
    assert whole["Content-Type"] == "video/mp4"
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Accept-Ranges"] == "bytes"
    part = danas.get(f"/media/download/{file.pk}", headers={"range": "bytes=-10"})
    assert (part.status_code, body_of(part)) == (206, video("mp4")[-10:])
    beyond = danas.get(f"/media/download/{file.pk}", headers={"range": "bytes=99999999-"})
    assert beyond.status_code == 416
    again = danas.get(f"/media/download/{file.pk}", headers={"if-none-match": whole["ETag"]})
    assert again.status_code == 304
    head = danas.head(f"/media/download/{file.pk}")
    assert (head.status_code, head["Content-Length"], body_of(head)) == (200, str(file.file_size), b"")


@pytest.mark.parametrize(
    ("name", "kept", "disposition"),
    [
        ("été à Łó.jpg", "été à Łó.jpg", "filename*=utf-8''%C3%A9t%C3%A9%20%C3%A0%20%C5%81%C3%B3.jpg"),
        ('a "b" \\c.jpg', "c.jpg", 'filename="c.jpg"'),
        ('a "b".jpg', 'a "b".jpg', 'filename="a \\"b\\".jpg"'),
        ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie: x=1.jpg", 'filename="aSet-Cookie: x=1.jpg"'),
        ("a\0.jpg", "a.jpg", 'filename="a.jpg"'),
        ("gpj.exe\u202e.jpg", "gpj.exe.jpg", 'filename="gpj.exe.jpg"'),
        ("../../etc/passwd.jpg", "passwd.jpg", 'filename="passwd.jpg"'),
        ("C:\\Users\\x\\me.jpg", "me.jpg", 'filename="me.jpg"'),
        ("\ud800.jpg", ".jpg", 'filename=".jpg"'),
        ("x" * 400 + ".jpg", "x" * 251 + ".jpg", 'filename="%s.jpg"' % ("x" * 251)),
        ("日本語.jpg", "日本語.jpg", "filename*=utf-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.jpg"),
    ],
)  # fmt: skip
def test_names(danas: Any, dana: Any, name: str, kept: str, disposition: str) -> None:
    file = keep(persona_of(dana), picture(1), name)
    file.refresh_from_db()
    assert file.original_filename == kept
    answer = danas.get(f"/media/download/{file.pk}")
    assert answer["Content-Disposition"] == f"attachment; {disposition}"
    body_of(answer)


def test_a_download_whose_bytes_are_gone(danas: Any, dana: Any) -> None:
    file = keep(persona_of(dana), picture(1))
    storage_for().remove(file.key)
    answer = danas.get(f"/media/download/{file.pk}")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")


def test_with_the_storage_unavailable(danas: Any, dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from photostore.errors import StorageUnavailable

    def away(*args: Any, **kwargs: Any) -> None:
        raise StorageUnavailable

    file = keep(persona_of(dana), picture(1))
    for method in ("open_file", "put", "remove"):
        monkeypatch.setattr(f"photostore.storage.disk.DiskStorage.{method}", away)
    answer = danas.get(f"/media/download/{file.pk}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert danas.get(f"{FILES}/{file.pk}").status_code == 200
    assert danas.delete(f"{FILES}/{file.pk}").status_code == 204, "its bytes wait in the outbox"


def test_stats(danas: Any, dana: Any, erik: Any) -> None:
    empty = danas.get("/media/stats").json()
    assert empty == {
        "total_files": 0, "total_images": 0, "total_videos": 0, "total_size_bytes": 0, "total_size_mb": 0.0,
        "files_per_persona": {},
    }  # fmt: skip
    one, other, _none = persona_of(dana), persona_of(dana), persona_of(dana)
    files = [keep(one, picture(1)), keep(one, video("mp4"), "a.mp4"), keep(other, picture(2))]
    keep(persona_of(erik), picture(3))
    size = sum(file.file_size for file in files)
    with CaptureQueriesContext(connection) as asked:
        said = danas.get("/media/stats").json()
    assert said == {
        "total_files": 3, "total_images": 2, "total_videos": 1, "total_size_bytes": size,
        "total_size_mb": round(size / 1_048_576, 2), "files_per_persona": {str(one.pk): 2, str(other.pk): 1},
    }  # fmt: skip
    assert len([query for query in asked.captured_queries if "media_files" in query["sql"]]) == 1


@pytest.mark.parametrize(
    ("address", "methods"),
    [
        ("files", "post put patch delete"),
        ("files/1", "post"),
        ("stats", "post put"),
        ("upload/1", "get put delete"),
    ],
)
def test_other_methods_are_405(danas: Any, address: str, methods: str) -> None:
    for method in methods.split():
        answer = getattr(danas, method)(f"/media/{address}")
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
