"""What the tests of this app do over and over: hand a picture in, say yes, look at all that is kept."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from photostore.models import PendingRemoval, StoredFile
from profile_pictures.models import ProfilePictureUpload, User
from testing.kept import stored
from testing.pictures import portrait, saved

UPLOAD = "/api/users/upload-profile-picture/"
CONFIRM = "/api/users/confirm-profile-picture/"
UPLOADS = "/api/users/profile-picture-uploads/"


def face(seed: int, name: str = "JPEG", *, width: int = 300, height: int = 400) -> bytes:
    """A drawn person as a file of Pillow's format `name`."""
    return saved(portrait(seed, width, height), name)


def hand_in(api: Any, data: bytes, filename: str = "me.jpg", **headers: Any) -> Any:
    return api.post(UPLOAD, {"image": SimpleUploadedFile(filename, data)}, format="multipart", **headers)


def pending(api: Any, seed: int = 1, **size: int) -> dict[str, Any]:
    """A picture that waits, as the answer shows it."""
    answer = hand_in(api, face(seed, **size))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def say_yes(api: Any, upload_id: Any, crop: Any = None, **headers: Any) -> Any:
    body = {"upload_id": upload_id} | ({"crop": crop} if crop else {})
    return api.post(CONFIRM, body, format="json", **headers)


def confirmed(api: Any, seed: int = 1) -> dict[str, Any]:
    """A picture that is the profile picture now, as the answer shows the upload."""
    answer = say_yes(api, pending(api, seed)["id"])
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["upload"])


def expire(upload_id: int) -> None:
    ProfilePictureUpload.objects.filter(pk=upload_id).update(
        expires_at=timezone.now() - timedelta(seconds=1), uploaded_at=timezone.now() - timedelta(hours=24)
    )


def everything() -> dict[str, Any]:
    """All that a refused attempt must leave as it was."""
    rows = [list(table.objects.order_by("pk").values()) for table in (ProfilePictureUpload, StoredFile)]
    pictures = list(User.objects.order_by("pk").values("pk", "profile_picture"))
    files = {key: hashlib.sha256(data).hexdigest() for key, data in stored().items()}
    return {"rows": rows, "pictures": pictures, "files": files}


def check_consistent() -> None:
    """Every row has its bytes, every file its row, every person's picture is one, nothing waits to go."""
    files = {key: hashlib.sha256(data).hexdigest() for key, data in stored().items()}
    assert {row.key: row.sha256 for row in StoredFile.objects.all()} == files
    assert not PendingRemoval.objects.exists()
    for upload in ProfilePictureUpload.objects.all():
        assert files[upload.key] == upload.sha256
    for user in User.objects.exclude(profile_picture=""):
        upload = ProfilePictureUpload.objects.current().get(user=user)
        assert upload.image.name == user.profile_picture.name
        assert StoredFile.objects.get(key=upload.image.name).live
    for user in User.objects.filter(profile_picture=""):
        assert not ProfilePictureUpload.objects.current().filter(user=user).exists()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))
