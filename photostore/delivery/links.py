"""Links that expire: signed by us where we serve the bytes, presigned where a bucket does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest

from photostore.keys import THUMBNAIL_SIZES
from photostore.storage import storage_for

Purpose = Literal["live", "history", "legacy"]
SIGNATURE_BYTES = 16  # 128 bits of HMAC-SHA256: beyond guessing, and short in a page of a hundred links
VERSION_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a link to `/media/` states in its query."""

    key: str
    version: str
    purpose: str
    expires: int

    def signature(self, secret: str) -> str:
        """HMAC-SHA256 over everything that the link states."""
        message = f"{self.key}\n{self.version}\n{self.purpose}\n{self.expires}".encode()
        digest = hmac.digest(_signing_key(secret), message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).rstrip(b"=").decode()


@lru_cache(maxsize=8)
def _signing_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"photostore.delivery.links", hashlib.sha256)


class LinkMaker:
    """Makes the links of one answer: the clock is read once, every link ends at the same moment.

    The end is rounded up to a whole window, so that the same photo keeps the same address for minutes
    and a browser's cache can hit. A link lives for one to two times `MEDIA_LINK_SECONDS`.
    """

    def __init__(self, base_url: str, *, now: float | None = None) -> None:
        seconds = settings.MEDIA_LINK_SECONDS
        self.base_url = base_url
        self.expires = (math.ceil((now or time.time()) / seconds) + 1) * seconds
        self._storage = storage_for()
        self._valid_from = datetime.fromtimestamp(self.expires - 2 * seconds, UTC)
        self.expires_at = datetime.fromtimestamp(self.expires, UTC)

    @classmethod
    def of(cls, request: HttpRequest | Any) -> LinkMaker:
        """For the answer to `request`: `PUBLIC_BASE_URL`, else the host that was asked."""
        return cls(settings.PUBLIC_BASE_URL or request.build_absolute_uri("/").rstrip("/"))

    def live(self, key: str, *, sha256: str, version_key: str, storage_alias: str = "default") -> str:
        """A link to what is under `key` today; `version_key` is the immutable file behind it.

        It ends at once when the photo is replaced, removed or erased (in a bucket: when it expires; in a
        public bucket it does not expire, and needs no signature). Raises `StorageUnavailable` for an alias
        that is no longer configured.
        """
        return self._link(key, sha256, "live", version_key, storage_alias)

    def history(self, version_key: str, *, sha256: str) -> str:
        """A link to one version, live or not."""
        return self._link(version_key, sha256, "history", version_key)

    def thumbnails(
        self,
        key_of: Callable[[str], str],
        *,
        sha256: str,
        purpose: Purpose = "live",
        storage_alias: str = "default",
    ) -> dict[str, str]:
        """Links to the thumbnails whose keys `key_of` gives, by size; they end as the picture's own do."""
        made = {size: key_of(size) for size in THUMBNAIL_SIZES}
        return {size: self._link(key, sha256, purpose, key, storage_alias) for size, key in made.items()}

    def legacy(self, key: str, *, mark: str) -> str:
        """A link to a file that a row of another system names; `mark` says whose row.

        Always through us, never presigned: each time it is looked whether the row still names it.
        """
        return self._signed(key, mark, "legacy")

    def _link(
        self, key: str, sha256: str, purpose: Purpose, version_key: str, storage_alias: str = "default"
    ) -> str:
        storage = self._storage if storage_alias == "default" else storage_for(storage_alias)
        presigned: str | None = storage.presigned_url(
            version_key, valid_from=self._valid_from, expires_at=self.expires_at, content_disposition=None
        )
        if presigned is not None:
            return presigned
        return self._signed(key, sha256[:VERSION_LENGTH], purpose)

    def _signed(self, key: str, version: str, purpose: Purpose) -> str:
        link = SignedLink(key, version, purpose, self.expires)
        signature = link.signature(settings.SECRET_KEY)
        query = f"v={link.version}&p={purpose}&e={self.expires}&s={signature}"
        return f"{self.base_url}{settings.MEDIA_URL}{quote(key)}?{query}"


def verified(key: str, query: Any) -> SignedLink | None:
    """What the link to `key` states, or None unless its signature is ours and it has not expired.

    `query` is the request's query, a mapping of strings.
    """
    expires = query.get("e", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        return None
    link = SignedLink(key, query.get("v", ""), query.get("p", ""), int(expires))
    offered = query.get("s", "").encode(errors="replace")
    # An old secret still verifies while it stands in SECRET_KEY_FALLBACKS.
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    matches = [hmac.compare_digest(link.signature(secret).encode(), offered) for secret in secrets]
    return link if any(matches) and link.expires >= time.time() else None
