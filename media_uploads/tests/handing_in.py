"""What the tests of media files do over and over: personas, files handed in, all that is kept."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from media_uploads.files.use_cases import keep_file
from media_uploads.models import MediaFile, Persona, Usage
from photostore.audit import Actor
from photostore.models import PendingRemoval, StoredFile
from testing.kept import stored
from testing.pictures import portrait, saved

ACTOR = Actor(id="1", name="dana", channel="api")


def persona_of(user: Any, name: str = "Stage") -> Persona:
    return Persona.objects.create(user=user, name=name)


@cache
def picture(seed: int = 1, name: str = "JPEG", *, width: int = 300, height: int = 400) -> bytes:
    """A drawn person as a file of Pillow's format `name`."""
    return saved(portrait(seed, width, height), name)


def keep(persona: Persona, data: bytes, filename: str = "me.jpg", description: str = "") -> MediaFile:
    return keep_file(
        user=persona.user,
        persona_id=persona.pk,
        file=io.BytesIO(data),
        filename=filename,
        description=description,
        actor=ACTOR,
    )


def everything() -> dict[str, Any]:
    """All that a refused attempt must leave as it was."""
    tables = (Persona, MediaFile, StoredFile)
    rows = [list(table.objects.order_by("pk").values()) for table in tables]  # type: ignore[attr-defined]
    return {"rows": rows, "files": {key: hashlib.sha256(data).hexdigest() for key, data in stored().items()}}


def check_consistent() -> None:
    """Every row has its bytes, every file its row, usage is the sum of rows, nothing waits to go."""
    files = {key: hashlib.sha256(data).hexdigest() for key, data in stored().items()}
    assert {row.key: row.sha256 for row in StoredFile.objects.all()} == files
    assert not PendingRemoval.objects.exists()
    sizes: dict[int, list[int]] = {}
    for row in MediaFile.objects.all():
        assert files[row.key] == row.sha256
        sizes.setdefault(row.user_id, []).append(row.file_size)
    for usage in Usage.objects.all():
        mine = sizes.pop(usage.user_id, [])
        assert (usage.files, usage.bytes) == (len(mine), sum(mine))
    assert not sizes


def send(api: Any, persona_id: int, data: bytes, filename: str = "me.jpg", **form: Any) -> Any:
    headers = form.pop("headers", {})
    said = SimpleUploadedFile(filename, data, content_type=form.pop("content_type", "application/x-anything"))
    return api.post(
        f"/media/upload/{persona_id}", {"file": said, **form}, format="multipart", headers=headers
    )


def sent(api: Any, persona_id: int, data: bytes | None = None, filename: str = "me.jpg", **form: Any) -> Any:
    answer = send(api, persona_id, picture(1) if data is None else data, filename, **form)
    assert answer.status_code == 201, answer.content
    return answer.json()
