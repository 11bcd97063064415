"""Killing a command before any step that it takes, and what the same command makes of it afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from photostore.models import Operation, StoredFile
from photostore.tests.inventory_files import run
from students.tests.reseeding import links, tree
from students.tests.school import face, hand_in
from testing.kills.commands import Killing, Patch, one_of

NEVER = 2**64
"""Of so many steps, one."""

UNDO = ("undo_photo_operation", "--last")


def state() -> Any:
    """All that must be as if nobody had been killed; ids that a second try makes anew are left out."""
    rows = StoredFile.objects.exclude(kind=StoredFile.Kind.DERIVATIVE).order_by("storage_alias", "key")
    register = rows.values_list("storage_alias", "key", "sha256", "kind", "live", "owner_label")
    return tree(), links(), list(register)


def kill_everywhere(
    *command: str,
    at_least: int,
    every: int | None = None,
    patches: Sequence[Patch] = (),
    as_json: bool = True,
) -> None:
    """Kill the command and its undo before each step, run each of them again, and see what became of it."""
    before = state()
    every = every or one_of()
    doing = Killing(every=every, patches=patches, as_json=as_json)
    undoing = Killing(every=every)
    expected = uninterrupted(doing, *command)
    assert expected != before
    assert run(*UNDO)[0] == 0
    assert state() == before
    killed = True
    while killed:
        killed = doing.life(*command)
        assert_same(expected, doing.killed)
        assert Operation.objects.filter(undoes=None, state="done").count() == 1, "one undo takes it back"
        killed |= undoing.life(*UNDO)
        assert_same(before, undoing.killed)
    assert doing.was_killed_often(at_least), sorted(doing.steps)
    assert undoing.was_killed_often(at_least), sorted(undoing.steps)


def assert_same(expected: Any, killed: list[str]) -> None:
    """All is as it was once; if not, what is in one of the two states only, as short as it can be told."""
    (files, said, register), (other_files, other_said, other_register) = expected, state()
    lines = [
        f"{key} {hashlib.sha256(data).hexdigest()}" for key, data in {*files.items()} ^ {*other_files.items()}
    ]
    lines += [str(line) for name in said for line in {*map(str, said[name])} ^ {*map(str, other_said[name])}]
    lines += map(str, {*register} ^ {*other_register})
    assert not lines, "\n".join([f"Killed {killed}:", *sorted(lines)])


def uninterrupted(killing: Killing, *command: str) -> Any:
    """What a run gives that nobody kills."""
    unharmed = Killing(patches=killing.patches, as_json=killing.as_json, every=NEVER)
    assert not unharmed.life(*command)
    return state()


def revert_step(user: int, operation: str) -> None:
    """A person on the admin's page presses undo, unless the page says that it is undone."""
    browser = Client()
    browser.force_login(get_user_model().objects.get(pk=user))
    answer = browser.post(reverse("admin:photostore_operation_undo", args=[operation]), {"confirmed": "yes"})
    assert answer.status_code == 302, answer.content


def give_picks(user: int) -> None:
    """A person gives what was picked by eye, on the last page."""
    browser = Client()
    browser.force_login(get_user_model().objects.get(pk=user))
    answer = browser.post(reverse("admin:students_by_eye_commit", args=["unowned"]))
    assert answer.status_code == 302, answer.content


def upload(user: int, student: int, seed: int) -> None:
    """A face for this student, by the API."""
    api = APIClient()
    api.force_authenticate(get_user_model().objects.get(pk=user))
    assert hand_in(api, student, face(seed)).status_code == 200
