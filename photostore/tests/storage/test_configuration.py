"""The environment names one place for photos, or the start is refused with a cure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from photostore.storage.configuration import DISK, S3, StorageMisconfigured, storages_from_environment

MEDIA = Path("/srv/media")
AWS = {
    "AWS_STORAGE_BUCKET_NAME": "photos",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_S3_REGION_NAME": "eu-west-1",
}
R2 = {
    "R2_BUCKET_NAME": "photos",
    "R2_ACCOUNT_ID": "acc",
    "R2_ACCESS_KEY_ID": "id",
    "R2_SECRET_ACCESS_KEY": "secret",
}


def storages(**env: str) -> dict[str, dict[str, Any]]:
    return storages_from_environment(env, media_root=MEDIA)


def test_a_disk_unless_told_otherwise() -> None:
    disk = {"BACKEND": DISK, "OPTIONS": {"location": "/srv/media"}}
    assert storages() == {"default": disk, "safe": disk}
    assert storages(AWS_STORAGE_BUCKET_NAME="", R2_BUCKET_NAME="") == storages()


def test_s3() -> None:
    found = storages(**AWS, AWS_SESSION_TOKEN="token", AWS_S3_ENDPOINT_URL="http://localhost:9000")
    assert found["default"] == found["safe"]
    assert found["default"]["BACKEND"] == S3
    assert found["default"]["OPTIONS"] == {
        "bucket_name": "photos",
        "access_key": "id",
        "secret_key": "secret",
        "security_token": "token",
        "region_name": "eu-west-1",
        "endpoint_url": "http://localhost:9000",
        "addressing_style": "path",
    }


def test_s3_by_the_machines_role() -> None:
    options = storages(AWS_STORAGE_BUCKET_NAME="photos")["default"]["OPTIONS"]
    assert (options["access_key"], options["secret_key"], options["region_name"]) == (None, None, "us-east-1")


def test_r2() -> None:
    options = storages(**R2, AWS_SESSION_TOKEN="amazon's")["default"]["OPTIONS"]
    assert options["endpoint_url"] == "https://acc.r2.cloudflarestorage.com"
    assert (options["region_name"], options["security_token"]) == ("auto", None)
    assert storages(**R2, R2_ENDPOINT_URL="http://x:1")["default"]["OPTIONS"]["endpoint_url"] == "http://x:1"


def test_a_safe_place_apart() -> None:
    assert storages(SAFE_MEDIA_ROOT="/mnt/safe")["safe"]["OPTIONS"] == {"location": "/mnt/safe"}
    assert storages(**AWS, SAFE_MEDIA_ROOT="/mnt/safe")["safe"]["BACKEND"] == DISK
    safe = storages(**AWS, SAFE_BUCKET_NAME="copies")["safe"]["OPTIONS"]
    assert (safe["bucket_name"], safe["secret_key"]) == ("copies", "secret")


def test_a_public_bucket() -> None:
    found = storages(**R2, R2_PUBLIC_DOMAIN="https://img.example.org/", R2_PUBLIC_BUCKET_NAME="open")
    assert found["public"]["OPTIONS"]["custom_domain"] == "img.example.org"
    assert found["public"]["OPTIONS"]["bucket_name"] == "open"
    assert "custom_domain" not in found["default"]["OPTIONS"]
    assert "public" not in storages(**R2, R2_PUBLIC_BUCKET_NAME="open")


@pytest.mark.parametrize(
    ("env", "named"),
    [
        (AWS | R2, ["AWS_STORAGE_BUCKET_NAME", "R2_BUCKET_NAME"]),
        (AWS | {"AWS_SECRET_ACCESS_KEY": ""}, ["AWS_SECRET_ACCESS_KEY"]),
        (AWS | {"AWS_S3_ADDRESSING_STYLE": "no"}, ["AWS_S3_ADDRESSING_STYLE"]),
        ({"R2_BUCKET_NAME": "b"}, ["R2_ACCOUNT_ID", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"]),
        (R2 | {"R2_ACCESS_KEY_ID": ""}, ["R2_ACCESS_KEY_ID"]),
        (AWS | {"SAFE_MEDIA_ROOT": "/s", "SAFE_BUCKET_NAME": "s"}, ["SAFE_MEDIA_ROOT", "SAFE_BUCKET_NAME"]),
        ({"SAFE_BUCKET_NAME": "s"}, ["SAFE_BUCKET_NAME", "SAFE_MEDIA_ROOT"]),
        (R2 | {"R2_PUBLIC_DOMAIN": "img.example.org"}, ["R2_PUBLIC_BUCKET_NAME"]),
        (R2 | {"R2_PUBLIC_DOMAIN": "d", "R2_PUBLIC_BUCKET_NAME": "photos"}, ["R2_PUBLIC_BUCKET_NAME"]),
        (
            R2 | {"R2_PUBLIC_DOMAIN": "d", "R2_PUBLIC_BUCKET_NAME": "s", "SAFE_BUCKET_NAME": "s"},
            ["R2_PUBLIC_BUCKET_NAME"],
        ),
        ({"R2_PUBLIC_DOMAIN": "d", "R2_PUBLIC_BUCKET_NAME": "p"}, ["R2_BUCKET_NAME"]),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(env: dict[str, str], named: list[str]) -> None:
    with pytest.raises(StorageMisconfigured) as refusal:
        storages(**env)
    for name in named:
        assert name in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_needs_no_settings() -> None:
    """The settings call it while they are being read."""
    code = "import photostore.storage.configuration as c; c.storages_from_environment({}, media_root='m')"
    subprocess.run([sys.executable, "-c", code], check=True, env={"DJANGO_SETTINGS_MODULE": "no.such"})
