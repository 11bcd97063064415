"""Two at once: each race has one winner, and no picture ever points at nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from photostore.models import AuditEntry
from profile_pictures.models import ProfilePictureUpload
from profile_pictures.tests.handing_in import (
    UPLOADS,
    check_consistent,
    confirmed,
    expire,
    face,
    hand_in,
    pending,
    say_yes,
)
from testing.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of all calls, begun at the same moment in a thread and a database session each."""
    barrier = Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


@pytest.mark.s3
def test_two_confirms_at_once(danas: Any, dana: Any, each_storage: str) -> None:
    for seed in range(5):
        waiting = pending(danas, seed)
        clients = [client_of(dana) for _ in range(2)]
        answers = at_once(*(partial(say_yes, client, waiting["id"]) for client in clients))
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        check_consistent()
    assert AuditEntry.objects.filter(action="picture.confirm", outcome="done").count() == 5


def test_two_different_crops_of_one_at_once(danas: Any, dana: Any) -> None:
    waiting = pending(danas)
    crops = [{"x": 0, "y": 0, "size": size} for size in (100, 200)]
    answers = at_once(*(lambda crop=crop: say_yes(client_of(dana), waiting["id"], crop) for crop in crops))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    check_consistent()


def test_two_pictures_confirmed_at_once_leave_one_of_them(danas: Any, dana: Any, each_storage: str) -> None:
    for round_ in range(3):
        first, second = pending(danas, 2 * round_), pending(danas, 2 * round_ + 1)
        answers = at_once(
            lambda upload=first: say_yes(client_of(dana), upload["id"]),
            lambda upload=second: say_yes(client_of(dana), upload["id"]),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        check_consistent()
        dana.refresh_from_db()
        assert dana.profile_picture.name in {answer.json()["profile_picture"] for answer in answers}


def test_a_confirm_against_a_drop(danas: Any, dana: Any, each_storage: str) -> None:
    confirmed(danas, 99)
    for seed in range(5):
        waiting = pending(danas, seed)
        yes, drop = at_once(
            lambda waiting=waiting: say_yes(client_of(dana), waiting["id"]),
            lambda waiting=waiting: client_of(dana).delete(f"{UPLOADS}{waiting['id']}/"),
        )
        assert (yes.status_code, drop.status_code) in {(200, 409), (404, 204)}
        check_consistent()


def test_a_confirm_against_the_clean_up(danas: Any, dana: Any) -> None:
    confirmed(danas, 99)
    for seed in range(4):
        waiting = pending(danas, seed)
        yes, _ = at_once(
            lambda waiting=waiting: say_yes(client_of(dana), waiting["id"]),
            lambda: call_command("cleanup_pending_uploads", "--older-than", "0s", "--json"),
        )
        there = ProfilePictureUpload.objects.filter(pk=waiting["id"]).exists()
        assert (yes.status_code, there) in {(200, True), (404, False)}
        check_consistent()


def test_expiring_between_the_look_and_the_swap_is_404(
    danas: Any, dana: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from profile_pictures import confirmation

    old, waiting = confirmed(danas, 1), pending(danas, 2)
    copied = confirmation.copied

    def slow_copy(upload: ProfilePictureUpload) -> Any:
        final = copied(upload)
        expire(upload.pk)
        return final

    monkeypatch.setattr(confirmation, "copied", slow_copy)
    assert say_yes(danas, waiting["id"]).status_code == 404
    dana.refresh_from_db()
    assert dana.profile_picture.name == old["image"]
    assert ProfilePictureUpload.objects.current().get().pk == old["id"], "rolled back as a whole"


def test_a_confirm_against_the_deletion_of_the_person(danas: Any, dana: Any) -> None:
    from photostore.register.after_commit import finish_all_commits

    waiting = pending(danas)

    def delete() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM knox_authtoken WHERE user_id = %s", [dana.pk])
            cursor.execute("DELETE FROM users_user WHERE id = %s", [dana.pk])

    yes, _ = at_once(lambda: say_yes(danas, waiting["id"]), delete)
    assert yes.status_code in {200, 401, 404}
    assert not ProfilePictureUpload.objects.exists()
    finish_all_commits()


def test_reverting_against_being_forgotten(danas: Any, dana: Any, settings: Any) -> None:
    settings.PROFILE_PICTURES_KEPT = 1
    for seed in range(0, 9, 3):
        oldest, _between, waiting = (
            confirmed(danas, seed),
            confirmed(danas, seed + 1),
            pending(danas, seed + 2),
        )
        back, yes = at_once(
            lambda oldest=oldest: client_of(dana).post(f"{UPLOADS}{oldest['id']}/revert/"),
            lambda waiting=waiting: say_yes(client_of(dana), waiting["id"]),
        )
        assert back.status_code in {200, 404}
        assert yes.status_code == 200
        check_consistent()


def test_six_uploads_at_once_leave_five(dana: Any) -> None:
    clients = [client_of(dana) for _ in range(7)]
    answers = at_once(*(lambda client=client: hand_in(client, face(1)) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 2
    check_consistent()
