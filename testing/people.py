"""The people in the tests, and a storage of their own for every test.

Alice is staff and may do everything with students; Vera is staff and may only look; Bob is staff without
any permission; Charlie has them and is not staff; Dana and Erik are signed in and nothing more; Nobody has no
token.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

DISK = "photostore.storage.disk.DiskStorage"


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Path) -> None:
    """Empty folders for photos and safe copies, so that no test sees another's files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": DISK, "OPTIONS": {"location": tmp_path / "media"}},
        "safe": {"BACKEND": DISK, "OPTIONS": {"location": tmp_path / "safe"}},
    }
    settings.PHOTO_BACKUP_DIR = tmp_path / "backups"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Hardly any test is about what guards a password, and guarding it well takes half a second.

    A test that signs a user in at a real server sets the real `PASSWORD_HASHERS` again.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(params=["disk", "s3"])
def each_storage(request: pytest.FixtureRequest, settings: Any, own_storage: None) -> str:
    """Runs the test twice: on disk, and on the real S3 server."""
    if request.param == "s3":
        alias = request.getfixturevalue("s3_alias")
        settings.STORAGES = settings.STORAGES | {"default": alias, "safe": alias}
    return str(request.param)


def make_person(name: str, *permissions: str, **values: Any) -> Any:
    """An account with these permissions, such as `view_student`; its password is its name and `-secret`.

    Its id follows from its name, so that rows which are made once may name it (`testing.once`).
    """
    values.setdefault("pk", 1_000_000 + crc32(name.encode()) % 1_000_000)
    users = get_user_model()
    user = users(username=name, password=make_password(f"{name}-secret"), **values)
    # In bulk no signal is sent: what a test's own doing leaves in the audit is what the test is about.
    users.objects.bulk_create([user])
    if permissions:
        given = users.user_permissions.through
        ids = [one for permission in permissions for one in _permissions()[permission]]
        given.objects.bulk_create(given(user=user, permission_id=one) for one in ids)
    return user


@cache
def _permissions() -> dict[str, list[int]]:
    """Their ids by name. Migrations made them, and no test takes them away."""
    found: dict[str, list[int]] = {}
    for name, one in Permission.objects.values_list("codename", "pk"):
        found.setdefault(name, []).append(one)
    return found


@pytest.fixture
def alice(db: None) -> Any:
    """Staff with every permission on students."""
    return make_person(
        "alice",
        "view_student",
        "add_student",
        "change_student",
        "delete_student",
        "view_import",
        "add_import",
        "change_import",
        is_staff=True,
    )


@pytest.fixture
def vera(db: None) -> Any:
    """Staff who may only look."""
    return make_person("vera", "view_student", is_staff=True)


@pytest.fixture
def bob(db: None) -> Any:
    """Staff without any permission."""
    return make_person("bob", is_staff=True)


@pytest.fixture
def charlie(db: None) -> Any:
    """Has the permissions, but is not staff."""
    return make_person("charlie", "view_student", "add_student", "change_student", "delete_student")


def client_of(user: Any = None) -> APIClient:
    """A client with a bearer token of its own, as a frontend would have; without one for an anonymous
    visitor.
    """
    from knox.models import AuthToken

    client = APIClient()
    if user is not None:
        _row, token = AuthToken.objects.create(user)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.fixture
def api(alice: Any) -> APIClient:
    return client_of(alice)


@pytest.fixture
def dana(db: None) -> Any:
    """Signed in and nothing more: whose pictures and files they are."""
    return make_person("dana")


@pytest.fixture
def erik(db: None) -> Any:
    return make_person("erik")


@pytest.fixture
def danas(dana: Any) -> APIClient:
    return client_of(dana)


@pytest.fixture
def eriks(erik: Any) -> APIClient:
    return client_of(erik)


def body_of(response: Any) -> bytes:
    """The whole body of an answer, streamed or not.

    Reading to the end closes the file behind it; closing it here again would close the database's
    connection as well, in the middle of the test's transaction.
    """
    return b"".join(response) if response.streaming else bytes(response.content)
