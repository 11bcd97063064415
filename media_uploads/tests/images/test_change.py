"""Deleting an image, and making one the primary one."""

from __future__ import annotations

from functools import partial
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, OperationalError, connection, transaction

from media_uploads.images.use_cases import _locked_image, upload_image
from media_uploads.models import UserImage
from media_uploads.quota import claim_room
from media_uploads.tests.handing_in import ACTOR
from media_uploads.tests.images.handing_in import (
    at,
    at_once,
    check_consistent,
    everything,
    face,
    hand_in,
    kept,
    listed,
    stored,
)
from photostore.models import AuditEntry
from photostore.register.after_commit import finish_all_commits
from testing.people import client_of, make_person
from testing.service import live_server

pytestmark = pytest.mark.django_db(transaction=True)


def primaries(user: Any) -> list[str]:
    found = UserImage.objects.filter(user=user, is_primary=True)
    return [str(pk) for pk in found.values_list("pk", flat=True)]


# --- deleting ---------------------------------------------------------------------------------------


@pytest.mark.s3
@pytest.mark.parametrize("method", ["delete", "post"])
def test_an_image_goes_with_its_bytes(danas: Any, dana: Any, method: str, each_storage: str) -> None:
    image, other = kept(danas, 1), kept(danas, 2)
    answer = getattr(danas, method)(at(image, "delete"))
    assert answer.status_code == 200
    assert answer.json() == {"success": True, "message": "Image deleted successfully"}
    assert [image["id"] for image in listed(danas, "dana")["images"]] == [other["id"]]
    assert len(stored()) == 4, "the other one with its thumbnails"
    assert client_of().get(image["url"]).status_code in {404, 403} or each_storage == "s3"
    check_consistent()
    entry = AuditEntry.objects.get(action="image.delete")
    assert (entry.actor_name, entry.subject, len(entry.old_sha256)) == ("dana", f"user {dana.pk}", 64)
    assert getattr(danas, method)(at(image, "delete")).status_code == 404


def test_the_form_without_a_slash(danas: Any) -> None:
    assert danas.delete(at(kept(danas), "delete").rstrip("/")).status_code == 200


def test_staff_with_the_permission_may(danas: Any, gitas: Any) -> None:
    first, second = kept(danas, 1), kept(danas, 2)
    assert gitas.post(at(first, "set_primary")).status_code == 200
    assert gitas.delete(at(second, "delete")).status_code == 200
    assert AuditEntry.objects.filter(actor_name="gita", outcome="done").count() == 2
    check_consistent()


@pytest.mark.parametrize(
    ("step", "method"), [("delete", "delete"), ("delete", "post"), ("set_primary", "post")]
)
def test_somebody_elses_and_a_missing_one_answer_with_the_same_bytes(
    danas: Any, eriks: Any, step: str, method: str
) -> None:
    image = kept(danas)
    before = everything()
    bob = client_of(make_person("bob", "view_userimage", is_staff=True))
    for client in (eriks, bob):
        foreign = getattr(client, method)(at(image, step))
        missing = getattr(client, method)(at({"id": str(uuid4())}, step))
        assert (foreign.status_code, foreign.json()["error"]) == (404, "Image not found")
        assert foreign.content == missing.content
        assert foreign.headers.keys() == missing.headers.keys()
    assert everything() == before
    assert AuditEntry.objects.filter(outcome="refused", code="image_not_found").count() == 4
    assert client_of().post(at(image, step)).status_code == 401


def test_other_methods_are_405(danas: Any) -> None:
    image = kept(danas)
    for step in ("delete", "set_primary"):
        answer = danas.get(at(image, step))
        assert (answer.status_code, answer.json()["detail"]) == (405, "Method not allowed")


def test_a_deletion_that_is_rolled_back_keeps_the_files(danas: Any, each_storage: str) -> None:
    kept(danas)
    before = everything()
    with pytest.raises(RuntimeError), transaction.atomic():
        UserImage.objects.get().delete()
        raise RuntimeError
    finish_all_commits()
    assert everything() == before
    check_consistent()


