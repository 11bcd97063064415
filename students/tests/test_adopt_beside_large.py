"""Adoption decodes on two threads, and large pictures take turns: one that waits long is not an error."""

from __future__ import annotations

from typing import Any

import pytest

from photostore.errors import Busy
from photostore.storage import storage_for
from photostore.tests.inventory_files import run
from students.models import Student, StudentPhoto
from students.recovery.change import sources
from students.recovery.legacy import pictures
from students.tests.school import face

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_decoder_that_was_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = Student.objects.create(name="Ada", profile_photo="old/ada.jpg", photo_sha256="0" * 64)
    storage_for().put("old/ada.jpg", face(1), content_type="image/jpeg")
    taken_in, asked = pictures.incoming_from_storage, []

    def busy_at_first(*given: Any) -> Any:
        asked.append(given)
        if len(asked) == 1:
            raise Busy
        return taken_in(*given)

    monkeypatch.setattr(pictures, "incoming_from_storage", busy_at_first)
    monkeypatch.setattr(sources, "incoming_from_storage", None)  # the step has it from the plan
    assert run("adopt_media")[1]["adopted"] == 1
    assert StudentPhoto.objects.get().student == ada
    assert len(asked) == 2
