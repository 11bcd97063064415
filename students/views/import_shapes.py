"""What the calls of imports take and answer, for checking and for the OpenAPI document."""

from __future__ import annotations

from rest_framework import serializers

from students.models import Import, ImportRow
from students.models.imports import ROW_STATE_LENGTH


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
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class RosterUpload(serializers.Serializer[None]):
    """A list as a form."""

    file = serializers.FileField(help_text="CSV, TSV or XLSX; at most 20 MB and 50,000 rows.")


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
