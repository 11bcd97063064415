"""What a client sees while the storage is unavailable, and that a retry heals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photostore.errors import StorageFull
from photostore.models import PendingRemoval, StoredFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.tests.school import everything, face, file_of, hand_in, likeness, stored
from testing.people import body_of


@contextmanager
def unplugged(folder: Path) -> Iterator[None]:
    away = folder.with_name(f"{folder.name}-away")
    folder.rename(away)
    try:
        yield
    finally:
        away.rename(folder)


@pytest.fixture
def media(settings: Any) -> Path:
    return settings.MEDIA_ROOT


@pytest.fixture
def safe(media: Path) -> Path:
    return media.with_name("safe")


def is_503(answer: Any, code: str) -> bool:
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"
    return (answer.status_code, answer.json()["code"]) == (503, code)


def test_an_upload_that_cannot_be_stored_changes_nothing(api: Any, ada: dict[str, Any], media: Path) -> None:
    before = everything()
    with unplugged(media):
        assert is_503(hand_in(api, ada["id"], face(2)), "storage_unavailable")
    assert everything() == before
    assert hand_in(api, ada["id"], face(2)).json()["photo_changed"] is True


def test_a_student_whose_photo_cannot_be_stored_does_not_come_to_be(
    api: Any, ada: dict[str, Any], media: Path
) -> None:
    with unplugged(media):
        body = {"name": "Bea", "profile_photo": file_of(face(2))}
        assert is_503(api.post("/api/students/", body, format="multipart"), "storage_unavailable")
    assert Student.objects.count() == 1


def test_a_copy_that_cannot_be_written_is_a_503_and_sending_again_heals(
    api: Any, ada: dict[str, Any], safe: Path
) -> None:
    with unplugged(safe):
        assert is_503(hand_in(api, ada["id"], face(2)), "exports_pending")
        served = body_of(api.get(api.get(f"/api/students/{ada['id']}/").json()["profile_photo_url"]))
        assert likeness(served, face(2)) < 6, "the change itself is committed"
    answer = hand_in(api, ada["id"], face(2))
    assert (answer.status_code, answer.json()["photo_changed"]) == (200, False)
    (copy,) = stored("safe").values()
    assert copy == served
    assert not StoredFile.objects.filter(written_at=None).exists()
    assert StudentPhoto.objects.count() == 2


def test_a_worker_that_starts_heals_it_too(api: Any, ada: dict[str, Any], safe: Path) -> None:
    with unplugged(safe):
        hand_in(api, ada["id"], face(2))
    finish_all_commits()
    (copy,) = stored("safe").values()
    assert likeness(copy, face(2)) < 6


def test_a_deleted_student_is_gone_although_the_bytes_have_to_wait(
    api: Any, ada: dict[str, Any], media: Path
) -> None:
    with unplugged(media):
        assert api.delete(f"/api/students/{ada['id']}/").status_code == 204
        assert api.get(f"/api/students/{ada['id']}/").status_code == 404
    assert PendingRemoval.objects.exists()
    finish_all_commits()
    assert all(key.startswith("quarantine/") for key in stored())
    assert len(stored()) == 1
    assert not PendingRemoval.objects.exists()


def test_looking_at_students_does_not_need_the_storage(api: Any, ada: dict[str, Any], media: Path) -> None:
    shown = api.get(f"/api/students/{ada['id']}/").json()  # a link that was made a moment ago
    with unplugged(media):
        assert api.get("/api/students/").status_code == 200
        assert is_503(api.get(shown["photo"]), "storage_unavailable")
        assert is_503(api.get(shown["profile_photo_url"]), "storage_unavailable")


@pytest.mark.parametrize("full_after", range(5))
def test_fields_and_photo_change_together_or_not_at_all(
    api: Any, ada: dict[str, Any], each_storage: str, monkeypatch: pytest.MonkeyPatch, full_after: int
) -> None:
    """Whichever of the files it is that finds no space: the version, a thumbnail, the next one."""
    before, storage = everything(), type(storage_for())
    original, left = storage.put_many, [full_after]

    def until_full(files: Any) -> Any:
        for one in files:
            left[0] -= 1
            if left[0] == -1:
                raise StorageFull
            yield one

    monkeypatch.setattr(storage, "put_many", lambda self, files: original(self, until_full(files)))

    def change() -> Any:
        body = {"name": "Ada King", "student_number": "S-9", "profile_photo": file_of(face(2))}
        return api.patch(f"/api/students/{ada['id']}/", body, format="multipart")

    answer = change()
    assert answer.status_code == 503
    now = everything()
    if "Nothing was changed" in answer.json()["detail"]:
        assert {name: rows for name, rows in now.items() if name != "files"} == {
            name: rows for name, rows in before.items() if name != "files"
        }
        assert before["files"].items() <= now["files"].items()
    else:
        assert answer.json()["code"] == "exports_pending"
        assert now["Student"][0]["name"] == "Ada King"
    assert change().status_code == 200
    (student,) = Student.objects.all()
    assert (student.name, student.student_number) == ("Ada King", "S-9")
    assert likeness(body_of(api.get(ada["photo"])), face(2)) < 6
    assert StudentPhoto.objects.count() == 2, "the new picture was not kept under the old number as well"
