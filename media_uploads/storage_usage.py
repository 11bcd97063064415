"""What lies in storage, by kind: read off the register, so that no storage is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.apps import apps
from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from media_uploads.models import FILE_OWNER_LABEL, IMAGE_OWNER_LABEL, DirectUpload, MediaFile
from photostore.errors import Sentence
from photostore.models import StoredFile

Kind = StoredFile.Kind
_MEDIA: dict[str, Sentence] = {
    MediaFile.Type.IMAGE: _("Media files: images"),
    MediaFile.Type.VIDEO: _("Media files: videos"),
}


@dataclass(frozen=True, slots=True)
class UsageShare:
    """One kind of files: how many, and how many bytes they have together."""

    title: Sentence
    files: int
    byte_size: int
    percent: float = 0.0


def usage_shares() -> list[UsageShare]:
    """Every kind, the largest first, with its share of the whole; three queries, whatever there is."""
    found = [*_registered(), *_media(), *_arriving()]
    whole = sum(share.byte_size for share in found) or 1
    return [
        replace(share, percent=100 * share.byte_size / whole)
        for share in sorted(found, key=lambda share: -share.byte_size)
    ]


def _registered() -> Iterator[UsageShare]:
    """Of every app; media files are told apart by `_media`, and what repeats an original by what it is."""
    rows = StoredFile.objects.values_list("kind", "owner_label").annotate(Count("pk"), Sum("byte_size"))
    repeated = {Kind.EXPORT: [0, 0], Kind.DERIVATIVE: [0, 0]}
    for kind, label, files, byte_size in rows.order_by():
        if kind != Kind.ORIGINAL:
            repeated[kind][0] += files
            repeated[kind][1] += byte_size
        elif label != FILE_OWNER_LABEL:
            yield UsageShare(_title(label), files, byte_size)
    for kind, title in ((Kind.EXPORT, _("Copies")), (Kind.DERIVATIVE, _("Thumbnails"))):
        if repeated[kind][0]:
            yield UsageShare(title, *repeated[kind])


def _title(label: str) -> Sentence:
    if label == IMAGE_OWNER_LABEL:
        return _("User images")
    app, _dot, name = label.partition(".")
    known = next((found for found in apps.get_app_configs() if found.label == app), None)
    return f"{known.verbose_name if known else app}: {name}"


def _media() -> Iterator[UsageShare]:
    rows = MediaFile.objects.values_list("media_type").annotate(Count("pk"), Sum("file_size")).order_by()
    for kind, files, byte_size in rows:
        yield UsageShare(_MEDIA[kind], files, byte_size)


def _arriving() -> Iterator[UsageShare]:
    """What open uploads have announced: that much may arrive."""
    announced = DirectUpload.objects.filter(completed_at=None).aggregate(n=Count("pk"), bytes=Sum("size"))
    if announced["n"]:
        yield UsageShare(_("Uploads in progress"), announced["n"], announced["bytes"])
