"""One audit row for every change and for every refused attempt."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.models import AuditEntry
from students.models import Student, StudentPhoto
from students.tests.school import enrol, face, hand_in
from testing.people import client_of


@pytest.fixture
def ada(ada: dict[str, Any]) -> dict[str, Any]:
    AuditEntry.objects.all().delete()
    return ada


def rows() -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("pk"))


def today() -> str:
    return Student.objects.get().photo_sha256


def test_a_new_student_with_a_photo_leaves_two_rows(api: Any, alice: Any) -> None:
    made = enrol(api, photo=face(1))
    created, uploaded = rows()
    assert (created.action, uploaded.action) == ("student.create", "photo.upload")
    assert (uploaded.old_sha256, uploaded.new_sha256) == ("", today())
    for row in (created, uploaded):
        assert (row.actor_id, row.actor_name, row.channel) == (str(alice.pk), "alice", "api")
        assert (row.outcome, row.code) == ("done", "")
        assert row.subject == f"student {made['student_id']}"
        assert row.address == "127.0.0.1"


def test_the_row_and_the_answer_share_their_request_id(api: Any, ada: dict[str, Any]) -> None:
    answer = hand_in(api, ada["id"], face(2))
    assert rows()[0].request_id == answer["X-Request-ID"]


def test_a_replaced_photo_names_the_old_and_the_new(api: Any, ada: dict[str, Any]) -> None:
    old = today()
    hand_in(api, ada["id"], face(2))
    (row,) = rows()
    assert (row.action, row.old_sha256, row.new_sha256) == ("photo.upload", old, today())


def test_a_photo_that_changes_nothing_leaves_no_row(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(1))
    assert rows() == []


def test_a_removed_photo_names_the_old_one(api: Any, ada: dict[str, Any]) -> None:
    old = today()
    api.delete(f"/api/students/{ada['id']}/photo/")
    (row,) = rows()
    assert (row.action, row.old_sha256, row.new_sha256) == ("photo.remove", old, "")


def test_a_restored_photo_names_both(api: Any, ada: dict[str, Any]) -> None:
    first = today()
    hand_in(api, ada["id"], face(2))
    second = today()
    api.post(f"/api/students/{ada['id']}/photo-history/{first}/restore/")
    row = rows()[-1]
    assert (row.action, row.old_sha256, row.new_sha256) == ("photo.restore", second, first)


def test_a_new_number_leaves_a_row_for_the_student_and_one_for_the_photo(
    api: Any, ada: dict[str, Any]
) -> None:
    old = today()
    api.patch(f"/api/students/{ada['id']}/", {"student_number": "S-2"})
    student, photo = rows()
    assert (student.action, photo.action) == ("student.update", "photo.retag")
    assert (photo.old_sha256, photo.new_sha256) == (old, today())


def test_a_deleted_student_leaves_a_row_with_the_last_photo(api: Any, ada: dict[str, Any]) -> None:
    old = today()
    api.delete(f"/api/students/{ada['id']}/")
    (row,) = rows()
    assert (row.action, row.old_sha256, row.subject) == (
        "student.delete",
        old,
        f"student {ada['student_id']}",
    )


def test_no_row_carries_a_name_or_a_number(api: Any, ada: dict[str, Any]) -> None:
    hand_in(api, ada["id"], face(2))
    api.patch(f"/api/students/{ada['id']}/", {"name": "Ada King", "student_number": "S-2"})
    api.patch(f"/api/students/{ada['id']}/", {"name": ""})
    api.delete(f"/api/students/{ada['id']}/")
    for row in AuditEntry.objects.values():
        assert not any(word in str(row) for word in ("Ada", "Lovelace", "King", "S-1", "S-2")), row


def test_a_refused_write_leaves_one_row_with_the_reason(ada: dict[str, Any], vera: Any) -> None:
    client_of(vera).delete(f"/api/students/{ada['id']}/")
    (row,) = rows()
    assert (row.actor_id, row.actor_name) == (str(vera.pk), "vera")
    assert (row.outcome, row.code) == ("refused", "permission_denied")
    assert row.action.startswith("DELETE api/students/")
    assert row.subject == f"pk={ada['id']}"


@pytest.mark.parametrize(
    ("body", "code"),
    [({"name": ""}, "invalid"), ({"status": "dead"}, "invalid"), ({"left_on": "x"}, "invalid")],
)
def test_bad_data_leaves_one_row(api: Any, ada: dict[str, Any], body: Any, code: str) -> None:
    api.patch(f"/api/students/{ada['id']}/", body)
    (row,) = rows()
    assert (row.outcome, row.code) == ("refused", code)


def test_looking_leaves_no_row_unless_it_is_refused(api: Any, ada: dict[str, Any], bob: Any) -> None:
    for path in ("/api/students/", f"/api/students/{ada['id']}/", "/api/students/4711/"):
        api.get(path)
    assert rows() == []
    client_of(bob).get("/api/students/")
    (row,) = rows()
    assert (row.actor_name, row.outcome, row.code) == ("bob", "refused", "permission_denied")


def test_refusals_of_the_unknown_are_bounded_per_address(ada: dict[str, Any]) -> None:
    anonymous = client_of()
    for _attempt in range(30):
        assert anonymous.post("/api/students/", {"name": "x"}).status_code == 401
    assert len(rows()) == 20
    anonymous.post("/api/students/", {"name": "x"}, REMOTE_ADDR="192.0.2.7")
    assert len(rows()) == 21


def test_an_address_in_a_header_counts_only_behind_a_proxy_of_ours(
    ada: dict[str, Any], settings: Any
) -> None:
    forwarded = {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9"}
    client_of().get("/api/students/", **forwarded)
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    client_of().get("/api/students/", **forwarded)
    settings.TRUSTED_PROXIES = ["127.0.0.1", "203.0.113.9"]
    client_of().get("/api/students/", **forwarded)
    assert [row.address for row in rows()] == ["127.0.0.1", "203.0.113.9", "198.51.100.1"]


def test_the_row_stays_when_the_change_is_rolled_back_and_says_that_it_was_refused(
    api: Any, ada: dict[str, Any]
) -> None:
    enrol(api, "Bea", student_number="S-2")
    AuditEntry.objects.all().delete()
    api.patch(f"/api/students/{ada['id']}/", {"student_number": "S-2"})
    assert [(row.outcome, row.code) for row in rows()] == [("refused", "invalid")]
    assert StudentPhoto.objects.count() == 1
