"""`/media/…`: a key is served to a valid signature and to nothing else."""

from __future__ import annotations

import time

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from photostore.audit import Actor, record_refusal
from photostore.delivery.legacy import legacy_file
from photostore.delivery.links import VERSION_LENGTH, SignedLink, verified
from photostore.delivery.responses import serve
from photostore.errors import FileMissing
from photostore.models import StoredFile
from photostore.storage.key_rules import is_key


@require_safe
def media(request: HttpRequest, key: str) -> HttpResponseBase:
    """The bytes behind a signed link; everything else is the same 404, whatever it names."""
    if not is_key(key):
        raise Http404
    link = verified(key, request.GET)
    if link is None:
        if "s" in request.GET:
            # The link was altered or has ended. A request without any signature is a guess, and only noise.
            record_refusal(Actor.of(request, "media"), "GET media", subject=key, code="invalid_link")
        raise Http404
    file = linked_file(link)
    if file is None:
        raise Http404
    try:
        return serve(
            request,
            file,
            name=key.rpartition("/")[2],
            cache_control=f"private, max-age={max(0, link.expires - int(time.time()))}",
        )
    except FileMissing:
        raise Http404 from None


def linked_file(link: SignedLink) -> StoredFile | None:
    """The immutable file that the link stands for; None where the register knows it no longer.

    A export is served from its original, so that the bytes are always those
    that the row states, also while the copy is being refreshed.
    """
    if len(link.version) < VERSION_LENGTH:
        return None
    if link.purpose == "legacy":
        return legacy_file(link)
    try:
        # Not first(): sorting one row costs a quarter of the whole look-up, in building the SQL.
        found = StoredFile.objects.select_related("parent").get(storage_alias="default", key=link.key)
    except StoredFile.DoesNotExist:
        return None
    original = found.parent or found
    if not original.sha256.startswith(link.version):
        return None
    if not original.live and link.purpose != "history":
        return None
    return original if found.kind == StoredFile.Kind.EXPORT else found
