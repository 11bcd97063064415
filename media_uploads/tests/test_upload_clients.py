"""The clients that people really use, tus-js-client and Uppy, in Chromium against the real server."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from knox.models import AuthToken

from media_uploads.models import DirectUpload, MediaFile
from media_uploads.tests.cutter import cutter
from media_uploads.tests.handing_in import persona_of
from testing.npm import installed
from testing.people import DISK
from testing.service import Service, live_server
from testing.videos import video

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOCKED = Path(__file__).parent / "clients"
MB = 1_048_576


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(LOCKED, tmp_path_factory.mktemp("clients"))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A video of 20 MB, most of which is a box that players pass over."""
    short, rest = video("mp4"), 20 * MB
    path = tmp_path / "goal.mp4"
    path.write_bytes(short + rest.to_bytes(4, "big") + b"free" + os.urandom(rest - 8))
    return path


@pytest.fixture
def window(browser: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Opens an empty page at a server's own origin, with a script of npm's and somebody's token."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    contexts = []

    def opened(url: str, script: Path, token: str) -> Any:
        context = browser.new_context(base_url=url, bypass_csp=True)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/healthz")
        page.set_content("<!doctype html><title>Upload</title><input type=file id=file>")
        for path in (script, LOCKED / "uploads.js"):
            page.add_script_tag(path=path)
        page.evaluate("token => { window.token = token }", token)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def token(dana: Any) -> str:
    return str(AuthToken.objects.create(dana)[1])


@pytest.fixture
def on_disk(served: Service, settings: Any, own_storage: None) -> Service:
    """The server, whose folder the test looks into as well."""
    place = {"BACKEND": DISK, "OPTIONS": {"location": served.folder / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    return served


@pytest.fixture
def on_s3(
    db: None,
    transactional_db: None,
    settings: Any,
    own_storage: None,
    s3_server: Any,
    s3_bucket: str,
    s3_alias: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Service]:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias, "safe": s3_alias}
    allow_browsers(s3_server, s3_bucket)
    environment = s3_server.environment(s3_bucket) | {"SAFE_MEDIA_ROOT": ""}
    with live_server(tmp_path / "live", **environment) as server:
        yield server


def allow_browsers(s3_server: Any, bucket: str) -> None:
    """What a CORS configuration does on Amazon's; Swift keeps it in the container's metadata."""
    headers = {"X-Auth-User": s3_server.access_key, "X-Auth-Key": s3_server.secret_key}
    request = urllib.request.Request(f"{s3_server.endpoint_url}/auth/v1.0", headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        place, key = answer.headers["X-Storage-Url"], answer.headers["X-Auth-Token"]
    meta = "X-Container-Meta-Access-Control"
    headers = {"X-Auth-Token": key, f"{meta}-Allow-Origin": "*", f"{meta}-Expose-Headers": "ETag"}
    # Parts lie in a container of their own, which the first of them would make.
    for container in (bucket, f"{bucket}+segments"):
        request = urllib.request.Request(f"{place}/{container}", headers=headers, method="PUT")
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status in {201, 202}


def check_kept(page: Any, film: Path) -> None:
    """Completing gave one media file with the very bytes."""
    assert page.evaluate("window.said.at(-1)")["status"] == 201
    row = MediaFile.objects.get()
    assert row.sha256 == hashlib.sha256(film.read_bytes()).hexdigest()
    assert row.original_filename == "goal.mp4"
    assert DirectUpload.objects.get().completed_at


def run(page: Any, function: str, *arguments: Any) -> None:
    """One of the functions of uploads.js."""
    page.evaluate("([name, given]) => window[name](...given)", [function, arguments])


def test_tus_js_client_goes_on_where_the_connection_was_cut(
    on_disk: Service, window: Any, clients: Path, token: str, dana: Any, film: Path
) -> None:
    persona = persona_of(dana)
    with cutter(on_disk.port, cut_after_bytes=8 * MB) as network:
        page = window(network.url, clients / "tus-js-client/dist/tus.min.js", token)
        page.set_input_files("#file", film)
        run(page, "byTusJs", f"{network.url}/media/uploads/{persona.pk}")
        assert network.cuts == 1
    said = page.evaluate("window.said")
    arrived = int(next(step["at"] for step in said if step.get("method") == "HEAD"))
    assert 4 * MB < arrived < 12 * MB, "what had arrived before the cut was kept"
    # The browser itself sends the first one again: while the cut one still holds the upload 423, then 409.
    resumed = [step for step in said if step.get("method") == "PATCH" and step["status"] not in {409, 423}]
    assert [int(step["offset"]) for step in resumed] == [arrived]
    check_kept(page, film)


def test_uppy_on_disk(
    on_disk: Service, window: Any, clients: Path, token: str, dana: Any, film: Path
) -> None:
    page = window(on_disk.url, clients / "uppy/dist/uppy.min.js", token)
    page.set_input_files("#file", film)
    run(page, "byUppyAndTus", f"{on_disk.url}/media/uploads/{persona_of(dana).pk}")
    check_kept(page, film)


@pytest.mark.parametrize("protocol", ["put", "multipart"])
def test_uppy_into_a_bucket(
    on_s3: Service, window: Any, clients: Path, token: str, dana: Any, film: Path, protocol: str
) -> None:
    if protocol == "put":
        film.write_bytes(video("mp4"))
    page = window(on_s3.url, clients / "uppy/dist/uppy.min.js", token)
    page.set_input_files("#file", film)
    run(
        page, "byUppyIntoABucket", f"{on_s3.url}/media/uploads/{persona_of(dana).pk}", protocol == "multipart"
    )
    assert page.evaluate("window.said[0]") == {"status": 201, "protocol": protocol}
    check_kept(page, film)


@pytest.mark.parametrize("option", ["uploadDataDuringCreation", "overridePatchMethod"])
def test_options_of_tus_js_client_that_work(
    on_disk: Service, window: Any, clients: Path, token: str, dana: Any, film: Path, option: str
) -> None:
    film.write_bytes(video("mp4"))
    page = window(on_disk.url, clients / "tus-js-client/dist/tus.min.js", token)
    page.set_input_files("#file", film)
    run(page, "byTusJs", f"{on_disk.url}/media/uploads/{persona_of(dana).pk}", {option: True})
    methods = [step["method"] for step in page.evaluate("window.said") if "method" in step]
    assert methods == (["POST"] if option == "uploadDataDuringCreation" else ["POST", "POST"])
    check_kept(page, film)


@pytest.mark.parametrize(
    "options",
    [
        {"uploadLengthDeferred": True, "chunkSize": MB},
        {"parallelUploads": 2, "metadataForPartialUploads": {"filename": "goal.mp4"}},
    ],
    ids=["deferred length", "concatenation"],
)
def test_options_of_tus_js_client_that_fail_plainly(
    on_disk: Service, window: Any, clients: Path, token: str, dana: Any, film: Path, options: Any
) -> None:
    page = window(on_disk.url, clients / "tus-js-client/dist/tus.min.js", token)
    page.set_input_files("#file", film)
    with pytest.raises(Exception, match="Send the whole file as one upload of known length"):
        run(page, "byTusJs", f"{on_disk.url}/media/uploads/{persona_of(dana).pk}", options)
    assert not DirectUpload.objects.exists()
