"""What the tests of direct uploads do over and over: announce, send as the answer says, complete."""

from __future__ import annotations

from typing import Any

import requests
from rest_framework.test import APIClient

from media_uploads.direct.use_cases.completing import complete_upload
from media_uploads.models import DirectUpload, Persona
from media_uploads.tests.handing_in import ACTOR

TUS = {"HTTP_TUS_RESUMABLE": "1.0.0"}
CHUNK = "application/offset+octet-stream"


def announce(
    client: APIClient, persona: Persona | int, data: bytes, filename: str = "me.jpg", **values: Any
) -> Any:
    """The answer to `POST /media/uploads/{persona_id}`."""
    said = {"filename": filename, "size": len(data), "content_type": "image/jpeg", **values}
    return client.post(f"/media/uploads/{getattr(persona, 'pk', persona)}", said)


def patch(client: APIClient, place: str, data: bytes, offset: int, **headers: Any) -> Any:
    return client.patch(
        place, data, content_type=CHUNK, **{**TUS, "HTTP_UPLOAD_OFFSET": str(offset), **headers}
    )


def send(client: APIClient, upload: dict[str, Any], data: bytes) -> None:
    """All of it, by whatever protocol the service named."""
    if upload["protocol"] == "tus":
        assert patch(client, path_of(upload), data, 0).status_code == 204
    elif upload["protocol"] == "put":
        assert requests.put(upload["url"], data, headers=upload["headers"], timeout=30).status_code == 200
    else:
        for part in upload["parts"]:
            piece = data[part["offset"] : part["offset"] + part["size"]]
            assert requests.put(part["url"], piece, timeout=60).status_code == 200


def path_of(upload: dict[str, Any]) -> str:
    return f"/media/uploads/{upload['id']}"


def sent(
    client: APIClient, persona: Persona, data: bytes, filename: str = "me.jpg", **values: Any
) -> dict[str, Any]:
    answer = announce(client, persona, data, filename, **values)
    assert answer.status_code == 201, answer.content
    upload: dict[str, Any] = answer.json()
    send(client, upload, data)
    return upload


def complete(client: APIClient, upload: dict[str, Any]) -> Any:
    return client.post(f"{path_of(upload)}/complete")


def complete_in_a_process(upload_id: str) -> None:
    upload = DirectUpload.objects.select_related("user").get(pk=upload_id)
    complete_upload(user=upload.user, upload_id=upload.pk, actor=ACTOR)
