"""The history: `GET /api/users/profile-picture-uploads/`, going back, and how far back one can go."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from photostore.models import AuditEntry, PendingRemoval, StoredFile
from photostore.register.after_commit import finish_all_commits
from photostore.storage import storage_for
from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.tests.handing_in import (
    UPLOADS,
    check_consistent,
    confirmed,
    everything,
    expire,
    pending,
    say_yes,
    stored,
)
from testing.people import body_of, client_of

pytestmark = pytest.mark.django_db(transaction=True)


def listed(api: Any, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"{UPLOADS}{query}")
    assert answer.status_code == 200
    return list(answer.json()["results"])


def go_back(api: Any, upload_id: int, **headers: Any) -> Any:
    return api.post(f"{UPLOADS}{upload_id}/revert/", **headers)


def test_ones_own_the_newest_first_without_expired_ones(danas: Any, eriks: Any) -> None:
    old, late, waiting = confirmed(danas, 1), pending(danas, 2), pending(danas, 3)
    pending(eriks, 4)
    expire(late["id"])
    shown = listed(danas)
    assert [entry["id"] for entry in shown] == [waiting["id"], old["id"]]
    assert [entry["is_current"] for entry in shown] == [False, True]
    for entry in shown:
        assert all(body_of(danas.get(url)) for url in [entry["preview_url"], *entry["thumbnails"].values()])
    assert client_of().get(UPLOADS).status_code == 401


def test_pages_cost_the_same_number_of_queries(danas: Any) -> None:
    counts = []
    for seed in range(3):
        confirmed(danas, seed)
        with CaptureQueriesContext(connection) as queries:
            listed(danas)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    first = danas.get(f"{UPLOADS}?page_size=2").json()
    assert (len(first["results"]), first["previous"]) == (2, None)
    assert len(danas.get(first["next"]).json()["results"]) == 1


@pytest.mark.s3
def test_back_to_the_first_and_forth_again(danas: Any, dana: User, each_storage: str) -> None:
    first, second = confirmed(danas, 1), confirmed(danas, 2)
    answer = go_back(danas, first["id"])
    assert answer.status_code == 200
    assert answer.json()["profile_picture"] == first["image"]
    assert answer.json()["upload"]["is_current"] is True
    dana.refresh_from_db()
    assert dana.profile_picture.name == first["image"]
    check_consistent()
    assert not StoredFile.objects.get(key=second["image"]).live
    assert go_back(danas, second["id"]).json()["profile_picture"] == second["image"]
    check_consistent()
    rows = AuditEntry.objects.filter(action="picture.revert").order_by("pk")
    assert [row.new_sha256 for row in rows] == [
        ProfilePictureUpload.objects.get(pk=upload["id"]).sha256 for upload in (first, second)
    ]


def test_the_one_that_is_the_picture_already_changes_nothing(danas: Any) -> None:
    upload = confirmed(danas)
    before = everything()
    assert go_back(danas, upload["id"]).status_code == 200
    assert everything() == before
    assert not AuditEntry.objects.filter(action="picture.revert").exists()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "Upload record not found"), ("fr", "Enregistrement de téléchargement non trouvé")],
)
def test_only_ones_own_confirmed_pictures(danas: Any, eriks: Any, language: str, sentence: str) -> None:
    foreign, waiting, lost = confirmed(eriks, 1), pending(danas, 2), confirmed(danas, 3)
    confirmed(danas, 4)
    storage_for().remove(lost["image"])
    before = everything()
    for number in (foreign["id"], waiting["id"], lost["id"], 4711):
        answer = go_back(danas, number, headers={"accept-language": language})
        assert answer.status_code == 404
        assert answer.json()["error"] == answer.json()["detail"] == sentence
    assert everything() == before


@pytest.mark.s3
def test_old_pictures_go_but_never_todays(danas: Any, settings: Any, each_storage: str) -> None:
    settings.PROFILE_PICTURES_KEPT = 2
    first, *others = [confirmed(danas, seed) for seed in range(3)]
    assert len(listed(danas)) == 3, "two beside today's"
    go_back(danas, first["id"])
    newest = confirmed(danas, 7)
    kept = {entry["id"] for entry in listed(danas)}
    assert kept == {newest["id"], first["id"], others[1]["id"]}, (
        "those used last stay, not those handed in last"
    )
    check_consistent()
    assert len(stored(prefix="profile_pictures/")) == 3
    assert AuditEntry.objects.filter(action="picture.forget").count() == 1


def test_keeping_none_leaves_todays(danas: Any, settings: Any) -> None:
    settings.PROFILE_PICTURES_KEPT = 0
    for seed in range(3):
        confirmed(danas, seed)
    (only,) = listed(danas)
    assert only["is_current"]
    check_consistent()


def test_deleting_a_person_by_sql_leaves_nothing(
    danas: Any, eriks: Any, dana: User, each_storage: str
) -> None:
    confirmed(danas, 1), confirmed(danas, 2), pending(danas, 3)
    kept = confirmed(eriks, 4)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM knox_authtoken WHERE user_id = %s", [dana.pk])
        cursor.execute("DELETE FROM users_user WHERE id = %s", [dana.pk])
    assert list(ProfilePictureUpload.objects.values_list("pk", flat=True)) == [kept["id"]]
    assert PendingRemoval.objects.count() == 12
    finish_all_commits()
    assert [key for key in stored() if not key.startswith("derived/")] == [kept["image"]]
    check_consistent()


def test_deleting_the_row_of_todays_picture_by_sql_leaves_no_picture(danas: Any, dana: User) -> None:
    upload = confirmed(danas)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM users_profilepictureupload WHERE id = %s", [upload["id"]])
    dana.refresh_from_db()
    assert not dana.profile_picture
    assert danas.get("/api/users/dana/profile-picture/").json()["profile_picture"] is None
    finish_all_commits()
    check_consistent()


def test_a_former_picture_is_seen_by_its_owner_only_through_the_history(danas: Any) -> None:
    waiting = pending(danas, 1)
    live = say_yes(danas, waiting["id"]).json()["profile_picture_url"]
    confirmed(danas, 2)
    assert danas.get(live).status_code == 404
    former = listed(danas)[1]
    assert former["id"] == waiting["id"]
    assert body_of(danas.get(former["preview_url"]))
