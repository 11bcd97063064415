"""Every route with who may use it, and one of everything for each person to try it on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from media_uploads.models import Persona
from media_uploads.tests.announced import CHUNK, send
from photostore import keys
from photostore.audit import ANONYMOUS
from photostore.models import Operation, OperationStep
from photostore.references.roots import storage_roots
from photostore.storage import storage_for
from students.imports.photos import arriving
from students.models import Import, ImportSource, Student
from testing.once import made_once
from testing.people import client_of, make_person
from testing.pictures import portrait, saved

APPS = ("photostore", "students", "media_uploads", "profile_pictures")
# Every attempt leaves its trace in these.
TRACES = {"AuditEntry", "RateWindow"}
PEOPLE = ("anonymous", "another", "owner", "staff", "trusted")
OK = 0
MISSING_UUID = UUID("00000000-0000-4000-8000-000000000000")


# --- Rules: what a person gets for a thing that is their own, foreign or missing ------------------------


def for_everybody(who: str, whose: str) -> int:
    return 404 if whose == "missing" else OK


def for_the_signed_in(who: str, whose: str) -> int:
    return 401 if who == "anonymous" else for_everybody(who, whose)


def for_the_signed_in_also_without(who: str, whose: str) -> int:
    return 401 if who == "anonymous" else OK


def for_the_owner(who: str, whose: str) -> int:
    if who == "anonymous":
        return 401
    return OK if whose == "own" else 404


def for_the_owner_and_trusted_staff(who: str, whose: str) -> int:
    if who == "trusted" and whose == "foreign":
        return OK
    return for_the_owner(who, whose)


def for_trusted_staff(who: str, whose: str) -> int:
    if who == "anonymous":
        return 401
    return for_everybody(who, whose) if who == "trusted" else 403


def for_staff(who: str, whose: str) -> int:
    if who == "anonymous":
        return 401
    return OK if who in {"staff", "trusted"} else 403


def for_staff_and_hidden(who: str, whose: str) -> int:
    return OK if who in {"staff", "trusted"} else 404


def for_nobody(who: str, whose: str) -> int:
    return 404


def signed_in_first(who: str, whose: str) -> int:
    return 302 if who == "anonymous" else OK


def for_anonymous_only(who: str, whose: str) -> int:
    return OK if who == "anonymous" else 302


# --- The table -------------------------------------------------------------------------------------------

Rule = Callable[[str, str], int]
Body = Callable[[dict[str, Any]], dict[str, Any] | bytes]
READS = {"get", "head"}


@dataclass(frozen=True)
class Row:
    """One method of one route; `route` as Django writes it, `given` what there may be one's own of.

    `instead` names other things for a route's placeholders; a body of bytes is a piece of tus.
    """

    method: str
    route: str
    rule: Rule
    ok: int
    body: Body | None = None
    form: bool = False
    given: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route}"


@cache
def drawn(seed: int) -> bytes:
    return saved(portrait(seed, 100, 130), "JPEG")


def picture(seed: int = 7) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", drawn(seed))


STUDENT = ("existing", "missing")
THING = ("own", "foreign", "missing")
STUDENTS = "api/students/"
IMPORTS = "api/student-imports/"
IMPORT = f"{IMPORTS}<uuid:import_id>/"
PHOTO_IMPORTS = "api/photo-imports/"
PHOTO_IMPORT = f"{PHOTO_IMPORTS}<uuid:import_id>/"
PHOTOS = {"import_id": "photo_import_id"}
COMING = {"import_id": "coming_import_id"}
USERS = "api/users/"
IMAGE = "api/user_image/<uuid:image_id>/"
PERSONAS = "api/personas/"
UPLOADS = "media/uploads/"
UPLOAD = f"{UPLOADS}<uuid:upload_id>"
TUS = {"Tus-Resumable": "1.0.0"}
NEXT = {**TUS, "Upload-Offset": "0"}
ARRIVING = {"upload_id": "arriving_id"}
TABLE = [
    # Signing in
    Row("post", "api/auth/login/", for_everybody, 200, lambda w: {"username": "guest", "password": "guest-secret"}),
    Row("post", "api/auth/logout/", for_the_signed_in, 204),
    Row("post", "api/auth/logoutall/", for_the_signed_in, 204),
    Row("get", "api/auth/me/", for_the_signed_in, 200),
    # S0 and S1
    Row("get", STUDENTS, for_trusted_staff, 200),
    Row("post", STUDENTS, for_trusted_staff, 201, lambda w: {"name": "Bea", "profile_photo": picture()}, form=True),
    Row("get", f"{STUDENTS}<int:pk>/", for_trusted_staff, 200, given=STUDENT),
    Row("put", f"{STUDENTS}<int:pk>/", for_trusted_staff, 200, lambda w: {"name": "Ada King"}, given=STUDENT),
    Row("patch", f"{STUDENTS}<int:pk>/", for_trusted_staff, 200, lambda w: {"grade": "5"}, given=STUDENT),
    Row("delete", f"{STUDENTS}<int:pk>/", for_trusted_staff, 204, given=STUDENT),
    Row("post", f"{STUDENTS}<int:pk>/upload-photo/", for_trusted_staff, 200, lambda w: {"profile_photo": picture()}, form=True, given=STUDENT),
    Row("delete", f"{STUDENTS}<int:pk>/photo/", for_trusted_staff, 204, given=STUDENT),
    # There is one student, and no student exchanges photos with themselves.
    Row("post", f"{STUDENTS}<int:pk>/swap-photo/", for_trusted_staff, 404, lambda w: {"student": 2**40}, given=STUDENT),
    Row("get", f"{STUDENTS}<int:pk>/photo-history/", for_trusted_staff, 200, given=STUDENT),
    Row("post", f"{STUDENTS}<int:pk>/photo-history/<sha256:sha256>/restore/", for_trusted_staff, 200, given=STUDENT),
    Row("get", f"{STUDENTS}<int:pk>/attendance-photos/", for_trusted_staff, 200, given=STUDENT),
    Row("post", f"{STUDENTS}<int:pk>/attendance-photos/", for_trusted_staff, 201, lambda w: {"date": "2026-09-02", "session": "PM", "image": picture()}, form=True, given=STUDENT),
    Row("get", "api/photos/students/<uuid:student_id>/profile.jpg", for_trusted_staff, 200, given=STUDENT),
    Row("get", "api/photos/students/<uuid:student_id>/attendance/<date:date>_<session:session>.jpg", for_trusted_staff, 200, given=STUDENT),
    Row("get", f"{STUDENTS}export.csv", for_trusted_staff, 200),
    Row("get", f"{STUDENTS}export.xlsx", for_trusted_staff, 200),
    Row("get", "api/operations/", for_trusted_staff, 200),
    Row("post", "api/operations/<uuid:operation_id>/undo/", for_trusted_staff, 200, given=STUDENT),
    # Imports of students
    Row("get", IMPORTS, for_trusted_staff, 200),
    Row("post", IMPORTS, for_trusted_staff, 201, lambda w: {"file": SimpleUploadedFile("students.csv", b"Name,Number\nAda,1\nBea,2\n")}, form=True),
    Row("get", IMPORT, for_trusted_staff, 200, given=STUDENT),
    Row("patch", IMPORT, for_trusted_staff, 200, lambda w: {"options": {"heading": True}}, given=STUDENT),
    Row("get", f"{IMPORT}rows/", for_trusted_staff, 200, given=STUDENT),
    Row("patch", f"{IMPORT}rows/", for_trusted_staff, 200, lambda w: {"state": "new", "accepted": False}, given=STUDENT),
    Row("patch", f"{IMPORT}rows/<int:n>/", for_trusted_staff, 200, lambda w: {"accepted": False}, given=STUDENT),
    Row("post", f"{IMPORT}commit/", for_trusted_staff, 202, given=STUDENT),
    Row("post", f"{IMPORT}discard/", for_trusted_staff, 204, given=STUDENT),
    # Imports of photos
    Row("get", PHOTO_IMPORTS, for_trusted_staff, 200),
    Row("post", PHOTO_IMPORTS, for_trusted_staff, 201, lambda w: {"files": [picture()]}, form=True),
    Row("get", PHOTO_IMPORT, for_trusted_staff, 200, given=STUDENT, instead=PHOTOS),
    Row("head", f"{PHOTO_IMPORT}upload/", for_trusted_staff, 200, given=STUDENT, instead=COMING),
    Row("patch", f"{PHOTO_IMPORT}upload/", for_trusted_staff, 204, lambda w: drawn(6)[:1000], given=STUDENT, headers=NEXT, instead=COMING),
    Row("get", f"{PHOTO_IMPORT}rows/", for_trusted_staff, 200, given=STUDENT, instead=PHOTOS),
    Row("patch", f"{PHOTO_IMPORT}rows/<int:n>/", for_trusted_staff, 200, lambda w: {"accepted": False}, given=STUDENT, instead=PHOTOS),
    Row("get", f"{PHOTO_IMPORT}rows/<int:n>/photo/", for_trusted_staff, 200, given=STUDENT, instead=PHOTOS),
    Row("post", f"{PHOTO_IMPORT}commit/", for_trusted_staff, 202, given=STUDENT, instead=PHOTOS),
    Row("post", f"{PHOTO_IMPORT}discard/", for_trusted_staff, 204, given=STUDENT, instead=PHOTOS),
    # S3
    Row("post", f"{USERS}upload-profile-picture/", for_the_signed_in, 201, lambda w: {"image": picture()}, form=True),
    Row("post", f"{USERS}confirm-profile-picture/", for_the_owner, 200, lambda w: {"upload_id": w["pending"]}, given=THING),
    Row("get", f"{USERS}profile-picture-uploads/", for_the_signed_in, 200),
    Row("delete", f"{USERS}profile-picture-uploads/<int:pk>/", for_the_owner, 204, given=THING),
    Row("post", f"{USERS}profile-picture-uploads/<int:pk>/revert/", for_the_owner, 200, given=THING),
    Row("get", f"{USERS}<str:username>/profile-picture/", for_the_signed_in, 200, given=THING),
    Row("get", "me/picture/", signed_in_first, 200),
    Row("get", "me/sign-in/", for_anonymous_only, 200),
    Row("post", "me/sign-in/", for_anonymous_only, 200, lambda w: {"username": "guest", "password": "wrong"}, form=True),
    Row("post", "me/sign-out/", for_everybody, 302),
    Row("post", "me/language/", for_everybody, 302, lambda w: {"language": "fr"}, form=True),
    # S2
    Row("post", "api/upload_user_image/", for_the_signed_in, 200, lambda w: {"image": picture()}, form=True),
    Row("get", "api/user_images/<str:username>/", for_the_signed_in_also_without, 200, given=THING),
    Row("get", f"{IMAGE}serve/", for_the_signed_in, 200, given=THING),
    Row("post", f"{IMAGE}set_primary/", for_the_owner_and_trusted_staff, 200, given=THING),
    Row("post", f"{IMAGE}delete/", for_the_owner_and_trusted_staff, 200, given=THING),
    Row("delete", f"{IMAGE}delete/", for_the_owner_and_trusted_staff, 200, given=THING),
    # S4: personas and media files
    Row("get", PERSONAS, for_the_signed_in, 200),
    Row("post", PERSONAS, for_the_signed_in, 201, lambda w: {"name": "Stage"}),
    Row("get", f"{PERSONAS}<int:persona_id>/", for_the_owner, 200, given=THING),
    Row("patch", f"{PERSONAS}<int:persona_id>/", for_the_owner, 200, lambda w: {"name": "Screen"}, given=THING),
    Row("delete", f"{PERSONAS}<int:persona_id>/", for_the_owner, 204, given=THING),
    Row("post", "media/upload/<int:persona_id>", for_the_owner, 201, lambda w: {"file": picture()}, form=True, given=THING),
    Row("get", "media/files", for_the_signed_in, 200),
    Row("get", "media/files/<int:file_id>", for_the_owner, 200, given=THING),
    Row("put", "media/files/<int:file_id>", for_the_owner, 200, lambda w: {"description": "new"}, given=THING),
    Row("patch", "media/files/<int:file_id>", for_the_owner, 200, lambda w: {"description": "new"}, given=THING),
    Row("delete", "media/files/<int:file_id>", for_the_owner, 204, given=THING),
    Row("get", "media/download/<int:file_id>", for_the_owner, 200, given=THING),
    Row("get", "media/stats", for_the_signed_in, 200),
    # S4: direct uploads
    Row("post", f"{UPLOADS}<int:persona_id>", for_the_owner, 201, lambda w: {"filename": "a.jpg", "size": 100}, given=THING),
    Row("get", UPLOAD, for_the_owner, 200, given=THING),
    Row("delete", UPLOAD, for_the_owner, 204, given=THING),
    Row("head", UPLOAD, for_the_owner, 200, given=THING, headers=TUS),
    Row("patch", UPLOAD, for_the_owner, 204, lambda w: drawn(6)[:1000], given=THING, headers=NEXT, instead=ARRIVING),
    Row("post", f"{UPLOAD}/complete", for_the_owner, 201, given=THING),
    Row("get", "api/debug/r2-status/", for_staff, 200),
    Row("post", "api/test-r2-storage/", for_staff, 200),
    # The house
    Row("get", "", for_everybody, 200),
    Row("get", "favicon.ico", for_everybody, 302),
    Row("head", "favicon.ico", for_everybody, 302),
    Row("get", "healthz", for_everybody, 200),
    Row("get", "readyz", for_everybody, 200),
    Row("get", "metrics", for_staff_and_hidden, 200),
    Row("get", "api/schema/", for_everybody, 200),
    Row("get", "api/docs/", for_everybody, 200),
    # A key opens to a signature alone, whoever asks for it.
    Row("get", "media/<path:key>", for_nobody, 200, given=THING),
]  # fmt: skip
# ruff: noqa: E501 - one row, one line


# --- The world -------------------------------------------------------------------------------------------


class World:
    """People, and what belongs to two of them: the owner, and another whose things are foreign to all."""

    def __init__(self) -> None:
        make_person("guest")
        permissions = Permission.objects.filter(content_type__app_label__in=APPS).values_list(
            "codename", flat=True
        )
        self.people = {"anonymous": None, "another": make_person("another"), "owner": make_person("owner")}
        self.people["staff"] = make_person("staff", is_staff=True)
        self.people["trusted"] = make_person("trusted", *permissions, is_staff=True)
        self.clients = {who: client_of(user) for who, user in self.people.items()}
        self.given = given(self.clients, client_of(make_person("other"))) | {"missing": MISSING}


MISSING = {
    "pk": 4711, "student_id": MISSING_UUID, "sha256": "0" * 64, "date": "2026-01-01", "session": "AM",
    "username": "no-such-name", "pending": 4711, "earlier": 4711, "key": "none.jpg",
    "image_id": MISSING_UUID, "import_id": MISSING_UUID, "operation_id": MISSING_UUID, "n": 4711,
    "photo_import_id": MISSING_UUID, "coming_import_id": MISSING_UUID,
    "persona_id": 4711, "file_id": 4711, "upload_id": MISSING_UUID, "arriving_id": MISSING_UUID,
}  # fmt: skip


@made_once
def given(clients: dict[str, APIClient], others: APIClient) -> dict[str, dict[str, Any]]:
    return {
        "own": belongings("owner", clients["owner"]),
        "foreign": belongings("other", others),
        "existing": a_student(clients["trusted"]) | an_import(),
    }


def belongings(name: str, client: APIClient) -> dict[str, Any]:
    earlier, _today = (confirmed(client, seed) for seed in (1, 2))
    return {
        "username": name,
        "earlier": earlier["id"],
        "key": earlier["image"],
        "pending": pending(client, 3)["id"],
        "image_id": an_image(client)["id"],
        **an_upload(name, client),
    }


def an_image(client: APIClient) -> dict[str, Any]:
    form = {"image": picture(4), "is_primary": "true"}
    return dict(made(client.post("/api/upload_user_image/", form, format="multipart"))["image"])


def an_upload(name: str, client: APIClient) -> dict[str, Any]:
    persona = Persona.objects.create(user=get_user_model().objects.get(username=name), name="Stage")
    said = {"filename": "photo.jpg", "size": len(drawn(5)), "content_type": "image/jpeg"}
    upload = made(client.post(f"/media/uploads/{persona.pk}", said))
    send(client, upload, drawn(5))
    arriving = made(client.post(f"/media/uploads/{persona.pk}", said))
    file = {"file": picture(4)}
    kept = made(client.post(f"/media/upload/{persona.pk}", file, format="multipart"))
    ids = {"file_id": kept["id"], "upload_id": upload["id"], "arriving_id": arriving["id"]}
    return {"persona_id": persona.pk, **ids}


def an_import() -> dict[str, Any]:
    ready = Import.objects.create(kind=Import.Kind.STUDENTS, state=Import.State.READY)
    ready.rows.create(n=1, state="new", data={"name": "Bea"}, accepted=True)
    ImportSource.objects.create(batch=ready, content=b"Name,Number\nAda,1\nBea,2\n")
    # And what an earlier one did: it added a student, and may be undone.
    bea = Student.objects.create(name="Bea")
    done = Operation.objects.create(command="import_students", channel="api", state=Operation.State.DONE)
    details = {"id": bea.pk, "student_id": str(bea.student_id), "before": None, "after": {"name": "Bea"}}
    done.steps.create(number=1, kind="change_student", details=details, state=OperationStep.State.DONE)
    return {"import_id": str(ready.pk), "n": 1, "operation_id": str(done.pk), **photo_imports()}


def photo_imports() -> dict[str, Any]:
    """One that was read, and one whose zip is on its way."""
    photos = Import.objects.create(kind=Import.Kind.PHOTOS, state=Import.State.READY)
    key = keys.import_photo(photos.pk, 1, "jpg")
    storage_for().put(key, drawn(6), content_type="image/jpeg")
    said = {"content_type": "image/jpeg"}
    photos.rows.create(n=1, state="unknown", data=said, staged_key=key, staged_sha256="0" * 64)
    coming = arriving.announce(filename="photos.zip", size=5000, actor=ANONYMOUS)
    return {"photo_import_id": str(photos.pk), "coming_import_id": str(coming.pk)}


def pending(client: APIClient, seed: int) -> dict[str, Any]:
    form = {"image": picture(seed)}
    return made(client.post("/api/users/upload-profile-picture/", form, format="multipart"))


def confirmed(client: APIClient, seed: int) -> dict[str, Any]:
    upload_id = pending(client, seed)["id"]
    answer = made(client.post("/api/users/confirm-profile-picture/", {"upload_id": upload_id}))
    return dict(answer["upload"])


def a_student(api: APIClient) -> dict[str, Any]:
    form = {"name": "Ada", "profile_photo": picture(1)}
    student = made(api.post("/api/students/", form, format="multipart"))
    place = f"/api/students/{student['id']}"
    made(api.post(f"{place}/upload-photo/", {"profile_photo": picture(2)}, format="multipart"))
    history = api.get(f"{place}/photo-history/").json()["results"]
    day = {"date": "2026-09-01", "session": "AM"}
    made(api.post(f"{place}/attendance-photos/", {**day, "image": picture(3)}, format="multipart"))
    earlier = next(version for version in history if version["replaced_at"])
    return {"pk": student["id"], "student_id": student["student_id"], "sha256": earlier["sha256"], **day}


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code in {200, 201}, answer.content
    return dict(answer.json())


def everything() -> dict[str, str]:
    """A checksum of each of our tables but the traces, and one of all files by key, size and time."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKSUMS)
        sums = dict(cursor.fetchall())
    return sums | {"files": hashlib.sha256(repr(sorted(files())).encode()).hexdigest()}


