"""A bulk action of whatever page of the admin, with a chosen row that cannot be one, is a 400."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db

PAGES = [model._meta.label_lower for model in admin.site._registry]


@pytest.mark.parametrize("page", PAGES)
def test_a_bad_id_is_no_error_of_ours(page: str, admin_user: Any) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    address = reverse(f"admin:{page.replace('.', '_')}_changelist")
    for chosen in ("abc", "", "9" * 40, "a\0b", "-1", "1.5", "' OR 1=1"):
        said = {"action": "delete_selected", "_selected_action": [chosen], "index": "0"}
        assert client.post(address, said | {"post": "yes"}).status_code < 500, chosen
    assert client.post(address, said | {"select_across": "1", "index": "x"}).status_code < 500
