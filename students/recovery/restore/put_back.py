"""Steps that put bytes back where the register says that they are."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from photostore.errors import Changed
from photostore.intake import take_in_image
from photostore.models import OperationStep, StoredFile
from photostore.operations import StepHandler
from photostore.operations.quarantine import sha256_of
from photostore.owners import Owner
from photostore.storage import storage_for
from students.recovery.change.files import bring_others_back, needed_bytes, set_aside
from students.versions import EXTENSIONS, photo_limits


class PutBack(StepHandler):
    """Puts one registered file back. Damaged bytes are set aside first: they may still be readable in part.

    Details: the row's `storage_alias`, `key`, `sha256`, `content_type`, `owner_label`, `owner_id`; `found`,
    the sha256 of what lies there (empty: nothing); `sources`, the places that have the right bytes. Without
    any, what lies there is another student's photo, and is only set aside.
    """

    name = "heal"

    def perform(self, step: OperationStep) -> None:
        """Look again, set the damaged bytes aside, write the right ones."""
        details = step.details
        alias, key, sha256 = details["storage_alias"], details["key"], details["sha256"]
        owner = Owner(details["owner_label"], details["owner_id"])
        with owner.locked():
            row = StoredFile.objects.filter(
                storage_alias=alias, key=key, sha256=sha256, **owner.files
            ).first()
            if row is None:
                raise Changed(_("The photo was replaced or removed since."))
            now = sha256_of(alias, key)
            if now != sha256:
                data = needed_bytes(details["sources"], sha256) if details["sources"] else None
                if now not in (None, details["found"]):
                    raise Changed(_("Another file is stored under this name by now."))
                if now is not None:
                    set_aside(step.operation_id, [(alias, key, now)], owner.files)
                if data is None:
                    storage_for(alias).remove(key)
                    return
                storage_for(alias).put(key, data, content_type=row.content_type)
            StoredFile.objects.filter(pk=row.pk).update(written_at=timezone.now(), verified_at=timezone.now())

    def revert(self, step: OperationStep) -> None:
        """Take them away again, but never the last bytes that are right."""
        details = step.details
        alias, key, sha256 = details["storage_alias"], details["key"], details["sha256"]
        with Owner(details["owner_label"], details["owner_id"]).locked():
            now = sha256_of(alias, key)
            if now == sha256:
                needed_bytes(_elsewhere(details), sha256)
                if not details["found"]:
                    storage_for(alias).remove(key)
            elif now is not None and now != details["found"]:
                raise Changed(_("Another file is stored under this name by now."))
            if details["found"]:
                bring_others_back(step.operation_id, [(alias, key, details["found"])], sha256)


class RebuildThumbnails(StepHandler):
    """Makes thumbnails of one photo again. Details: `original` (a place and its sha256), `before` (rows)."""

    name = "rebuild_thumbnails"

    def perform(self, step: OperationStep) -> None:
        """From the stored picture, so they are of the same face but not of the same bytes."""
        details = step.details
        with Owner(details["owner_label"], details["owner_id"]).locked():
            alias, key, sha256 = details["original"]
            data = needed_bytes([(alias, key)], sha256)
            extension = EXTENSIONS[details["content_type"]]
            made = take_in_image(data, filename=f"stored.{extension}", limits=photo_limits()).thumbnails
            for row in _thumbnail_rows(details):
                small = made.get(row.key.rpartition("_")[2].partition(".")[0])
                if small is None:
                    continue
                storage_for(row.storage_alias).put(
                    row.key, small.data, content_type=small.content_type, durable=False
                )
                row.sha256, row.byte_size, row.written_at = small.sha256, len(small.data), timezone.now()
                row.width, row.height = small.width, small.height
                row.save(update_fields=["sha256", "byte_size", "width", "height", "written_at"])

    def revert(self, step: OperationStep) -> None:
        """They were not there before."""
        details = step.details
        with Owner(details["owner_label"], details["owner_id"]).locked():
            for row in _thumbnail_rows(details):
                storage_for(row.storage_alias).remove(row.key)
                StoredFile.objects.filter(pk=row.pk).update(**details["before"][row.key])


def _thumbnail_rows(details: dict[str, Any]) -> list[StoredFile]:
    owner = {"owner_label": details["owner_label"], "owner_id": details["owner_id"]}
    rows = StoredFile.objects.filter(
        kind=StoredFile.Kind.DERIVATIVE, key__in=list(details["before"]), **owner
    )
    return list(rows.order_by("key"))


def _elsewhere(details: dict[str, Any]) -> list[Any]:
    here = [details["storage_alias"], details["key"]]
    return [file_ref for file_ref in details["sources"] if list(file_ref) != here]