def files() -> Iterator[tuple[str, str, int, Any]]:
    for place in storage_roots():
        for found in place.storage.scan("") if place.storage.is_prepared() else ():
            yield place.alias, found.key, found.byte_size, found.modified_at


TABLES = [
    model._meta.db_table
    for name in APPS
    for model in apps.get_app_config(name).get_models()
    if model.__name__ not in TRACES
]
# One statement for all: it is asked after each of several hundred calls. Signing in notes when.
CHECKSUMS = " UNION ALL ".join(
    f"SELECT '{table}', md5(coalesce(string_agg(row, chr(10) ORDER BY row), ''))"
    f" FROM (SELECT (to_jsonb(t) - 'last_login')::text AS row FROM {table} AS t) AS rows"
    for table in TABLES
)


# --- The tests -------------------------------------------------------------------------------------------


def cells(row: Row) -> Iterator[tuple[str, str]]:
    """Who, and whose thing; only the owner has any of their own."""
    for who in PEOPLE:
        for whose in row.given or ("",):
            if whose != "own" or who == "owner":
                yield who, whose


def ask(world: World, row: Row, who: str, whose: str) -> Any:
    thing = dict(world.given[whose or "own"])
    thing["pk"] = thing.get("pk") or thing["earlier" if "revert" in row.route else "pending"]
    thing |= {name: thing[other] for name, other in row.instead.items()}
    address = "/" + re.sub(r"<\w+:(\w+)>", lambda match: str(thing[match[1]]), row.route)
    body = row.body(thing) if row.body else None
    client = world.clients[who]
    if not row.route.startswith(("api/", "media/")):
        client = APIClient()
        if world.people[who] is not None:
            client.force_login(world.people[who], backend="profile_pictures.backends.ThrottledModelBackend")
    if isinstance(body, bytes):
        said = {"content_type": CHUNK}
    else:
        said = {"format": "multipart" if row.form else "json"}
    return getattr(client, row.method)(address, body, headers=row.headers, **said)


def routes(resolver: Any = None, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if route.startswith("admin/"):
            continue  # the pages of the admin have tests of their own
        if isinstance(entry, URLResolver):
            yield from routes(entry, route)
        elif isinstance(entry, URLPattern) and not hasattr(entry.callback, "undocumented"):
            for method in methods(entry.callback):
                yield method, route


def methods(view: Any) -> list[str]:
    shown = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if shown is None:
        return ["post"] if view.__name__ == "set_language" else ["get"]
    open_to = view.view_initkwargs.get("http_method_names", shown.http_method_names)
    # Every GET is a HEAD as well; one of its own is another channel.
    unnamed = {"options"} if "head" in vars(shown) else {"options", "head"}
    return [method for method in open_to if method not in unnamed and hasattr(shown, method)]
