"""Columns that hold an image's key are ImageFields; no form and no serializer relies on what those check."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.db.models import ImageField
from django.test import RequestFactory
from rest_framework import serializers

OURS = {"students", "media_uploads", "profile_pictures"}


def _image_fields() -> set[tuple[str, str]]:
    return {
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if model._meta.app_label in OURS and isinstance(field, ImageField)
    }


def test_the_documented_columns_are_image_fields() -> None:
    assert {
        ("students.Student", "profile_photo"),
        ("students.StudentPhoto", "file"),
        ("media_uploads.UserImage", "image"),
        ("profile_pictures.User", "profile_picture"),
        ("profile_pictures.ProfilePictureUpload", "image"),
    } <= _image_fields()


def test_no_save_reads_dimensions_from_the_storage() -> None:
    for label, name in _image_fields():
        field: Any = apps.get_model(label)._meta.get_field(name)
        assert (field.width_field, field.height_field) == (None, None)


@pytest.mark.django_db
def test_no_page_of_the_admin_lets_pillow_open_what_somebody_hands_in(admin_user: Any) -> None:
    request = RequestFactory().get("/admin/")
    request.user = admin_user
    for model, page in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        for form in (page.get_form(request), page.get_form(request, obj=model(), change=True)):
            for name, field in form.base_fields.items():
                assert not isinstance(field, forms.ImageField), f"{model.__name__}.{name}"


def test_no_serializer_lets_pillow_open_what_somebody_hands_in() -> None:
    for app in OURS:  # the serializers are known once the views are
        import_module(f"{app}.urls")
    known: list[Any] = list(serializers.BaseSerializer.__subclasses__())
    for one in known:
        known.extend(one.__subclasses__())
        if one.__module__.partition(".")[0] in OURS:
            fields = one().get_fields() if hasattr(one, "Meta") else getattr(one, "_declared_fields", {})
            for name, field in fields.items():
                assert not isinstance(field, serializers.ImageField), f"{one.__name__}.{name}"
