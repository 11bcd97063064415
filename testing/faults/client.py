"""A client that notes what it was promised, and that no accident can surprise."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import requests

from testing.faults.pictures import Picture, new_picture
from testing.faults.promises import Promises

TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """Status 0: the connection ended without one. Between `began` and `ended` it was given."""

    status: int
    body: bytes = field(repr=False)
    json: dict[str, Any]
    began: float
    ended: float

    @property
    def code(self) -> str:
        return str(self.json.get("code", ""))


class Client:
    """Staff with a token; one connection per request, so that each meets the server as it is."""

    def __init__(self, url: str, promises: Promises, name: str, password: str) -> None:
        self.url = url
        self.promises = promises
        signed_in = requests.post(
            f"{url}/api/auth/login/",
            json={"username": name, "password": password},
            timeout=TIMEOUT_SECONDS,
        )
        signed_in.raise_for_status()
        self.headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}

    def ask(self, method: str, address: str, **options: Any) -> Answer:
        """Send and wait; `address` is a path of the service or a whole link."""
        url = address if address.startswith("http") else self.url + address
        began = time.time()
        try:
            with requests.request(
                method, url, headers=self.headers, timeout=TIMEOUT_SECONDS, **options
            ) as got:
                body, status = got.content, got.status_code
                json = got.json() if "json" in got.headers.get("Content-Type", "") else {}
        except requests.RequestException:
            body, status, json = b"", 0, {}
        return Answer(status, body, json, began, time.time())

    def new_student(self, *, photos: int = 0) -> int:
        answer = self.ask("POST", "/api/students/", json={"name": "Somebody"})
        if answer.status != 201:
            raise RuntimeError(f"No new student: {answer}")
        student = int(answer.json["id"])
        for _ in range(photos):
            self.upload(student, new_picture())
        return student

    def upload(self, student: int, picture: Picture) -> Answer:
        self.promises.begin(student, picture.sha256)
        answer = self.ask(
            "POST",
            f"/api/students/{student}/upload-photo/",
            files={"profile_photo": (picture.filename, picture.data)},
        )
        self.promises.end(student, picture.sha256, answer.status, answer.code)
        return answer

    def delete(self, student: int) -> Answer:
        answer = self.ask("DELETE", f"/api/students/{student}/")
        self.promises.answers[str(answer.status or "cut off")] += 1
        return answer

    def student(self, student: int) -> dict[str, Any]:
        return self.ask("GET", f"/api/students/{student}/").json
