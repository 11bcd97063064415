"""Passwords are guessed slowly: by network, and by name over all of them; nobody is locked out by it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from photostore.throttling import network_of
from profile_pictures import backends

pytestmark = pytest.mark.django_db


def login(name: str, password: str, address: str) -> int:
    said = {"username": name, "password": password}
    return int(APIClient().post("/api/auth/login/", said, REMOTE_ADDR=address).status_code)


def test_many_made_up_names_from_one_address_are_throttled() -> None:
    statuses = [login(f"name-{n}", "x", "192.0.2.1") for n in range(62)]
    assert set(statuses[:60]) == {400} and set(statuses[60:]) == {429}


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "WRONG_PASSWORDS_OF_A_NETWORK_PER_MINUTE", 6)


def test_right_passwords_from_a_schools_one_address_lock_nobody_out(alice: Any, small_network: None) -> None:
    assert {login("alice", "alice-secret", "192.0.2.1") for _ in range(8)} == {200}


def test_one_person_signs_in_only_so_often(alice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "SIGN_INS_PER_MINUTE", 3)
    addresses = [f"198.51.100.{n}" for n in range(4)]
    assert [login("alice", "alice-secret", one) for one in addresses] == [200, 200, 200, 429]


def test_somebody_who_guesses_in_a_school_locks_out_nobody_who_belongs_there(
    alice: Any, vera: Any, small_network: None
) -> None:
    assert login("alice", "alice-secret", "192.0.2.1") == 200
    for n in range(8):
        login(f"name-{n}", "x", "192.0.2.1")
    assert login("vera", "vera-secret", "192.0.2.1") == 429, "nobody has seen her there"
    assert login("alice", "alice-secret", "192.0.2.1") == 200
    assert [login("alice", "guess", "192.0.2.1") for _ in range(11)] == [400] * 10 + [429]


def test_all_addresses_of_one_ipv6_network_count_together(alice: Any) -> None:
    statuses = [login("alice", "guess", f"2001:db8:1:2::{n:x}") for n in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert login("alice", "alice-secret", "2001:db8:1:3::1") == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_what_counts_as_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_name_is_guessed_at_slowly_from_however_many_networks(
    alice: Any, vera: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "WRONG_PASSWORDS_OF_A_NAME_PER_HOUR", 6)
    assert login("alice", "alice-secret", "198.51.100.1") == 200
    statuses = [login("alice", f"guess {n}", f"203.0.113.{n}") for n in range(9)]
    assert statuses == [400] * 6 + [429] * 3
    assert login("alice", "alice-secret", "203.0.113.99") == 429, "from a network that nobody knows"
    assert login("alice", "alice-secret", "198.51.100.1") == 200, "from where she signed in lately"
    assert login("vera", "vera-secret", "203.0.113.1") == 200
