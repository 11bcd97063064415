"""Two people, and a client for each."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from testing.people import client_of, make_person


@pytest.fixture
def dana(db: None) -> Any:
    """Signed in and nothing more: whose things they are."""
    return make_person("dana")


@pytest.fixture
def erik(db: None) -> Any:
    """Somebody else."""
    return make_person("erik")


@pytest.fixture
def danas(dana: Any) -> APIClient:
    return client_of(dana)


@pytest.fixture
def eriks(erik: Any) -> APIClient:
    return client_of(erik)
