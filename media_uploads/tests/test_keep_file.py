"""Keeping a file: what is made of it, what is refused, and that nothing is left of what was refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from media_uploads.files.refusals import ImageTooLarge, InvalidType, PersonaNotFound, VideoTooLarge
from media_uploads.models import MediaFile, Persona
from media_uploads.quota import QuotaExceeded
from media_uploads.tests.handing_in import check_consistent, everything, keep, persona_of, picture, stored
from photostore.errors import InvalidFile, StorageFull
from photostore.models import AuditEntry
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.s3
def test_an_image(dana: Any, each_storage: str) -> None:
    persona = persona_of(dana)
    row = keep(persona, picture(1), "../On stage.JPG", "the first night")
    assert row.key.startswith(f"uploads/images/{persona.pk}/{dana.pk}/")
    assert (row.original_filename, row.description) == ("On stage.JPG", "the first night")
    assert (row.mime_type, row.media_type, row.width, row.height) == ("image/jpeg", "image", 300, 400)
    assert row.duration is None
    assert row.file_size == len(stored()[row.key])
    assert len(stored(prefix="derived/media/")) == 3
    check_consistent()
    entry = AuditEntry.objects.get(action="media.upload")
    assert (entry.subject, entry.new_sha256) == (f"user {dana.pk}", row.sha256)


@pytest.mark.s3
def test_a_video_is_kept_byte_for_byte(dana: Any, each_storage: str) -> None:
    persona = persona_of(dana)
    row = keep(persona, video("webm"), "clip.webm")
    assert row.key.startswith(f"uploads/videos/{persona.pk}/{dana.pk}/")
    assert stored()[row.key] == video("webm")
    assert (row.mime_type, row.media_type, row.width, row.height) == ("video/webm", "video", 160, 120)
    assert row.duration == pytest.approx(2, abs=0.1)
    assert len(stored(prefix="derived/media/")) == 3
    check_consistent()


@pytest.mark.parametrize(
    ("data", "filename", "sentence"),
    [
        (b"%PDF-1.7", "a.pdf", "Invalid file type. Allowed types: JPEG, PNG, GIF, WebP, BMP, TIFF, MP4, AVI"),
        (b"Dear all", "letter", "Invalid file type."),
        (b"Dear all", "a.jpg", "Invalid image type. Allowed types: JPEG, PNG, GIF, WebP, BMP, TIFF"),
        (b"<svg></svg>", "a", "Invalid image type."),
        (picture(1, "AVIF"), "a.avif", "Invalid image type."),
        (b"\0\0\0\x18ftypheic" + bytes(99), "a.mp4", "Invalid image type."),
        (b"#EXTM3U\n", "a.avi", "Invalid video type. Allowed types: MP4, AVI, MOV, WMV, FLV, WebM, MKV, 3GP"),
        (b"\0\0\x01\xba" + bytes(99), "a.mpg", "Invalid video type."),
    ],
)
def test_types_that_are_not_taken(dana: Any, data: bytes, filename: str, sentence: str) -> None:
    persona = persona_of(dana)
    before = everything()
    with pytest.raises(InvalidType) as refused:
        keep(persona, data, filename)
    assert str(refused.value).startswith(sentence)
    assert everything() == before


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (picture(1), "a.mp4", "wrong_extension"),
        (picture(1), "a.html", "wrong_extension"),
        (video("mp4"), "a.png", "wrong_extension"),
        (picture(1)[:3000], "a.jpg", "undecodable"),
        (b"", "a.jpg", "empty_file"),
    ],
)
def test_files_that_disagree_with_themselves(dana: Any, data: bytes, filename: str, code: str) -> None:
    with pytest.raises(InvalidFile) as refused:
        keep(persona_of(dana), data, filename)
    assert refused.value.code == code
    assert stored() == {}


def test_sizes(dana: Any) -> None:
    persona = persona_of(dana)
    with pytest.raises(ImageTooLarge, match=r"Image file too large\. Maximum size is 10MB$"):
        keep(persona, picture(1) + bytes(10 * 1_048_576))
    with pytest.raises(VideoTooLarge, match=r"Video file too large\. Maximum size is 100MB"):
        keep(persona, video("mp4") + bytes(100 * 1_048_576), "a.mp4")


def test_somebody_elses_persona_is_not_found(dana: Any, erik: Any) -> None:
    theirs = persona_of(erik)
    theirs.user = dana
    with pytest.raises(PersonaNotFound, match=f"Persona {theirs.pk} not found"):
        keep(theirs, picture(1))
    assert stored() == {}


def test_a_persona_that_goes_meanwhile(dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    persona = persona_of(dana)
    monkeypatch.setattr("photostore.scanner.scan", lambda file: Persona.objects.all().delete())
    with pytest.raises(PersonaNotFound):
        keep(persona, picture(1))
    assert stored() == {}, "the bytes were there, and went again"
    check_consistent()


def test_the_scanner_sees_the_bytes_first(dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: Any) -> None:
        assert file.read() == picture(1)
        raise InvalidFile(code="infected")

    monkeypatch.setattr("photostore.scanner.scan", refuse)
    with pytest.raises(InvalidFile) as refused:
        keep(persona_of(dana), picture(1))
    assert refused.value.code == "infected"
    assert stored() == {}


def test_a_full_disk_leaves_nothing(dana: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise StorageFull

    persona = persona_of(dana)
    with monkeypatch.context() as patched:
        patched.setattr("photostore.storage.disk.DiskStorage.put_many", full)
        with pytest.raises(StorageFull):
            keep(persona, picture(1))
    assert AuditEntry.objects.get(action="media.upload", outcome="refused").code == "storage_full"
    assert not MediaFile.objects.exists()
    keep(persona, picture(1))
    check_consistent()


def test_uploads_race_for_the_last_place(dana: Any, settings: Any) -> None:
    settings.USER_QUOTA_FILES = 2
    persona, outcomes = persona_of(dana), []
    barrier = threading.Barrier(6)

    def upload(seed: int) -> None:
        try:
            barrier.wait()
            keep(persona, picture(seed))
            outcomes.append("kept")
        except QuotaExceeded:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=upload, args=[seed]) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] * 2 + ["refused"] * 4
    check_consistent()
