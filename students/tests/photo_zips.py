"""What the tests of imported photos do over and over: a school, a zip, an import from beginning to end."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from photostore.models import Operation
from students.models import Import, Student, StudentPhoto
from students.tests.school import face
from testing.jobs import run_jobs

ROW_OF_PSPA = "VOL1\tphotos\t{file}\t3\t{last}\t{first}\t3A\t\t\t\t\t\t\n"


def pupil(first: str, last: str, number: str | None = None, **fields: Any) -> Student:
    values = {"first_name": first, "last_name": last, "student_number": number, **fields}
    return Student.objects.create(name=f"{first} {last}", **values)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def sent(api: Any, *files: tuple[str, bytes], **fields: Any) -> Any:
    """The answer to photos that are handed in; then they are read."""
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    answer = api.post("/api/photo-imports/", {"files": uploads, **fields}, format="multipart")
    run_jobs()
    return answer


class Imported:
    """An import over REST."""

    def __init__(self, api: Any, files: Mapping[str, bytes]) -> None:
        answer = sent(api, ("photos.zip", zip_of(files)))
        assert answer.status_code == 201, answer.content
        self.api, self.id = api, answer.json()["id"]
        self.path = f"/api/photo-imports/{self.id}/"

    @property
    def shown(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.get(self.path).json()
        return answer

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """By their files."""
        return {row["file"]: row for row in self.api.get(f"{self.path}rows/").json()["results"]}

    @property
    def states(self) -> dict[str, str]:
        return {file: row["state"] for file, row in self.rows.items()}

    def change(self, file: str, **change: Any) -> Any:
        n = self.rows[file]["n"]
        return self.api.patch(f"{self.path}rows/{n}/", change, format="json")

    def commit(self) -> dict[str, Any]:
        answer = self.api.post(f"{self.path}commit/")
        assert answer.status_code == 202, answer.content
        run_jobs()
        shown = self.shown
        assert shown["state"] == Import.State.COMMITTED, shown
        return shown

    @property
    def operation(self) -> Operation:
        return Operation.objects.get(pk=self.shown["operation"])


def shown_faces() -> dict[str, str]:
    """Whose photo is which file: {name: the name that the current photo's file had}."""
    current = StudentPhoto.objects.current().of_profile().select_related("student")
    return {photo.student.name: photo.original_filename for photo in current}


def faces(*names: str, begin: int = 1) -> dict[str, bytes]:
    return {name: face(seed) for seed, name in enumerate(names, begin)}
