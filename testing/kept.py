"""All that a storage keeps, for tests that look at everything before and after.

An S3 listing says the MD5 of each object; what was seen with it before is not fetched a second time.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator

from photostore.storage import PhotoStorage, storage_for
from photostore.storage.key_rules import is_key
from photostore.storage.s3 import S3Storage

MAX_BYTES = 128 * 1_048_576
# A photo is remembered, a video is not.
REMEMBERED, REMEMBERED_BYTES = 500, 262_144
_MD5 = re.compile(r'"[0-9a-f]{32}"')  # an object of several parts has another kind of ETag

_seen: OrderedDict[str, bytes] = OrderedDict()


def stored(alias: str = "default", prefix: str = "") -> dict[str, bytes]:
    storage = storage_for(alias)
    storage.prepare()  # else a place where nothing was ever put says that it is away
    if isinstance(storage, S3Storage):
        return dict(_listed(storage, prefix))
    return {found.key: storage.read(found.key, max_bytes=MAX_BYTES) for found in storage.scan(prefix)}


def _listed(storage: S3Storage, prefix: str) -> Iterator[tuple[str, bytes]]:
    pages = storage.client.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=storage.bucket_name, Prefix=prefix):
        for entry in page.get("Contents", ()):
            if is_key(entry["Key"]):
                yield entry["Key"], _bytes(storage, entry["Key"], entry["ETag"])


def _bytes(storage: PhotoStorage, key: str, etag: str) -> bytes:
    data = _seen.get(etag)
    if data is None:
        data = storage.read(key, max_bytes=MAX_BYTES)
        if len(data) > REMEMBERED_BYTES or not _MD5.fullmatch(etag):
            return data
    _seen[etag] = data
    _seen.move_to_end(etag)
    if len(_seen) > REMEMBERED:
        _seen.popitem(last=False)
    return data
