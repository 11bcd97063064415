"""What the calls of imports take and answer, for checking and for the OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from students.imports.roster.columns import FIELDS
from students.imports.tables.table import MAX_COLUMNS
from students.imports.tables.texts import CHARSETS, DELIMITERS
from students.models import Import, ImportRow
from students.models.imports import ROW_STATE_LENGTH


@extend_schema_serializer(extensions={"x-names-more": True})
class SaidOutput(serializers.Serializer[None]):
    """One thing that is known, by a code for programs and in words for a person; some name more."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class ImportOutput(serializers.Serializer[None]):
    """An import."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Import.State.choices)
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows, by their state.")
    enrolled_without_photo = serializers.IntegerField(
        allow_null=True, help_text="Of photos: students of the school of whom it has none."
    )
    operation = serializers.UUIDField(allow_null=True, help_text="What the commit is journaled as.")
    error = SaidOutput(allow_null=True, help_text="Why it failed.")
    file_names = serializers.ListField(child=serializers.CharField())
    options = serializers.DictField(help_text="What was chosen for reading it.")
    found = serializers.DictField(help_text="What reading found out, such as charset and columns.")
    upload_url = serializers.URLField(
        allow_null=True, help_text="Where the bytes of a zip of photos go, while they are awaited."
    )
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class RosterOptions(serializers.Serializer[None]):
    """How a list is to be read; what is left out is found out."""

    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=FIELDS, allow_null=True, allow_blank=True),
        required=False,
        max_length=MAX_COLUMNS,
        help_text="For each column the field that it holds, or null.",
    )
    heading = serializers.BooleanField(required=False, help_text="Whether the first row names the columns.")
    charset = serializers.ChoiceField(choices=CHARSETS, required=False)
    delimiter = serializers.ChoiceField(choices=DELIMITERS, required=False)
    sheet = serializers.CharField(required=False, max_length=64, help_text="Of a workbook.")

    def validate_columns(self, columns: list[str | None]) -> list[str | None]:
        """Each field once."""
        said = [column for column in columns if column]
        if len(said) != len(set(said)):
            raise serializers.ValidationError(_("Two columns cannot hold the same field."))
        return [column or None for column in columns]


class RosterUpload(serializers.Serializer[None]):
    """A list as a form."""

    file = serializers.FileField(help_text="CSV, TSV or XLSX; at most 20 MB and 50,000 rows.")
    options = serializers.JSONField(required=False, help_text="As in PATCH.")

    @staticmethod
    def options_in(data: Any) -> dict[str, Any]:
        """How the form says that it is to be read. Raises `ValidationError`."""
        form = serializers.JSONField().run_validation(data.get("options") or "{}")
        said = json.loads(form) if isinstance(form, str) else form
        options = RosterOptions(data=said)
        options.is_valid(raise_exception=True)
        return dict(options.validated_data)


class RosterAgain(serializers.Serializer[None]):
    """Other choices for reading a list."""

    options = RosterOptions()


class RowsChange(serializers.Serializer[None]):
    """A person's word on all rows of one state."""

    state = serializers.CharField(max_length=ROW_STATE_LENGTH)
    accepted = serializers.BooleanField()


class RowsChanged(serializers.Serializer[None]):
    """How many were changed."""

    changed = serializers.IntegerField()


class RosterCommit(serializers.Serializer[None]):
    """The "yes" to a list."""

    confirm_left = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="How many students will be marked as left; asked for above 30 % of the school.",
    )


class RowFilters(serializers.Serializer[None]):
    """Which rows."""

    state = serializers.CharField(required=False, max_length=ROW_STATE_LENGTH)


class RowChange(serializers.Serializer[None]):
    """A person's word on a row."""

    student = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="A student's id."
    )
    accepted = serializers.BooleanField(required=False)
    confirm = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, help_text="The codes of findings."
    )


class RowOutput(serializers.Serializer[None]):
    """A row of an import."""

    n = serializers.IntegerField()
    file = serializers.CharField()
    state = serializers.CharField()
    student = serializers.IntegerField(allow_null=True)
    data = serializers.DictField(help_text="What the row says.")  # type: ignore[assignment]
    changes = serializers.DictField(help_text="Of a list: {field: [old, new]}.")
    evidence = SaidOutput(many=True)
    findings = SaidOutput(many=True)
    photo_url = serializers.CharField(allow_null=True)
    current_photo_url = serializers.CharField(allow_null=True)
    accepted = serializers.BooleanField()
    outcome = serializers.ChoiceField(choices=ImportRow.Outcome.choices, allow_null=True)
