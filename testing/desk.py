"""Somebody at the desk, in a process that may be killed while they wait."""

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse


def take_back(user: str, operation: str) -> None:
    """The person with this id presses undo, unless the page says that it is undone."""
    desk = Client()
    desk.force_login(get_user_model().objects.get(pk=user))
    answer = desk.post(reverse("admin:photostore_operation_undo", args=[operation]), {"confirmed": "yes"})
    assert answer.status_code == 302, answer.content
