"""`GET /api/user_image/{uuid}/serve/`: the bytes, for whoever is signed in."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import at, kept
from photostore.models import StoredFile
from photostore.storage import storage_for
from testing.people import body_of, client_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.s3]


@pytest.fixture
def image(danas: Any, each_storage: str) -> dict[str, Any]:
    return kept(danas)


def whole(api: Any, image: dict[str, Any]) -> bytes:
    return body_of(api.get(at(image, "serve")))


def test_inline_with_safe_headers(eriks: Any, image: dict[str, Any]) -> None:
    answer = eriks.get(at(image, "serve"), headers={"accept": "image/*"})
    data = body_of(answer)
    row = UserImage.objects.get()
    assert (answer.status_code, len(data)) == (200, image["size_bytes"])
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == f'inline; filename="{row.key.rpartition("/")[2]}"'
    assert answer["ETag"] == f'"{row.sha256}"'
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Length"] == str(len(data))
    without_slash = eriks.get(at(image, "serve").rstrip("/"))
    assert body_of(without_slash) == data


def test_a_cached_one_is_304(danas: Any, image: dict[str, Any]) -> None:
    shown = danas.get(at(image, "serve"))
    etag = shown["ETag"]
    body_of(shown)
    answer = danas.get(at(image, "serve"), headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_ranges(danas: Any, image: dict[str, Any]) -> None:
    data = whole(danas, image)
    for asked, start, end in (("0-99", 0, 100), ("100-", 100, len(data)), ("-50", len(data) - 50, len(data))):
        answer = danas.get(at(image, "serve"), headers={"range": f"bytes={asked}"})
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(data)}"
        assert body_of(answer) == data[start:end]
    beyond = danas.get(at(image, "serve"), headers={"range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")


def test_head(danas: Any, image: dict[str, Any]) -> None:
    answer = danas.head(at(image, "serve"))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(image["size_bytes"]))
    assert body_of(answer) == b""


def test_nobody_is_401_and_other_methods_are_405(danas: Any, image: dict[str, Any]) -> None:
    assert client_of().get(at(image, "serve")).status_code == 401
    answer = danas.delete(at(image, "serve"))
    assert (answer.status_code, answer.json()["error"]) == (405, "Method not allowed")


def test_a_missing_one_is_404(danas: Any, image: dict[str, Any]) -> None:
    answer = danas.get(at({"id": str(uuid4())}, "serve"))
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["error"] == answer.json()["detail"] == "Image not found"
    assert danas.get("/api/user_image/7/serve/").status_code == 404


@pytest.mark.parametrize("method", ["get", "head"])
def test_bytes_that_are_gone_are_404(danas: Any, image: dict[str, Any], method: str) -> None:
    storage_for().remove(UserImage.objects.get().key)
    answer = getattr(danas, method)(at(image, "serve"))
    assert answer.status_code == 404
    if method == "get":
        assert answer.json()["code"] == "image_file_not_found"
        assert answer.json()["error"] == answer.json()["detail"] == "Image file not found"


def test_a_register_that_knows_it_no_longer(danas: Any, image: dict[str, Any]) -> None:
    StoredFile.objects.all().delete()
    assert danas.get(at(image, "serve")).json()["error"] == "Image file not found"
