"""The links of adopted photos lead to the photo, whatever the old name says about its format."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest
from django.conf import settings

from photostore.storage import storage_for
from students.models import Student, StudentPhoto
from students.tests.commands import run
from students.tests.school import face, likeness, opened

# What lies under the old name: the name, and the format of the bytes.
OLD = [
    ("student_photos/student_{pk}_profile.png", "PNG"),
    ("student_photos/student_{pk}_profile.webp", "WEBP"),
    ("student_photos/student_{pk}_profile.jpeg", "JPEG"),
    ("photos/students/{student_id}/profile.jpg", "PNG"),
    ("old/{pk}.gif", "GIF"),
]


def fetched(api: Any, url: str) -> tuple[bytes, str]:
    """The bytes behind a link and their type, as a browser gets them: from the bucket, or from us."""
    if url.startswith(settings.PUBLIC_BASE_URL or "http://testserver"):
        answer = api.get(url)
        assert answer.status_code == 200, url
        return b"".join(answer.streaming_content), answer["Content-Type"]
    with urllib.request.urlopen(url) as answer:
        return answer.read(), answer.headers["Content-Type"]


@pytest.mark.parametrize(("name", "format_name"), OLD)
def test_every_link_of_an_adopted_photo_leads_to_it(
    api: Any, each_storage: str, name: str, format_name: str
) -> None:
    ada = Student.objects.create(name="Ada")
    key, data = name.format(pk=ada.pk, student_id=ada.student_id), face(1, format_name)
    storage_for().put(key, data, content_type="image/jpeg")
    if not key.startswith("photos/"):
        Student.objects.filter(pk=ada.pk).update(profile_photo=key, photo_sha256="0" * 64)
    assert "Adopted: 1" in run("adopt_media")[1]
    (listed,) = api.get("/api/students/").json()["results"]
    assert listed == api.get(f"/api/students/{ada.pk}/").json() | {
        name: listed[name] for name in ("profile_photo_url", "thumbnails")
    }
    version = StudentPhoto.objects.of_profile().get(student=ada)
    for answer in (listed, api.get(f"/api/students/{ada.pk}/").json()):
        got, content_type = fetched(api, answer["profile_photo_url"])
        assert got == storage_for().read(str(version.file), max_bytes=10**8)
        assert content_type == version.content_type == f"image/{opened(got).format}".lower()
        assert likeness(got, data) < 6
        for size, url in answer["thumbnails"].items():
            # The squares show a part of it.
            assert likeness(fetched(api, url)[0], data) < (6 if size == "640" else 15)
