"""A direct upload as JSON: what it is, how much has arrived, where the rest is to be sent."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from media_uploads.direct.use_cases.arriving import arrived_bytes
from media_uploads.models import DirectUpload
from photostore.incoming import bucket

TUS_VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
Way = DirectUpload.Way


def represent_upload(upload: DirectUpload, *, base_url: str, arrived: int | None = None) -> dict[str, Any]:
    """Asks the storage how much has arrived, unless `arrived` says so. Raises `StorageUnavailable`."""
    place = reverse("direct-upload", args=[upload.pk])
    return {
        "id": str(upload.pk),
        "state": "completed" if upload.completed_at else "open",
        "persona_id": upload.persona_id,
        "filename": upload.filename,
        "size": upload.size,
        "content_type": upload.content_type,
        "description": upload.description,
        "offset": arrived_bytes(upload) if arrived is None else arrived,
        "expires_at": upload.expires_at,
        "file_id": upload.file_id,
        "complete_url": f"{base_url}{reverse('complete-direct-upload', args=[upload.pk])}",
        "status_url": f"{base_url}{place}",
        **(_destination(upload, f"{base_url}{place}") if upload.is_open else {}),
    }


def _destination(upload: DirectUpload, place: str) -> dict[str, Any]:
    """`protocol`, and what it needs. A browser adds Content-Length itself; the signature covers it."""
    if upload.way == Way.TUS:
        headers = {"Tus-Resumable": TUS_VERSION, "Content-Type": CHUNK_TYPE}
        return {"protocol": "tus", "method": "PATCH", "url": place, "headers": headers}
    seconds = {"links_last_seconds": int(bucket.LINK_LIFE.total_seconds())}
    if upload.way == Way.PUT:
        link = bucket.put_link(upload.key, byte_size=upload.size, content_type=upload.content_type)
        headers = {"Content-Type": upload.content_type}
        return {"protocol": "put", "method": "PUT", "url": link, "headers": headers, **seconds}
    return {"protocol": "multipart", "method": "PUT", "headers": {}, "parts": _parts(upload), **seconds}


def _parts(upload: DirectUpload) -> list[dict[str, Any]]:
    sizes = bucket.part_sizes(upload.size)
    links = bucket.part_links(upload.key, upload.multipart_id, sizes)
    return [
        {"number": number, "offset": (number - 1) * bucket.PART_BYTES, "size": size, "url": link}
        for number, (size, link) in enumerate(zip(sizes, links, strict=True), 1)
    ]
