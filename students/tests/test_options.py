"""OPTIONS on every students' address."""

import pytest


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["", "1/", "1/upload-photo/", "1/photo/", "1/photo-history/", "1/attendance-photos/"]
)
def test_options_is_a_method_that_is_not_there(api, address):
    answer = api.options(f"/api/students/{address}", {"anything": "at all"})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
