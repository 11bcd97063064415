"""What the tests of several files ask for."""

from typing import Any

import pytest

from students.tests.drill_school import backup, school  # noqa: F401 - the school of the drills
from students.tests.school import enrol, face
from testing.once import made_once


@pytest.fixture
@made_once
def ada(api: Any) -> dict[str, Any]:
    """With a number and a photo, as the API shows her. On S3 where `each_storage` is asked for first."""
    return enrol(api, student_number="S-1", photo=face(1))
