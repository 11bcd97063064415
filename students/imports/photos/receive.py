"""Photos come in: zips as they are, single files as one zip. A job reads them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from photostore.audit import Actor
from photostore.errors import InvalidFile
from photostore.storage import storage_for
from students.imports import lifecycle
from students.imports.photos.archive import MEGABYTE, ArchiveLimits
from students.imports.photos.staging import put_source
from students.models import Import

PIECE_BYTES = 256 * 1024
ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
NAMES_KEPT = 20


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One file as it was handed in; `path` with its folders where these are known."""

    path: str
    file: BinaryIO

    @property
    def is_zip(self) -> bool:
        """By its first bytes; an Excel workbook is one as well, and is not meant."""
        self.file.seek(0)
        head = self.file.read(4)
        self.file.seek(0)
        return head in ZIP_BEGINNINGS and not self.path.lower().endswith((".xlsx", ".docx"))


def limits() -> ArchiveLimits:
    """As the deployment sets them."""
    return ArchiveLimits(
        zip_bytes=settings.PHOTO_IMPORT_MAX_MB * MEGABYTE,
        members=settings.PHOTO_IMPORT_MAX_FILES,
        total_bytes=settings.PHOTO_IMPORT_MAX_UNPACKED_MB * MEGABYTE,
        member_bytes=settings.PHOTO_IMPORT_MAX_FILE_MB * MEGABYTE,
    )


def begin(files: Sequence[HandedIn], *, actor: Actor, options: dict[str, Any] | None = None) -> Import:
    """A new import of these photos, to be read. Raises `InvalidFile` for none, `StorageUnavailable`."""
    if not files:
        raise InvalidFile(_("No file was sent."), code="no_file", field="files")
    zips = [one for one in files if one.is_zip]
    import_id, loose = uuid4(), [one for one in files if one not in zips]
    with _zipped(loose) as gathered:
        sources = [*(one.file for one in zips), *([gathered] if loose else [])]
        for place, source in enumerate(sources):
            put_source(import_id, place, source)
    with transaction.atomic():
        return lifecycle.begin(
            Import.Kind.PHOTOS,
            actor,
            pk=import_id,
            # Photos are called by children's names: those stand in rows, which go with the children.
            file_names=[one.path[-255:] for one in zips[:NAMES_KEPT]],
            options={**(options or {}), "sources": len(sources)},
        )


@contextmanager
def _zipped(files: Iterable[HandedIn]) -> Iterator[BinaryIO]:
    """Single files as one zip that packs nothing."""
    with storage_for().scratch() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for one in files:
                info = zipfile.ZipInfo(one.path)
                with archive.open(info, "w", force_zip64=True) as member:
                    while piece := one.file.read(PIECE_BYTES):
                        member.write(piece)
        yield target


@contextmanager
def zipped_folder(folder: Path, besides: Sequence[Path] = ()) -> Iterator[BinaryIO]:
    """All files of a folder as one zip that packs nothing, links left out; `besides` lie at its top."""
    with storage_for().scratch() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, str(path.relative_to(folder)))
            for path in besides:
                archive.write(path, path.name)
        yield target
