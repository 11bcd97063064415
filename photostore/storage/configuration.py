"""Django's `STORAGES` from the environment, and from nothing else. The settings call it, so it needs none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

DISK = "photostore.storage.disk.DiskStorage"
S3 = "photostore.storage.s3.S3Storage"

Alias = dict[str, Any]


class StorageMisconfigured(ValueError):
    """The environment does not name one place for photos. The message says how to mend it."""


@dataclass(frozen=True, slots=True)
class _Home:
    """The private place: a folder, or a bucket with the credentials that other buckets may share."""

    kind: Literal["disk", "s3", "r2"]
    place: str
    credentials: Mapping[str, Any]

    def alias(self) -> Alias:
        return _disk(self.place) if self.kind == "disk" else self.bucket(self.place)

    def bucket(self, name: str, **options: Any) -> Alias:
        return {"BACKEND": S3, "OPTIONS": {"bucket_name": name, **self.credentials, **options}}


def storages_from_environment(env: Mapping[str, str], *, media_root: Path) -> dict[str, Alias]:
    """The aliases `default` and `safe`, and `public` where one is named; `staticfiles` is not among them.

    `safe` equals `default` unless `SAFE_MEDIA_ROOT` or `SAFE_BUCKET_NAME` says otherwise. An empty variable
    counts as unset. Raises `StorageMisconfigured` with a sentence that names the variable to mend.
    """
    home = _home(env, media_root)
    aliases = {"default": home.alias(), "safe": _safe(env, home)}
    public = _public(env, home)
    if public is not None:
        _must_be_apart(public, aliases)
        aliases["public"] = public
    return aliases


def _home(env: Mapping[str, str], media_root: Path) -> _Home:
    s3_bucket, r2_bucket = env.get("AWS_STORAGE_BUCKET_NAME"), env.get("R2_BUCKET_NAME")
    if s3_bucket and r2_bucket:
        raise StorageMisconfigured(
            "AWS_STORAGE_BUCKET_NAME and R2_BUCKET_NAME are both set, but photos have one home. Unset one."
        )
    if s3_bucket:
        return _Home("s3", s3_bucket, _s3_credentials(env))
    if r2_bucket:
        return _Home("r2", r2_bucket, _r2_credentials(env))
    return _Home("disk", str(media_root), {})


def _s3_credentials(env: Mapping[str, str]) -> dict[str, Any]:
    access_key, secret_key = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")
    if bool(access_key) != bool(secret_key):
        raise StorageMisconfigured(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither to use the "
            "machine's own role."
        )
    region = env.get("AWS_S3_REGION_NAME") or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    return {
        "access_key": access_key or None,
        "secret_key": secret_key or None,
        "security_token": env.get("AWS_SESSION_TOKEN") or None,
        "region_name": region or "us-east-1",
        "endpoint_url": env.get("AWS_S3_ENDPOINT_URL") or None,
        "addressing_style": _addressing_style(env),
    }


def _addressing_style(env: Mapping[str, str]) -> str:
    style = env.get("AWS_S3_ADDRESSING_STYLE") or "path"
    if style not in ("path", "virtual"):
        raise StorageMisconfigured("AWS_S3_ADDRESSING_STYLE must be path or virtual.")
    return style


def _r2_credentials(env: Mapping[str, str]) -> dict[str, Any]:
    names = ("R2_ACCOUNT_ID", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
    missing = [name for name in names if not env.get(name)]
    if missing:
        raise StorageMisconfigured(
            f"R2_BUCKET_NAME is set, but {' and '.join(missing)} not. Set what is missing, or unset "
            "R2_BUCKET_NAME to keep photos on the local disk."
        )
    account_endpoint = f"https://{env['R2_ACCOUNT_ID']}.r2.cloudflarestorage.com"
    return {
        "access_key": env["R2_ACCESS_KEY_ID"],
        "secret_key": env["R2_SECRET_ACCESS_KEY"],
        "security_token": None,  # stated, or django-storages would take Amazon's from the environment
        "region_name": "auto",
        "endpoint_url": env.get("R2_ENDPOINT_URL") or account_endpoint,
        "addressing_style": "path",
    }


def _safe(env: Mapping[str, str], home: _Home) -> Alias:
    folder, bucket = env.get("SAFE_MEDIA_ROOT"), env.get("SAFE_BUCKET_NAME")
    if folder and bucket:
        raise StorageMisconfigured("SAFE_MEDIA_ROOT and SAFE_BUCKET_NAME are both set. Unset one of them.")
    if bucket and home.kind == "disk":
        raise StorageMisconfigured(
            "SAFE_BUCKET_NAME needs a bucket for the photos too, whose credentials it shares. Set "
            "AWS_STORAGE_BUCKET_NAME or R2_BUCKET_NAME, or use SAFE_MEDIA_ROOT instead."
        )
    if folder:
        return _disk(folder)
    return home.bucket(bucket) if bucket else home.alias()


def _public(env: Mapping[str, str], home: _Home) -> Alias | None:
    domain, bucket = env.get("R2_PUBLIC_DOMAIN"), env.get("R2_PUBLIC_BUCKET_NAME")
    if not domain:
        return None
    if not bucket:
        raise StorageMisconfigured(
            "R2_PUBLIC_DOMAIN opens a whole bucket to everybody, so it needs one of its own. Set "
            "R2_PUBLIC_BUCKET_NAME to a bucket that holds nothing private, or unset R2_PUBLIC_DOMAIN."
        )
    if home.kind != "r2":
        raise StorageMisconfigured(
            "R2_PUBLIC_DOMAIN needs R2 for the private photos too. Set R2_BUCKET_NAME, or unset "
            "R2_PUBLIC_DOMAIN."
        )
    host = domain.removeprefix("https://").removeprefix("http://").strip("/")
    return home.bucket(bucket, custom_domain=host, cache_control="public, max-age=86400")


def _must_be_apart(public: Alias, private: Mapping[str, Alias]) -> None:
    name = public["OPTIONS"]["bucket_name"]
    if any(alias["OPTIONS"].get("bucket_name") == name for alias in private.values()):
        raise StorageMisconfigured(
            "R2_PUBLIC_BUCKET_NAME is a bucket that holds private photos: everybody could see them. Make a "
            "bucket of its own for public pictures."
        )


def _disk(location: str) -> Alias:
    return {"BACKEND": DISK, "OPTIONS": {"location": location}}
