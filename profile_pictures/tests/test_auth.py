"""`/api/auth/…`: signing in, out, and who am I."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from photostore.models import AuditEntry, RateWindow
from testing.people import client_of

LOGIN = "/api/auth/login/"
ME = "/api/auth/me/"


def login(name: str = "alice", password: str = "alice-secret", **more: Any) -> Any:
    return APIClient().post(LOGIN, {"username": name, "password": password}, **more)


def me(token: str) -> Any:
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {token}")


# --- in ---------------------------------------------------------------------------------------------


def test_a_right_password_gives_a_token_that_works_and_expires(alice: Any) -> None:
    answer = login()
    assert answer.status_code == 200
    said = answer.json()
    assert set(said) == {"token", "expiry", "user"}
    assert said["user"] == {
        "id": alice.pk,
        "username": "alice",
        "first_name": "",
        "last_name": "",
        "email": "",
        "is_staff": True,
    }
    assert me(said["token"]).json() == said["user"]
    row = AuthToken.objects.get()
    assert timedelta(hours=9) < row.expiry - timezone.now() <= timedelta(hours=10)


def test_the_token_itself_is_not_in_the_database(alice: Any) -> None:
    token = login().json()["token"]
    assert token not in str(list(AuthToken.objects.values()))


def test_a_form_signs_in_as_well_as_json(alice: Any) -> None:
    assert (
        APIClient()
        .post(LOGIN, "username=alice&password=alice-secret", content_type="application/x-www-form-urlencoded")
        .status_code
        == 200
    )


def test_without_a_slash_it_is_the_same(alice: Any) -> None:
    assert (
        APIClient().post("/api/auth/login", {"username": "alice", "password": "alice-secret"}).status_code
        == 200
    )


def test_a_wrong_password_and_an_unknown_name_are_one_sentence(alice: Any) -> None:
    wrong, unknown = login(password="x"), login("nobody-at-all")
    assert wrong.status_code in {400, 401}
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert wrong.json()["detail"] == "The user name or the password is wrong."
    assert not AuthToken.objects.exists()


def test_somebody_who_left_cannot_sign_in(alice: Any) -> None:
    alice.is_active = False
    alice.save()
    assert login().content == login("nobody-at-all").content


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"username": "alice"}, {"password": "x"}, {"username": "", "password": ""}),
        *({"username": "a\0", "password": "x"}, {"username": "alice", "password": "a\0"}),
        *({"username": ["alice"], "password": {}}, {"username": "x" * 151, "password": "x"}),
        *({"username": "alice", "password": "x" * 1025}, {"username": None, "password": None}),
    ],
)
def test_what_cannot_be_a_name_and_a_password_is_a_400(alice: Any, body: Any) -> None:
    answer = APIClient().post(LOGIN, body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()["errors"]) <= {"username", "password"}


def test_a_password_keeps_its_spaces(alice: Any) -> None:
    alice.set_password("  spaced  ")
    alice.save()
    assert login(password="  spaced  ").status_code == 200
    assert login(password="spaced").status_code != 200


def test_signing_in_is_written_down_and_a_failure_too(alice: Any) -> None:
    login()
    login(password="my other password")
    done, refused = AuditEntry.objects.order_by("pk")
    assert (done.action, done.outcome, done.actor_name) == ("login", "done", "alice")
    assert (refused.outcome, refused.actor_name) == ("refused", "")
    assert "my other password" not in str(list(AuditEntry.objects.values()))


# --- not too often ----------------------------------------------------------------------------------


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(alice: Any) -> None:
    refused = {login(password=f"guess {number}").status_code for number in range(10)}
    assert refused <= {400, 401}
    answer = login()
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert not AuthToken.objects.exists()


def test_another_address_and_another_name_are_not_held_up(alice: Any, vera: Any) -> None:
    for number in range(11):
        login(password=f"guess {number}")
    assert login().status_code == 429
    assert login("vera", "vera-secret").status_code == 200
    assert login(REMOTE_ADDR="192.0.2.7").status_code == 200


def test_the_same_name_in_other_letters_is_the_same_name(alice: Any) -> None:
    for name in ("alice", "ALICE", "Alice", "aLice", "alIce") * 2:
        login(name, "guess")
    assert login().status_code == 429


def test_a_right_password_is_not_counted_and_wipes_out_no_guesses(alice: Any) -> None:
    for _time in range(15):
        assert login().status_code == 200
    for number in range(9):
        login(password=f"guess {number}")
    assert login().status_code == 200
    assert login(password="guess 10").status_code in {400, 401}
    assert login(password="guess 11").status_code == 429


def test_after_a_minute_the_right_password_works_again(alice: Any) -> None:
    for number in range(11):
        login(password=f"guess {number}")
    RateWindow.objects.update(window_started_at=timezone.now() - timedelta(minutes=5))
    assert login().status_code == 200


def test_what_was_typed_as_a_name_is_not_kept(alice: Any) -> None:
    login("hunter2-my-password", "x")
    assert "hunter2" not in str(list(RateWindow.objects.values())) + str(list(AuditEntry.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_thirty_guesses_at_once_are_ten_guesses(alice: Any) -> None:
    def guess(number: int) -> int:
        try:
            return int(login(password=f"guess {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(30) as threads:
        statuses = list(threads.map(guess, range(30)))
    assert statuses.count(429) == 20
    assert set(statuses) <= {429, 400, 401}


def test_signing_in_to_the_admin_is_guarded_as_well(client: Any, alice: Any) -> None:
    page = "/admin/login/"
    for number in range(10):
        answer = client.post(page, {"username": "alice", "password": f"guess {number}"})
        assert answer.status_code == 200, "the form again"
    answer = client.post(page, {"username": "alice", "password": "alice-secret"}, HTTP_ACCEPT="text/html")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "text/html" in answer["Content-Type"]
    assert login().status_code == 429, "both channels count together"
    assert "_auth_user_id" not in client.session


def test_the_admin_opens_to_the_right_password(client: Any, alice: Any) -> None:
    answer = client.post("/admin/login/?next=/admin/", {"username": "alice", "password": "alice-secret"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


# --- out --------------------------------------------------------------------------------------------


def test_signing_out_ends_this_token_only(alice: Any) -> None:
    one, two = login().json()["token"], login().json()["token"]
    answer = APIClient().post("/api/auth/logout/", HTTP_AUTHORIZATION=f"Bearer {one}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (me(one).status_code, me(two).status_code) == (401, 200)


def test_signing_out_everywhere_ends_ones_own_tokens_and_nobody_elses(alice: Any, vera: Any) -> None:
    one, two, hers = (
        login().json()["token"],
        login().json()["token"],
        login("vera", "vera-secret").json()["token"],
    )
    assert APIClient().post("/api/auth/logoutall/", HTTP_AUTHORIZATION=f"Bearer {one}").status_code == 204
    assert [me(token).status_code for token in (one, two, hers)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("method", "path"), [("get", ME), ("post", "/api/auth/logout/"), ("post", "/api/auth/logoutall/")]
)
def test_nobody_is_401_and_everybody_who_signed_in_may(
    charlie: Any, bob: Any, method: str, path: str
) -> None:
    assert getattr(client_of(), method)(path).status_code == 401
    for person in (charlie, bob):
        assert getattr(client_of(person), method)(path).status_code in {200, 204}


# --- tokens -----------------------------------------------------------------------------------------


def test_the_others_that_expired_go_with_the_next_sign_in(alice: Any) -> None:
    for _ in range(3):
        login()
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert login().status_code == 200
    assert AuthToken.objects.count() == 1


def test_a_token_costs_one_query_however_many_there_are(alice: Any, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        token = login().json()["token"]
    with django_assert_num_queries(1):
        assert APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 200


def test_an_expired_token_is_401_and_gone(alice: Any) -> None:
    token = login().json()["token"]
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    answer = me(token)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_of_somebody_who_left_is_401(alice: Any) -> None:
    token = login().json()["token"]
    alice.is_active = False
    alice.save()
    assert me(token).status_code == 401


HOSTILE = [
    *(
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer x",
        "Bearer a b",
        "Bearer é",
        "Bearer \xff\xfe",
        "Bearer a\0b",
    ),
    *("Bearer Ù£Ù£", "Token x", "Basic YWxpY2U6YWxpY2Utc2VjcmV0", "", " ", "x" * 100_000),
    *(
        "Bearer " + "a" * 100_000,
        "Bearer " + "'" * 64,
        "Bearer " + "0" * 64,
        "Bearer\t" + "a" * 64,
        "bearer x",
    ),
]


@pytest.mark.parametrize("header", HOSTILE, ids=lambda header: repr(header[:24]))
@pytest.mark.parametrize("path", [ME, "/api/students/", "/api/auth/logout/"])
def test_no_authorization_header_is_an_error_of_ours(alice: Any, header: str, path: str) -> None:
    method = "post" if "logout" in path else "get"
    answer = getattr(APIClient(), method)(path, HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_bad_header_does_not_keep_anybody_from_signing_in(alice: Any) -> None:
    for header in ("Bearer x", "Bearer \xff", "x" * 1000):
        assert login(HTTP_AUTHORIZATION=header).status_code == 200
