"""What the channels of direct uploads take; their answers are described here for the OpenAPI document."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

MAX_DESCRIPTION_LENGTH = 10_000
# RFC 9110: a type and a subtype; nothing that could end a header line.
_CONTENT_TYPE = RegexValidator(
    r"^([\w!#$&^.+-]+/[\w!#$&^.+-]+)?\Z", _("This is not a content type."), flags=re.ASCII
)


class ContentTypeField(serializers.CharField):
    """A type without its parameters: browsers name codecs there, with commas and quotes, which are
    ignored.
    """

    def to_internal_value(self, data: Any) -> str:
        """What stands before the first semicolon."""
        return str(super().to_internal_value(data)).partition(";")[0].strip()


class DirectUploadInput(serializers.Serializer[None]):
    """A file that is announced."""

    filename = serializers.CharField(max_length=255, help_text="Its ending must be true.")
    size = serializers.IntegerField(min_value=0, max_value=2**53, help_text="In bytes, exactly.")
    content_type = ContentTypeField(
        max_length=128, required=False, allow_blank=True, default="", validators=[_CONTENT_TYPE]
    )
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_LENGTH, required=False, allow_blank=True, default=""
    )


class DirectUploadPart(serializers.Serializer[None]):
    """One part of an upload in parts."""

    number = serializers.IntegerField()
    offset = serializers.IntegerField(help_text="Where it begins in the file, in bytes.")
    size = serializers.IntegerField(help_text="In bytes; a part of another length is refused.")
    url = serializers.URLField(help_text="PUT it here.")


class DirectUploadOutput(serializers.Serializer[None]):
    """An upload on its way, and where to send the rest."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(["open", "completed"])
    persona_id = serializers.IntegerField()
    filename = serializers.CharField()
    size = serializers.IntegerField()
    content_type = serializers.CharField()
    description = serializers.CharField()
    offset = serializers.IntegerField(help_text="Bytes that have arrived.")
    expires_at = serializers.DateTimeField(help_text="What is not completed by then is gone.")
    file_id = serializers.IntegerField(allow_null=True, help_text="The media file, once it is completed.")
    complete_url = serializers.URLField(help_text="POST here when everything is sent.")
    status_url = serializers.URLField(help_text="GET: this again, with new links. DELETE: give it up.")
    protocol = serializers.ChoiceField(["tus", "put", "multipart"], required=False)
    method = serializers.CharField(required=False)
    url = serializers.URLField(required=False, help_text="With `tus` and `put`.")
    headers = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="To be sent along."
    )
    parts = DirectUploadPart(many=True, required=False, help_text="With `multipart`.")
    links_last_seconds = serializers.IntegerField(required=False)


def announced_by_tus(length: str | None, metadata: str | None) -> dict[str, Any]:
    """What tus headers announce, as `DirectUploadInput` takes it. Raises `ValidationError`."""
    fields = _metadata(metadata or "")
    return {
        # tus-js-client's own examples say `filename` and `filetype`, Uppy adds `name` and `type`.
        "filename": _text(fields, "filename") or _text(fields, "name"),
        "size": length,
        "content_type": _text(fields, "filetype") or _text(fields, "type"),
        "description": _text(fields, "description"),
    }


def _metadata(header: str) -> dict[str, bytes]:
    """Pairs of a key, which stands once, and a value in Base64, with commas between; a value may lack."""
    fields: dict[str, bytes] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _space, value = pair.partition(" ")
        if name in fields:
            raise _malformed(_("It contains the same key twice."))
        try:
            fields[name] = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise _malformed(_("This is not UTF-8 text in Base64.")) from error
    return fields


def _text(fields: dict[str, bytes], name: str) -> str:
    """What else a client says of a file may be anything."""
    try:
        return fields.get(name, b"").decode()
    except ValueError as error:
        raise _malformed(_("This is not UTF-8 text in Base64.")) from error


def _malformed(sentence: Any) -> serializers.ValidationError:
    return serializers.ValidationError({"Upload-Metadata": [sentence]})
