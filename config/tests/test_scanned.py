"""Every channel through which bytes come in has them looked through first, by a real ClamAV daemon."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin

from media_uploads.models import DirectUpload, Persona
from media_uploads.tests.announced import complete, path_of, sent
from photostore.models import AuditEntry, StoredFile
from photostore.storage import storage_for
from testing.clamd import MARKER, Clamd
from testing.people import client_of, make_person
from testing.pictures import portrait, saved

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.clamd]

CHANNELS = (
    *("new_student", "student_photo", "attendance_photo", "admin", "user_image"),
    *("profile_picture", "media_file", "direct_upload"),
)
# Where nobody could look, these leave their row in the audit.
RECORDED = ("admin", "user_image", "profile_picture", "media_file", "direct_upload")


def marked(text: bytes = MARKER) -> bytes:
    """A good picture that carries `text`."""
    info, out = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_text("Comment", text.decode())
    Image.open(io.BytesIO(saved(portrait(1, 300, 400), "PNG"))).save(out, "PNG", pnginfo=info)
    return out.getvalue()


class House:
    """Somebody who may do everything, and one method for each channel."""

    def __init__(self) -> None:
        permissions = [f"{verb}_student" for verb in ("view", "add", "change")]
        self.alice = make_person("alice", *permissions, is_staff=True)
        self.api = client_of(self.alice)
        self.persona = Persona.objects.create(user=self.alice, name="Stage")
        self.student = self.api.post("/api/students/", {"name": "Bea"}).json()["id"]
        self.upload: dict[str, Any] = {}

    def send(self, path: str, field: str, data: bytes, **more: str) -> Any:
        form = {field: SimpleUploadedFile("me.png", data), **more}
        return self.api.post(path, form, format="multipart")

    def new_student(self, data: bytes) -> Any:
        return self.send("/api/students/", "profile_photo", data, name="Ada")

    def student_photo(self, data: bytes) -> Any:
        return self.send(f"/api/students/{self.student}/upload-photo/", "profile_photo", data)

    def attendance_photo(self, data: bytes) -> Any:
        path = f"/api/students/{self.student}/attendance-photos/"
        return self.send(path, "image", data, date="2026-09-01", session="AM")

    def admin(self, data: bytes) -> Any:
        client = Client()
        client.force_login(self.alice, backend="profile_pictures.backends.ThrottledModelBackend")
        path = f"/admin/students/student/{self.student}/change/"
        form = {"name": "Bea", "status": "active", "new_photo": SimpleUploadedFile("me.png", data)}
        return client.post(path, form)

    def user_image(self, data: bytes) -> Any:
        return self.send("/api/upload_user_image/", "image", data)

    def profile_picture(self, data: bytes) -> Any:
        return self.send("/api/users/upload-profile-picture/", "image", data)

    def media_file(self, data: bytes) -> Any:
        return self.send(f"/media/upload/{self.persona.pk}", "file", data)

    def direct_upload(self, data: bytes) -> Any:
        self.upload = sent(self.api, self.persona, data, "me.png")
        return complete(self.api, self.upload)


@pytest.fixture
def house() -> House:
    return House()


def everything() -> set[str]:
    storage_for().prepare()
    return {found.key for found in storage_for().scan() if not found.key.startswith("incoming/")}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_virus_comes_in_nowhere(house: House, clamd: Clamd, each_storage: str, channel: str) -> None:
    answer = getattr(house, channel)(marked())
    if channel == "admin":
        assert answer.status_code == 200 and b"There is a virus in this file." in answer.content
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "infected"), answer.content
        assert answer.json()["detail"] == "There is a virus in this file. It was not kept."
    assert not StoredFile.objects.exists() and not everything()
    assert AuditEntry.objects.filter(outcome="refused", code="infected", actor_name="alice").count() == 1
    if channel == "direct_upload":
        assert not DirectUpload.objects.exists() and not list(storage_for().scan("incoming/"))


@pytest.mark.parametrize("channel", CHANNELS)
def test_where_nobody_can_look_nothing_is_kept(house: House, settings: Any, channel: str) -> None:
    settings.CLAMAV_SOCKET = "/nowhere/clamd.sock"
    answer = getattr(house, channel)(marked(b"honest"))
    if channel == "admin":
        assert answer.status_code == 200 and b"could not be checked for viruses" in answer.content
    else:
        assert (answer.status_code, answer.json()["code"]) == (503, "scanner_unavailable"), answer.content
        assert answer.headers["Retry-After"]
    assert not StoredFile.objects.exists() and not everything()
    if channel in RECORDED:
        refused = AuditEntry.objects.filter(outcome="refused", actor_name="alice")
        assert [entry.code for entry in refused] == ["scanner_unavailable"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_clean_passes(house: House, clamd: Clamd, channel: str) -> None:
    answer = getattr(house, channel)(marked(b"honest"))
    assert answer.status_code in {200, 201, 302}, answer.content
    assert StoredFile.objects.exists()


def test_a_direct_upload_waits_for_the_scanner(house: House, clamd: Clamd, settings: Any) -> None:
    """What has arrived is seen by nobody, and is not sent a second time."""
    there, settings.CLAMAV_SOCKET = settings.CLAMAV_SOCKET, "/nowhere/clamd.sock"
    assert house.direct_upload(marked(b"honest")).status_code == 503
    assert house.api.get(path_of(house.upload)).json()["state"] == "open"
    settings.CLAMAV_SOCKET = there
    assert complete(house.api, house.upload).status_code == 201
