"""A school as other people's scripts leave it: rows by INSERT, files by hand, nothing by our own code."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests
from django.conf import settings
from django.db import connection
from django.test import Client

from photostore.tags import strip
from testing.people import body_of

DOCUMENTED = "student_photos/student_{}_profile.jpg"


def enter(name: str, photo: str = "", *, class_name: str = "4b", pk: int | None = None) -> int:
    """A row as S0's own script writes it: the columns that it knows, and no others."""
    columns: dict[str, Any] = {"name": name, "class_name": class_name, "profile_photo": photo}
    if pk is not None:
        columns["id"] = pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO students_student ({', '.join(columns)}) "
            f"VALUES ({', '.join(['%s'] * len(columns))}) RETURNING id",
            list(columns.values()),
        )
        return int(cursor.fetchone()[0])


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """A person at `psql`."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def pupil(number: int, data: bytes, *, key: str = "") -> int:
    """Row and file under the documented name, as S0 leaves them."""
    pk = enter(f"Pupil {number} Quist", "to be named")
    key = key or DOCUMENTED.format(pk)
    sql("UPDATE students_student SET profile_photo = %s WHERE id = %s", key, pk)
    lay(key, data)
    return pk


def student_id(pk: int) -> str:
    return str(sql("SELECT student_id FROM students_student WHERE id = %s", pk)[0][0])


def lay(key: str, data: bytes) -> None:
    """A file where another program put it."""
    options = settings.STORAGES["default"]["OPTIONS"]
    if "location" in options:
        path = Path(options["location"]) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    else:
        _client(options).put_object(Bucket=options["bucket_name"], Key=key, Body=data)


def _client(options: dict[str, Any]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=options["endpoint_url"],
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
        region_name=options["region_name"],
    )


def seen(api: Any, pk: int) -> dict[str, bytes | None]:
    """What is shown as this student's photo, by every way to it; None for a 404 or no link."""
    detail = api.get(f"/api/students/{pk}/").json()
    (listed,) = [one for one in api.get("/api/students/").json()["results"] if one["id"] == pk]
    ways = {
        "bytes": f"/api/photos/students/{detail['student_id']}/profile.jpg",
        "detail": detail["profile_photo_url"],
        "list": listed["profile_photo_url"],
        "thumbnail": (detail["thumbnails"] or {}).get("640"),
    }
    return {way: _fetched(api, address) for way, address in ways.items()}


def _fetched(api: Any, address: str | None) -> bytes | None:
    if not address:
        return None
    if address.startswith("/"):
        answer = api.get(address)
    elif urlsplit(address).netloc == "testserver":
        parts = urlsplit(address)
        answer = Client().get(f"{parts.path}?{parts.query}")
    else:
        found = requests.get(address, timeout=10)
        return found.content if found.ok else None
    return body_of(answer) if answer.status_code == 200 else None


def bare(data: bytes) -> str:
    """The sha256 without the identity inside."""
    return hashlib.sha256(strip(data)).hexdigest()
