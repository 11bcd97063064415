"""Images in a public bucket of R2: plain links on the public domain, and everything else as ever."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from media_uploads.models import UserImage
from media_uploads.tests.images.handing_in import (
    at,
    check_consistent,
    hand_in,
    kept,
    listed,
    r2_environment,
    stored,
)
from photostore.models import StoredFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from photostore.storage.configuration import storages_from_environment
from photostore.tests.inventory_files import run
from testing.people import body_of

pytestmark = pytest.mark.django_db(transaction=True)

DOMAIN = "pictures.example.org"


@pytest.fixture
def private(settings: Any, s3_server: Any, s3_bucket: str, tmp_path: Path) -> dict[str, str]:
    """R2 as it is before anybody made a public bucket."""
    environment = r2_environment(s3_server, s3_bucket)
    open_it(settings, environment, tmp_path)
    return environment


@pytest.fixture
def public(private: dict[str, str], s3_client: Any) -> dict[str, str]:
    """The environment with a public bucket; `open_it` puts it into force."""
    name = f"{private['R2_BUCKET_NAME']}-public"
    s3_client.create_bucket(Bucket=name)
    return private | {"R2_PUBLIC_DOMAIN": DOMAIN, "R2_PUBLIC_BUCKET_NAME": name}


def open_it(settings: Any, environment: dict[str, str], tmp_path: Path) -> None:
    storages = storages_from_environment(environment, media_root=tmp_path)
    for alias in storages.values():
        # R2's only region is `auto`; the tests' server takes no link that is signed for it.
        alias["OPTIONS"]["region_name"] = "us-east-1"
    settings.STORAGES = settings.STORAGES | storages


def test_new_images_go_there_and_have_plain_links(
    danas: Any, settings: Any, public: Any, tmp_path: Path
) -> None:
    open_it(settings, public, tmp_path)
    image = kept(danas)
    row = UserImage.objects.get()
    assert row.storage_alias == "public"
    assert image["url"] == f"https://{DOMAIN}/{row.key}"
    assert image["thumbnails"]["96"] == f"https://{DOMAIN}/derived/users/{row.pk}_96.webp"
    assert listed(danas, "dana")["images"][0]["url"] == image["url"]
    assert len(stored("public")) == 4
    assert stored("default") == {}
    answer = danas.get(at(image, "serve"))
    assert body_of(answer) == stored("public")[row.key]
    part = danas.get(at(image, "serve"), headers={"range": "bytes=5-9"})
    assert body_of(part) == stored("public")[row.key][5:10]
    check_consistent()
    assert danas.delete(at(image, "delete")).status_code == 200
    assert stored("public") == {}
    check_consistent()


def test_images_from_before_stay_private(danas: Any, settings: Any, public: Any, tmp_path: Path) -> None:
    old = kept(danas, 1)
    open_it(settings, public, tmp_path)
    new = kept(danas, 2, is_primary="true")
    by_id = {image["id"]: image for image in listed(danas, "dana")["images"]}
    assert "X-Amz-Signature=" in by_id[old["id"]]["url"]
    assert by_id[new["id"]]["url"].startswith(f"https://{DOMAIN}/users/dana/images/")
    with urlopen(by_id[old["id"]]["url"], timeout=20) as answer:
        assert len(answer.read()) == old["size_bytes"]
    for image in (old, new):
        assert len(body_of(danas.get(at(image, "serve")))) == image["size_bytes"]
    assert danas.post(at(old, "set_primary")).status_code == 200
    assert danas.delete(at(old, "delete")).status_code == 200
    assert stored("default") == {}
    check_consistent()


def test_a_public_bucket_that_is_configured_no_longer_is_unavailable_not_empty(
    danas: Any, settings: Any, public: Any, tmp_path: Path
) -> None:
    open_it(settings, public, tmp_path)
    image = kept(danas)
    settings.STORAGES = {name: alias for name, alias in settings.STORAGES.items() if name != "public"}
    for answer in (danas.get(at(image, "serve")), danas.get("/api/user_images/dana/")):
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert danas.delete(at(image, "delete")).status_code == 200
    open_it(settings, public, tmp_path)
    finish_all_commits()
    assert stored("public") == {}


def test_verification_and_sweep_know_both_buckets(
    danas: Any, settings: Any, public: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setattr("photostore.management.commands.cleanup_orphaned_photos.YOUNG", timedelta())
    kept(danas, 1)
    open_it(settings, public, tmp_path)
    kept(danas, 2), kept(danas, 3)
    code, told = run("verify_media", "--checksum")
    assert (code, told["counts"]["files"], told["counts"]["present"]) == (0, 12, 12)
    gone = UserImage.objects.filter(storage_alias="public").first()
    assert gone is not None
    storage_for("public").remove(gone.key)
    orphan = "users/erik/images/gallery_1.jpg"
    storage_for("public").put(orphan, b"nobody's", content_type="image/jpeg")
    code, told = run("verify_media")
    assert (code, told["missing"]) == (1, [gone.key])
    time.sleep(2.1)  # a bucket counts whole seconds
    code, told = run("cleanup_orphaned_photos", "--confirm", "--older-than", "1s")
    assert (code, told["done"]) == (0, {"set_aside": 1, "removed": 0, "left": 0})
    assert orphan not in stored("public")
    assert StoredFile.objects.count() == 12
    assert hand_in(danas).status_code == 200
