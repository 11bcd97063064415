"""The pixels of versions that came back without being decoded: looked at soon after, by the worker."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import monotonic

from photostore.errors import PhotostoreError
from photostore.intake import take_in_image
from students.models import StudentPhoto
from students.versions import EXTENSIONS, photo_limits, stored_bytes

logger = logging.getLogger(__name__)

AT_ONCE = 20
SECONDS = 45


class Looker:
    """Remembers how far it came, so that no round reads the same damaged file again."""

    def __init__(self) -> None:
        self._last = 0

    def look(self) -> None:
        """Batch by batch, for most of a minute, as fast as they are decoded."""
        until = monotonic() + SECONDS
        while self._look_at_some() and monotonic() < until:
            pass

    def _look_at_some(self) -> bool:
        """By primary key; after the last version it begins anew, in the next round."""
        unknown = StudentPhoto.objects.filter(pixel_sha256="", pk__gt=self._last)
        some = list(unknown.order_by("pk")[:AT_ONCE])
        for photo in some:
            try:
                _look_at(photo)
            except (PhotostoreError, KeyError):
                logger.warning("The pixels of version %s could not be looked at.", photo.pk)
        self._last = some[-1].pk if some else 0
        return bool(some)


def _look_at(photo: StudentPhoto) -> None:
    name = f"stored.{EXTENSIONS[photo.content_type]}"
    limits = replace(photo_limits(), max_side=None)
    clean = take_in_image(stored_bytes(photo), filename=name, limits=limits)
    unknown = StudentPhoto.objects.filter(pk=photo.pk, pixel_sha256="")
    unknown.update(pixel_sha256=clean.pixel_sha256, dhash=clean.dhash)