def test_sql_and_cascades_take_the_files_along(danas: Any, dana: Any, eriks: Any, each_storage: str) -> None:
    kept(danas, 1), kept(danas, 2), kept(eriks, 3)
    UserImage.objects.filter(user=dana).first().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM knox_authtoken WHERE user_id = %s", [dana.pk])
        cursor.execute("DELETE FROM users_user WHERE id = %s", [dana.pk])
    finish_all_commits()
    assert {image.user.username for image in UserImage.objects.all()} == {"erik"}
    assert len(stored()) == 4
    check_consistent()


def test_one_image_deleted_by_many_at_once(dana: Any, danas: Any) -> None:
    image = kept(danas)
    answers = at_once(*(partial(client_of(dana).delete, at(image, "delete")) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 4
    check_consistent()


# --- the primary image ------------------------------------------------------------------------------


def test_one_takes_the_place_of_the_other(danas: Any, dana: Any) -> None:
    first, second = kept(danas, 1), kept(danas, 2, is_primary="true")
    assert primaries(dana) == [second["id"]]
    answer = danas.post(at(first, "set_primary"))
    assert answer.json() == {"success": True, "message": "Primary image updated successfully"}
    assert primaries(dana) == [first["id"]]
    assert {image["id"]: image["is_primary"] for image in listed(danas, "dana")["images"]} == {
        first["id"]: True,
        second["id"]: False,
    }
    third = kept(danas, 3, is_primary="on")
    assert third["is_primary"] is True
    assert primaries(dana) == [third["id"]]
    entry = AuditEntry.objects.get(action="image.set_primary")
    assert (len(entry.old_sha256), len(entry.new_sha256)) == (64, 64)
    assert danas.post(at(third, "set_primary")).status_code == 200, "again changes nothing"
    assert AuditEntry.objects.filter(action="image.set_primary").count() == 1


def test_deleting_it_leaves_none(danas: Any, dana: Any) -> None:
    kept(danas, 1)
    image = kept(danas, 2, is_primary="true")
    danas.delete(at(image, "delete"))
    assert primaries(dana) == []


def test_a_refused_upload_leaves_the_primary_image(danas: Any, dana: Any) -> None:
    image = kept(danas, is_primary="true")
    assert hand_in(danas, b"none", is_primary="true").status_code == 415
    assert primaries(dana) == [image["id"]]


def test_the_database_refuses_two(danas: Any, dana: Any) -> None:
    kept(danas, 1), kept(danas, 2)
    with pytest.raises(IntegrityError, match="media_uploads_one_primary"):
        UserImage.objects.update(is_primary=True)


def test_twenty_at_once_over_the_real_server(dana: Any, tmp_path: Any) -> None:
    """Each with a connection of its own, images and new uploads mixed; between any two looks there is one."""
    import json
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import Request, urlopen

    from knox.models import AuthToken

    from media_uploads.tests.images.handing_in import filled

    filled(dana, 20)
    ids = list(UserImage.objects.values_list("pk", flat=True))
    _row, token = AuthToken.objects.create(dana)
    headers = {"Authorization": f"Bearer {token}"}
    seen, over = set(), Event()

    def watch() -> None:
        try:
            while not over.is_set():
                seen.add(UserImage.objects.filter(user=dana, is_primary=True).count())
        finally:
            connection.close()

    with live_server(tmp_path / "house") as server, ThreadPoolExecutor(21) as pool:

        def say(pk: Any) -> tuple[int, str]:
            request = Request(f"{server.url}/api/user_image/{pk}/set_primary/", b"", headers, method="POST")
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)["message"]

        say(ids[0])
        watcher = pool.submit(watch)
        said = list(pool.map(say, ids * 5))
        over.set()
        watcher.result()
    assert set(said) == {(200, "Primary image updated successfully")}
    assert len(said) == 100
    assert seen == {1}
    assert len(primaries(dana)) == 1


def test_uploads_choices_and_deletions_at_once(dana: Any, danas: Any) -> None:
    for round_ in range(3):
        images = [kept(danas, seed, is_primary="true" if seed == 0 else "") for seed in range(3)]
        answers = at_once(
            *(partial(client_of(dana).post, at(image, "set_primary")) for image in images[1:]),
            *(partial(hand_in, client_of(dana), face(9), is_primary="true") for _ in range(2)),
            partial(client_of(dana).delete, at(images[0], "delete")),
        )
        assert {answer.status_code for answer in answers} == {200}, round_
        assert len(primaries(dana)) == 1
        check_consistent()


def test_a_primary_upload_and_the_deletion_of_todays_never_wait_for_each_other(
    dana: Any, danas: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stops where it holds its first rows, until the other does too or a second is over."""
    image = kept(danas, 1, is_primary="true")
    claimed, locked = Event(), Event()

    def claim_and_wait(*args: Any) -> int:
        waiting = claim_room(*args)
        claimed.set()
        locked.wait(1)
        return waiting

    def lock_and_wait(image_id: Any) -> UserImage:
        found = _locked_image(image_id)
        locked.set()
        claimed.wait(1)
        return found

    monkeypatch.setattr("media_uploads.images.use_cases.claim_room", claim_and_wait)
    monkeypatch.setattr("media_uploads.images.use_cases._locked_image", lock_and_wait)
    uploaded, deleted = at_once(
        partial(hand_in, client_of(dana), face(2), is_primary="true"),
        partial(client_of(dana).delete, at(image, "delete")),
    )
    assert (uploaded.status_code, deleted.status_code) == (200, 200)
    assert primaries(dana) == [uploaded.json()["image"]["id"]]
    check_consistent()


@pytest.mark.s3
def test_an_upload_that_the_database_undoes_leaves_no_file(
    danas: Any, each_storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the loser of a deadlock: PostgreSQL ends it with an error that is none of ours."""
    kept(danas)
    before = everything()

    def undone(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '40P01'; END $$")

    with monkeypatch.context() as patched:
        patched.setattr("media_uploads.images.use_cases.publish", undone)
        answer = hand_in(danas, face(2))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert everything() == before
    check_consistent()


def test_what_was_committed_keeps_its_files_although_nobody_heard_of_it(
    danas: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks off while the commit is on its way: nobody knows, so nothing is removed."""

    def lost(self: Any) -> None:
        self.connection.commit()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr("django.db.backends.base.base.BaseDatabaseWrapper._commit", lost)
        with pytest.raises(OperationalError):
            upload_image(user=get_user_model().objects.get(), data=face(), filename="me.jpg", actor=ACTOR)
    assert UserImage.objects.count() == 1
    check_consistent()


def test_choosing_an_image_that_is_being_deleted(dana: Any, danas: Any) -> None:
    for _round in range(5):
        old, new = kept(danas, 1, is_primary="true"), kept(danas, 2)
        chosen, deleted = at_once(
            partial(client_of(dana).post, at(new, "set_primary")),
            partial(client_of(dana).delete, at(new, "delete")),
        )
        assert deleted.status_code == 200
        assert chosen.status_code in {200, 404}
        # Chosen first and deleted then: none; deleted first: the old one stays.
        assert primaries(dana) == ([] if chosen.status_code == 200 else [old["id"]])
        danas.delete(at(old, "delete"))


def test_an_upload_against_the_deletion_of_the_person(dana: Any, danas: Any) -> None:
    kept(danas, is_primary="true")

    def delete() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM knox_authtoken WHERE user_id = %s", [dana.pk])
            cursor.execute("DELETE FROM users_user WHERE id = %s", [dana.pk])

    uploaded, _ = at_once(partial(hand_in, danas, face(2), is_primary="true"), delete)
    assert uploaded.status_code in {200, 401, 404, 409}
    assert not UserImage.objects.exists()
    finish_all_commits()
