"""What these tests do over and over: hand an image in, list, look at all that is kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from threading import Barrier
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from PIL import Image

from media_uploads.images.use_cases import delete_image, upload_image
from media_uploads.models import Usage, UserImage
from photostore.audit import Actor
from photostore.models import PendingRemoval, StoredFile
from testing.kept import stored
from testing.pictures import portrait, saved

UPLOAD = "/api/upload_user_image/"
ACTOR = Actor("", "", "api")
ALIASES = ("default", "public")


@cache
def face(seed: int = 1, name: str = "JPEG", *, width: int = 300, height: int = 400) -> bytes:
    """A drawn person as a file of Pillow's format `name`."""
    return saved(portrait(seed, width, height), name)


def hand_in(
    api: Any, data: bytes | None = None, filename: str = "me.jpg", *, headers: Any = None, **said: Any
) -> Any:
    form = {"image": SimpleUploadedFile(filename, face() if data is None else data), **said}
    return api.post(UPLOAD, form, format="multipart", headers=headers)


def kept(api: Any, seed: int = 1, **said: Any) -> dict[str, Any]:
    """An image that was handed in, as the answer shows it."""
    answer = hand_in(api, face(seed), **said)
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["image"])


def take(user: int, seed: int) -> None:
    """A primary image for this user, in a process that is killed."""
    owner = get_user_model().objects.get(pk=user)
    upload_image(user=owner, data=face(seed), filename="a.jpg", actor=ACTOR, is_primary=True)


def delete(image: int) -> None:
    delete_image(image_id=image, actor=ACTOR)


def listed(api: Any, username: str, query: str = "") -> dict[str, Any]:
    answer = api.get(f"/api/user_images/{username}/{query}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def at(image: dict[str, Any], step: str) -> str:
    """The address of something done to an image."""
    return f"/api/user_image/{image['id']}/{step}/"


def everything() -> dict[str, Any]:
    """All that a refused attempt must leave as it was."""
    rows = [list(table.objects.order_by("pk").values()) for table in (UserImage, StoredFile, Usage)]
    return {"rows": rows, "files": _hashes()}


def check_consistent() -> None:
    """Every row has its bytes, every file its row, nothing waits to go, and usage is what there is."""
    files = _hashes()
    assert {(row.storage_alias, row.key): row.sha256 for row in StoredFile.objects.all()} == files
    assert not PendingRemoval.objects.exists()
    images = list(UserImage.objects.all())
    for image in images:
        assert files[image.storage_alias, image.key] == image.sha256
    primaries = [image.user_id for image in images if image.is_primary]
    assert len(primaries) == len(set(primaries))
    for usage in Usage.objects.all():
        own = [image.file_size for image in images if image.user_id == usage.user_id]
        assert (usage.files, usage.bytes) == (len(own), sum(own))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of all calls, begun at the same moment in a thread and a database session each."""
    barrier = Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _hashes() -> dict[tuple[str, str], str]:
    aliases = [alias for alias in ALIASES if alias in settings.STORAGES]
    return {
        (alias, key): hashlib.sha256(data).hexdigest()
        for alias in aliases
        for key, data in stored(alias).items()
    }


def filled(user: Any, count: int, **values: Any) -> None:
    """Rows without bytes, a minute apart."""
    now = timezone.now()
    UserImage.objects.bulk_create(
        UserImage(
            user=user, image=f"users/x/images/{user.pk}_{number}.jpg", sha256="0" * 64, file_size=1,
            mime_type="image/jpeg", width=1, height=1, uploaded_at=now - timedelta(minutes=number), **values,
        )
        for number in range(count)
    )  # fmt: skip


def r2_environment(server: Any, bucket: str) -> dict[str, str]:
    return {
        "R2_BUCKET_NAME": bucket,
        "R2_ACCOUNT_ID": "0123456789abcdef0123456789abcdef",
        "R2_ACCESS_KEY_ID": server.access_key,
        "R2_SECRET_ACCESS_KEY": server.secret_key,
        "R2_ENDPOINT_URL": server.endpoint_url,
    }
