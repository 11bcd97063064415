"""The pixels of a version that came back without being decoded are looked at by the worker, soon after."""

from __future__ import annotations

from typing import Any

from students.jobs import look_at_pixels
from students.models import StudentPhoto
from students.tests.school import enrol, face


def test_an_unseen_version_is_looked_at(api: Any) -> None:
    enrol(api, "Ada", photo=face(1))
    enrol(api, "Bea", photo=face(2))
    seen = list(StudentPhoto.objects.order_by("pk").values_list("pixel_sha256", "dhash"))
    StudentPhoto.objects.update(pixel_sha256="", dhash=0)
    look_at_pixels()
    assert not StudentPhoto.objects.filter(pixel_sha256="").exists()
    again = list(StudentPhoto.objects.order_by("pk").values_list("pixel_sha256", "dhash"))
    assert [dhash for _pixels, dhash in again] == [dhash for _pixels, dhash in seen]
    assert again[0] != again[1]
