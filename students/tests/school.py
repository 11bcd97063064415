"""What the tests of this app do over and over: enrol somebody, hand in a photo, look at all that is kept."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from photostore.models import PendingRemoval, QuarantinedFile, StoredFile
from students.models import FormerStudentNumber, Student, StudentPhoto
from testing.kept import stored
from testing.pictures import portrait, saved

# Twins and mistakes of all kinds: tests that are about something else put one picture on two students.
ALL_THE_SAME = "is_anothers, names_another"


@cache
def face(seed: int, name: str = "JPEG", *, width: int = 300, height: int = 400) -> bytes:
    """A drawn person as a file of Pillow's format `name`."""
    return saved(portrait(seed, width, height), name)


def see_through(seed: int) -> bytes:
    """The same as a PNG whose lower half can be seen through."""
    picture = portrait(seed, 300, 400).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return saved(picture, "PNG")


def file_of(data: bytes, filename: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(filename, data)


def enrol(
    api: Any,
    name: str = "Ada Lovelace",
    *,
    photo: bytes | None = None,
    filename: str = "photo.jpg",
    **fields: Any,
) -> dict[str, Any]:
    """A new student through the API, as its answer shows them."""
    files = {} if photo is None else {"profile_photo": file_of(photo, filename), "confirm": ALL_THE_SAME}
    answer = api.post("/api/students/", {"name": name, **fields, **files}, format="multipart")
    assert answer.status_code == 201, answer.content
    shown: dict[str, Any] = answer.json()
    del shown["warnings"]  # only the answer to a change has them
    return shown


def hand_in(api: Any, pk: int, data: bytes, filename: str = "photo.jpg", **fields: Any) -> Any:
    """The answer to a photo for student `pk`."""
    return api.post(
        f"/api/students/{pk}/upload-photo/",
        {"profile_photo": file_of(data, filename), "confirm": ALL_THE_SAME, **fields},
        format="multipart",
    )


def form(*parts: tuple[str, bytes], boundary: str = "the-boundary") -> dict[str, Any]:
    """A multipart body byte for byte, for clients that write what no library would write.

    Each part is its Content-Disposition and its content; the result is what `client.generic` takes.
    """
    lines = b""
    for disposition, content in parts:
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        head += "Content-Type: application/octet-stream\r\n\r\n" if "filename" in disposition else "\r\n"
        lines += head.encode() + content + b"\r\n"
    return {
        "data": lines + f"--{boundary}--\r\n".encode(),
        "content_type": f"multipart/form-data; boundary={boundary}",
    }


def everything() -> dict[str, Any]:
    """All that a refused attempt must leave as it was: every file and every row about photos."""
    files = {
        (alias, key): hashlib.sha256(data).hexdigest()
        for alias in ("default", "safe")
        for key, data in stored(alias).items()
    }
    tables = (Student, StudentPhoto, FormerStudentNumber, StoredFile, PendingRemoval, QuarantinedFile)
    return {
        "files": files,
        **{table.__name__: list(table.objects.order_by("pk").values()) for table in tables},
    }


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def likeness(one: bytes, other: bytes) -> float:
    """Mean difference of two pictures per pixel and band, of 255: below 6 it is the same face."""
    import numpy as np

    small = [np.asarray(opened(data).convert("RGB").resize((64, 64)), float) for data in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())
