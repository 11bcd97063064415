"""Direct uploads, on disk and on S3: announced, sent where the service says, completed once."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from media_uploads.models import UPLOAD_OWNER_LABEL, DirectUpload, MediaFile, Usage
from media_uploads.tests.announced import announce, complete, path_of, send, sent
from media_uploads.tests.handing_in import check_consistent, persona_of, picture, stored
from photostore.errors import StorageUnavailable
from photostore.inventory import orphans
from photostore.locks import advisory_lock
from photostore.models import AuditEntry, PendingRemoval
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from testing.kills.commands import killed_after
from testing.people import client_of
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1_048_576


@pytest.fixture
def persona(dana: Any, each_storage: str) -> Any:
    return persona_of(dana)


def one_row_and_nothing_left() -> MediaFile:
    row = MediaFile.objects.get()
    assert not stored(prefix="incoming/")
    check_consistent()
    return row


def nothing_was_kept() -> None:
    assert not MediaFile.objects.exists()
    assert not stored()
    assert not DirectUpload.objects.exists()
    check_consistent()


# --- all the way ------------------------------------------------------------------------------------------


@pytest.mark.s3
def test_an_image(danas: Any, persona: Any, each_storage: str) -> None:
    upload = sent(danas, persona, picture(), "Mé.jpg", description="at the sea")
    assert upload["protocol"] == ("tus" if each_storage == "disk" else "put")
    answer = complete(danas, upload)
    assert answer.status_code == 201, answer.content
    row = one_row_and_nothing_left()
    assert answer.json()["id"] == row.pk
    assert (row.original_filename, row.description, row.media_type) == ("Mé.jpg", "at the sea", "image")
    status = danas.get(path_of(upload)).json()
    assert (status["state"], status["file_id"], "url" in status) == ("completed", row.pk, False)


@pytest.mark.s3
def test_a_video_in_parts(danas: Any, persona: Any, each_storage: str) -> None:
    data = video("mp4") + bytes(20 * MB)
    data = video("mp4") + (len(data) - len(video("mp4"))).to_bytes(4, "big") + b"free" + bytes(20 * MB - 8)
    upload = sent(danas, persona, data, "goal.mp4", content_type="video/mp4")
    assert upload["protocol"] == ("tus" if each_storage == "disk" else "multipart")
    assert danas.get(path_of(upload)).json()["offset"] == len(data)
    assert complete(danas, upload).status_code == 201
    row = one_row_and_nothing_left()
    assert (row.media_type, row.file_size) == ("video", len(data))
    assert stored(prefix="uploads/videos/")[row.key] == data


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("video/webm;codecs=vp8,opus", "video/webm"),  # as MediaRecorder says it
        ('video/mp4; codecs="avc1.42E01E, mp4a.40.2"', "video/mp4"),
        ("video/mp4 ; a=b", "video/mp4"),
        ("text/plain;charset=utf-8", "text/plain"),
        ("", "application/octet-stream"),
    ],
)
def test_types_as_browsers_say_them(danas: Any, persona: Any, said: str, kept: str) -> None:
    data = video("mp4")
    upload = sent(danas, persona, data, "goal.mp4", content_type=said)
    assert upload["content_type"] == kept
    assert complete(danas, upload).status_code == 201


# --- refused when announced ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"size": 10 * MB + 1}, 413, "Image file too large. Maximum size is 10MB"),
        ({"filename": "a.MOV", "size": 100 * MB + 1}, 413, "Video file too large. Maximum size is 100MB"),
        ({"filename": "a.exe"}, 400, "Invalid file type. Allowed types: "),
        ({"filename": "a.heic"}, 400, "Invalid image type. Allowed types: "),
        ({"filename": "none"}, 400, "Invalid file type. Allowed types: "),
        ({"size": 0}, 400, "The file is empty."),
        ({"size": -1}, 400, ""),
        ({"size": "many"}, 400, ""),
        ({"content_type": "image/jpeg\r\nX-Evil: 1"}, 400, "This is not a content type."),
        ({"content_type": "é/é"}, 400, "This is not a content type."),
        ({"filename": ""}, 400, ""),
        ({"filename": "a\0.jpg"}, 400, ""),
    ],
)
def test_what_can_be_told_before_is_refused_before(
    danas: Any, persona: Any, said: dict[str, Any], status: int, sentence: str
) -> None:
    answer = announce(danas, persona, b"x" * 100, **said)
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"].startswith(sentence)
    nothing_was_kept()


def test_a_persona_must_be_ones_own(danas: Any, eriks: Any, persona: Any) -> None:
    foreign, missing = (
        announce(eriks, persona, b"x"),
        announce(eriks, 4711, b"x"),
    )
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["detail"] == f"Persona {persona.pk} not found"
    assert foreign.content.replace(f"Persona {persona.pk} ".encode(), b"Persona 4711 ") == missing.content
    anonymous = announce(client_of(), persona, b"x")
    assert (anonymous.status_code, anonymous.json()["error"]) == (401, "Not authenticated")


def test_what_is_announced_counts_against_the_quota(danas: Any, persona: Any, settings: Any) -> None:
    settings.USER_QUOTA_BYTES = 5 * MB
    first = announce(danas, persona, bytes(3 * MB)).json()
    answer = announce(danas, persona, bytes(3 * MB))
    assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
    assert danas.delete(path_of(first)).status_code == 204
    assert announce(danas, persona, bytes(3 * MB)).status_code == 201


@pytest.mark.s3
def test_nobody_takes_the_room_that_was_promised(danas: Any, persona: Any, settings: Any) -> None:
    """Neither a plain upload nor an image: else a hundred megabytes would be refused after they were sent."""
    settings.USER_QUOTA_FILES = 2
    first, second = (sent(danas, persona, picture(seed)) for seed in (1, 2))
    for address, field in (("/api/upload_user_image/", "image"), (f"/media/upload/{persona.pk}", "file")):
        form = {field: SimpleUploadedFile("me.jpg", picture(3))}
        answer = danas.post(address, form, format="multipart")
        assert (answer.status_code, answer.json()["code"]) == (413, "quota_exceeded")
    assert [complete(danas, upload).status_code for upload in (first, second)] == [201, 201]
    assert Usage.objects.get().files == 2
    assert len(stored(prefix="users/")) == 0 and len(stored(prefix="uploads/")) == 2


def test_so_many_may_be_open_at_a_time(danas: Any, eriks: Any, persona: Any, settings: Any) -> None:
    settings.OPEN_UPLOADS_PER_USER = 2
    assert [announce(danas, persona, b"x").status_code for _ in range(3)] == [201, 201, 429]
    answer = announce(danas, persona, b"x")
    assert answer.json()["detail"].startswith("2 of your uploads are still open.")
    assert answer.headers["Retry-After"]
    DirectUpload.objects.update(expires_at=timezone.now())
    assert announce(danas, persona, b"x").status_code == 201, "what has expired is open no more"


def test_twenty_race_for_the_last_place(dana: Any, persona: Any, settings: Any) -> None:
    settings.USER_QUOTA_FILES, settings.OPEN_UPLOADS_PER_USER = 3, 100
    clients, barrier, statuses = [client_of(dana) for _ in range(8)], threading.Barrier(8), []

    def race(client: Any) -> None:
        try:
            barrier.wait()
            statuses.append(announce(client, persona, b"x").status_code)
        finally:
            connection.close()

    run_all([threading.Thread(target=race, args=[client]) for client in clients])
    assert sorted(statuses) == [201] * 3 + [413] * 5
    assert DirectUpload.objects.count() == 3


def test_throttled(danas: Any, eriks: Any, persona: Any, settings: Any) -> None:
    settings.UPLOADS_PER_MINUTE = 2
    assert [announce(danas, persona, b"x").status_code for _ in range(3)] == [201, 201, 429]
    answer = announce(danas, persona, b"x")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("throttled", "60")
    assert announce(eriks, persona, b"x").status_code == 404, "others are counted for themselves"


def test_a_storage_that_is_unavailable(danas: Any, persona: Any, monkeypatch: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise StorageUnavailable

    monkeypatch.setattr("photostore.incoming.spool.begin_spool", away)
    monkeypatch.setattr("photostore.incoming.bucket.begin_multipart", away)
    answer = announce(danas, persona, bytes(20 * MB), "a.mp4")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    nothing_was_kept()


# --- whose it is --------------------------------------------------------------------------------------------


def test_ids_are_their_users(danas: Any, eriks: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    missing = {"id": "00000000-0000-4000-8000-000000000000"}
    calls = {
        "status": lambda thing: eriks.get(path_of(thing)),
        "complete": lambda thing: complete(eriks, thing),
        "abort": lambda thing: eriks.delete(path_of(thing)),
        "head": lambda thing: eriks.head(path_of(thing), HTTP_TUS_RESUMABLE="1.0.0"),
    }
    for name, call in calls.items():
        foreign, none = call(upload), call(missing)
        assert foreign.status_code == none.status_code == 404, name
        assert foreign.content == none.content, name
    assert complete(danas, upload).status_code == 201


def test_one_that_is_held_is_its_users_too(eriks: Any, danas: Any, persona: Any) -> None:
    """Else whoever guesses an id could tell that something happens there."""
    upload = sent(danas, persona, picture())
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.extend([complete(eriks, upload), eriks.delete(path_of(upload))])
        finally:
            connection.close()

    with advisory_lock(f"{UPLOAD_OWNER_LABEL}:{upload['id']}"):
        run_all([threading.Thread(target=ask)])
    missing = complete(eriks, {"id": "00000000-0000-4000-8000-000000000000"})
    assert [answer.status_code for answer in answers] == [404, 404]
    assert [answer.content for answer in answers] == [missing.content] * 2


# --- completed once -----------------------------------------------------------------------------------------


def test_a_replay_is_refused(danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    assert complete(danas, upload).status_code == 201
    again = complete(danas, upload)
    assert (again.status_code, again.json()["code"]) == (409, "upload_completed")
    assert danas.delete(path_of(upload)).status_code == 409
    one_row_and_nothing_left()


def test_two_at_once_make_one_row(dana: Any, danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    barrier, statuses = threading.Barrier(4), []

    def race(client: Any) -> None:
        try:
            barrier.wait()
            statuses.append(complete(client, upload).status_code)
        finally:
            connection.close()

    run_all([threading.Thread(target=race, args=[client_of(dana)]) for _ in range(4)])
    assert sorted(statuses) == [201, 409, 409, 409]
    one_row_and_nothing_left()


def test_nobody_waits_for_somebody_who_completes(dana: Any, danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(complete(client_of(dana), upload))
            answers.append(client_of(dana).delete(path_of(upload)))
        finally:
            connection.close()

    with advisory_lock(f"{UPLOAD_OWNER_LABEL}:{upload['id']}"):
        started = time.monotonic()
        run_all([threading.Thread(target=ask)])
    assert time.monotonic() - started < 10
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "being_completed")
    ] * 2
    assert complete(danas, upload).status_code == 201


def test_what_has_not_arrived_cannot_be_completed(danas: Any, persona: Any) -> None:
    data = picture()
    upload = announce(danas, persona, data).json()
    answer = complete(danas, upload)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_incomplete")
    assert answer.json()["detail"] == f"0 of {len(data)} bytes have arrived. Send the rest first."
    send(danas, upload, data)
    assert complete(danas, upload).status_code == 201


@pytest.mark.s3
@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"no picture at all", "a.jpg", "unsupported_format"),
        (picture(1, "PNG"), "a.mp4", "wrong_extension"),
        (picture()[:3000], "a.jpg", "undecodable"),
        (picture() + bytes(11 * MB), "a.mp4", "file_too_large"),
        (video("mp4")[:600], "a.mp4", "undecodable"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret", "a.avi", "unsupported_format"),
    ],
    ids=["text", "another ending", "cut off", "a picture beyond its limit", "half a video", "a playlist"],
)
def test_what_is_refused_is_gone(danas: Any, persona: Any, data: bytes, filename: str, code: str) -> None:
    upload = sent(danas, persona, data, filename)
    answer = complete(danas, upload)
    assert 400 <= answer.status_code < 500 and answer.json()["code"] == code, answer.content
    assert complete(danas, upload).status_code == 404
    nothing_was_kept()


def test_the_quota_holds_at_the_end_too(danas: Any, persona: Any, settings: Any) -> None:
    upload = sent(danas, persona, picture())
    settings.USER_QUOTA_BYTES = 10
    assert complete(danas, upload).json()["code"] == "quota_exceeded"
    nothing_was_kept()


def test_after_a_storage_that_was_unavailable_it_can_be_tried_again(
    danas: Any, persona: Any, monkeypatch: Any
) -> None:
    upload = sent(danas, persona, picture())

    def away(*_: Any, **__: Any) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr("photostore.register.persistence.store", away)
        assert complete(danas, upload).status_code == 503
    assert not MediaFile.objects.exists()
    assert complete(danas, upload).status_code == 201
    one_row_and_nothing_left()


def test_another_object_in_its_place_is_refused(danas: Any, persona: Any, each_storage: str) -> None:
    """Whoever holds the storage's own keys may have put it there; a link of ours would not let it in."""
    if each_storage == "disk":
        return
    upload = sent(danas, persona, picture())
    storage_for().put(DirectUpload.objects.get().key, picture(2) + b"more", content_type="image/jpeg")
    answer = complete(danas, upload)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_as_announced")
    nothing_was_kept()


# Three thumbnails and the picture itself.
FILES = 4


@pytest.mark.parametrize("steps", range(FILES + 3))
def test_killed_and_run_again_there_is_one_row(danas: Any, persona: Any, steps: int) -> None:
    """Before each thumbnail, the file, the commit, and the removal of what had arrived."""
    upload = sent(danas, persona, picture())
    assert killed_after(steps, "media_uploads.tests.announced:complete_in_a_process", upload["id"])
    committed = MediaFile.objects.exists()
    assert committed == (steps > FILES)
    for left in list(orphans()):
        storage_for().remove(left.key)
    assert complete(danas, upload).status_code == (409 if committed else 201)
    finish_all_commits()  # after the commit, what had arrived waits in the outbox
    one_row_and_nothing_left()


# --- given up -----------------------------------------------------------------------------------------------


def test_given_up_it_is_gone(danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    assert danas.delete(path_of(upload)).status_code == 204
    assert danas.get(path_of(upload)).status_code == 404
    nothing_was_kept()
    assert AuditEntry.objects.filter(action="media.abort", actor_name="dana").count() == 1


def test_an_expired_one_is_not_found_and_swept_along_the_way(danas: Any, persona: Any) -> None:
    upload = sent(danas, persona, picture())
    DirectUpload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert danas.get(path_of(upload)).status_code == 404
    assert complete(danas, upload).status_code == 404
    assert danas.delete(path_of(upload)).status_code == 404
    assert len(stored(prefix="incoming/")) == 1
    another = announce(danas, persona, b"x" * 10).json()
    assert str(DirectUpload.objects.get().pk) == another["id"]
    assert not [key for key in stored(prefix="incoming/") if upload["id"] in key]


@pytest.mark.parametrize("how", ["orm", "sql"])
@pytest.mark.parametrize("what", ["persona", "person"])
def test_its_bytes_go_with_the_persona_and_the_person(
    danas: Any, dana: Any, persona: Any, how: str, what: str
) -> None:
    sent(danas, persona, picture())
    thing = persona if what == "persona" else dana
    if how == "orm":
        type(thing).objects.filter(pk=thing.pk).delete()
    else:
        with connection.cursor() as cursor:
            if what == "person":
                cursor.execute("DELETE FROM knox_authtoken WHERE user_id = %s", [thing.pk])
            cursor.execute(f"DELETE FROM {thing._meta.db_table} WHERE id = %s", [thing.pk])
    assert not DirectUpload.objects.exists()
    assert PendingRemoval.objects.filter(key__startswith="incoming/").count() == 1
    finish_all_commits()
    assert not stored()
    assert not Usage.objects.filter(bytes__gt=0).exists()


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
