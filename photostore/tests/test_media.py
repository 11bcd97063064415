"""`/media/…`: signed links and what they give."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from photostore.audit import AuditEntry
from photostore.delivery.links import LinkMaker, SignedLink
from photostore.models import StoredFile
from photostore.register import FileSet, retire
from photostore.storage import storage_for
from photostore.tests.owned_files import DOCUMENTED, OWNER, make_public
from testing.people import body_of

pytestmark = pytest.mark.django_db

BASE = "http://testserver"
FIRST, SECOND = b"first bytes of a photo, 0123456789", b"second"


def live(made: FileSet, key: str = DOCUMENTED) -> str:
    return LinkMaker(BASE).live(key, sha256=made.original.sha256, version_key=made.original.key)


def history(made: FileSet) -> str:
    return LinkMaker(BASE).history(made.original.key, sha256=made.original.sha256)


def small(made: FileSet) -> str:
    return live(made, made.derivatives[0].key)


def altered(url: str, **values: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | values
    return f"{parts.path}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def signed(key: str, made: FileSet, purpose: str = "live", expires: int | None = None) -> str:
    """A link with a true signature over whatever is claimed."""
    from django.conf import settings

    link = SignedLink(key, made.original.sha256[:16], purpose, expires or int(time.time()) + 60)
    signature = link.signature(settings.SECRET_KEY)
    return f"/media/{key}?" + urlencode(
        {"v": link.version, "p": link.purpose, "e": link.expires, "s": signature}
    )


@pytest.fixture
def nothing(client: Client) -> tuple[int, bytes]:
    """How it looks when there is nothing."""
    answer = client.get("/media/no/such/key.jpg")
    return answer.status_code, answer.content


# --- which links work -------------------------------------------------------------------------------


def test_live_links_give_the_version_under_every_name(client: Client) -> None:
    made = make_public(FIRST)
    assert body_of(client.get(live(made))) == FIRST
    assert body_of(client.get(live(made, made.original.key))) == FIRST
    assert body_of(client.get(small(made))) == b"small " + FIRST
    assert body_of(client.get(history(made))) == FIRST


def test_a_link_is_absolute_and_the_same_for_minutes(settings: Any) -> None:
    made = make_public(FIRST)
    now = 300 * 1_000_000.0
    links = {
        LinkMaker(BASE, now=now + seconds).live("a.jpg", sha256="a" * 64, version_key="b")
        for seconds in (1, 150, 299)
    }
    assert len(links) == 1
    assert live(made).startswith(f"{BASE}/media/{DOCUMENTED}?v={made.original.sha256[:16]}&p=live&e=")


def test_a_link_lives_for_one_to_two_times_the_set_seconds() -> None:
    for second in (0.5, 150, 299.5):
        now = 300 * 1_000_000 + second
        assert 300 <= LinkMaker(BASE, now=now).expires - now <= 600


def test_nothing_without_a_signature(client: Client, nothing: tuple[int, bytes]) -> None:
    made = make_public(FIRST)
    for key in (
        DOCUMENTED,
        made.original.key,
        made.derivatives[0].key,
        "",
        "/",
        "../settings.py",
        ".photokeep-root",
    ):
        answer = client.get(f"/media/{key}")
        assert (answer.status_code, answer.content) == nothing, key


CHANGES: dict[str, dict[str, Any]] = {
    "another version": {"v": "0" * 16},
    "a shorter version": {"v": "0"},
    "no version": {"v": None},
    "another purpose": {"p": "history"},
    "an unknown purpose": {"p": "admin"},
    "a later end": {"e": "99999999999"},
    "no end": {"e": None},
    "an end that is no number": {"e": "x"},
    "an end in other digits": {"e": "\u0669" * 10},
    "an endless end": {"e": "9" * 400},
    "another signature": {"s": "A" * 22},
    "an empty signature": {"s": ""},
    "a signature that is not ASCII": {"s": "\u00e9" * 22},
    "a signature with NUL": {"s": "\0"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_altered_link_looks_like_one_to_nothing(
    client: Client, nothing: tuple[int, bytes], change: dict[str, Any]
) -> None:
    answer = client.get(altered(live(make_public(FIRST)), **change))
    assert (answer.status_code, answer.content) == nothing


@pytest.mark.parametrize("at", range(0, 22, 3))
def test_no_letter_of_the_signature_may_differ(client: Client, nothing: tuple[int, bytes], at: int) -> None:
    url = live(make_public(FIRST))
    signature = dict(parse_qsl(urlsplit(url).query))["s"]
    other = signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]
    answer = client.get(altered(url, s=other))
    assert (answer.status_code, answer.content) == nothing


def test_a_link_to_one_key_opens_no_other(client: Client, nothing: tuple[int, bytes]) -> None:
    made = make_public(FIRST)
    query = urlsplit(live(made)).query
    for key in (made.original.key, made.derivatives[0].key, "safe/thing_1.jpg"):
        answer = client.get(f"/media/{key}?{query}")
        assert (answer.status_code, answer.content) == nothing


def test_an_expired_link_looks_like_one_to_nothing(client: Client, nothing: tuple[int, bytes]) -> None:
    made = make_public(FIRST)
    assert body_of(client.get(signed(DOCUMENTED, made, expires=int(time.time()) + 5))) == FIRST
    answer = client.get(signed(DOCUMENTED, made, expires=int(time.time()) - 1))
    assert (answer.status_code, answer.content) == nothing


@pytest.mark.parametrize(
    "key",
    [
        "safe/thing_1.jpg",
        "../documented/thing_1.jpg",
        "documented",
        "a\0b",
        "x" * 3000,
        "documented//thing_1.jpg",
    ],
)
def test_even_a_true_signature_opens_only_what_the_register_knows_here(
    client: Client, nothing: tuple[int, bytes], key: str
) -> None:
    from urllib.parse import quote

    made = make_public(FIRST)
    url = signed(key, made)
    answer = client.get(f"/media/{quote(key)}?{urlsplit(url).query}")
    assert (answer.status_code, answer.content) == nothing


def test_an_old_secret_still_opens_what_it_signed_while_it_stands_in_the_fallbacks(
    client: Client, settings: Any
) -> None:
    made = make_public(FIRST)
    url = live(made)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "a new secret"
    assert client.get(url).status_code == 404
    settings.SECRET_KEY_FALLBACKS = ["something else", old]
    assert body_of(client.get(url)) == FIRST


def test_another_deployments_secret_opens_nothing(client: Client, settings: Any) -> None:
    made = make_public(FIRST)
    ours, settings.SECRET_KEY = settings.SECRET_KEY, "theirs"
    theirs = live(made)
    settings.SECRET_KEY = ours
    assert client.get(theirs).status_code == 404


@pytest.mark.parametrize("key", ["a%00b", "a%0Ab", "%FF%FE", "a%5Cb", "%2e%2e/x", "x" * 3000])
def test_a_hostile_key_looks_like_one_to_nothing(
    client: Client, nothing: tuple[int, bytes], key: str
) -> None:
    for query in ("", "?v=%00&p=%00&e=1&s=%00", f"?v={'a' * 16}&p=live&e=99999999999&s={'A' * 22}"):
        answer = client.get(f"/media/{key}{query}")
        assert (answer.status_code, answer.content) == nothing


def test_only_looking_is_possible(client: Client) -> None:
    url = live(make_public(FIRST))
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(url).status_code == 405


def test_a_refused_link_leaves_a_trace_and_a_guess_none(client: Client) -> None:
    url = live(make_public(FIRST))
    client.get(f"/media/{DOCUMENTED}")
    assert not AuditEntry.objects.exists()
    client.get(altered(url, s="A" * 22))
    row = AuditEntry.objects.get()
    assert (row.channel, row.outcome, row.code, row.subject) == (
        "media",
        "refused",
        "invalid_link",
        DOCUMENTED,
    )


# --- when a link ends -------------------------------------------------------------------------------


def test_a_live_link_ends_at_once_with_a_new_version_and_a_history_link_lives_on(client: Client) -> None:
    old = make_public(FIRST)
    links = [live(old), live(old, old.original.key), small(old)]
    past = history(old)
    new = make_public(SECOND)
    for url in links:
        assert client.get(url).status_code == 404
    assert body_of(client.get(past)) == FIRST
    assert body_of(client.get(live(new))) == SECOND


def test_a_live_link_ends_when_the_photo_is_removed(client: Client) -> None:
    made = make_public(FIRST)
    urls = [live(made), small(made), live(made, made.original.key)]
    with OWNER.locked():
        retire(OWNER)
    assert [client.get(url).status_code for url in urls] == [404] * 3
    assert body_of(client.get(history(made))) == FIRST


def test_every_link_ends_when_the_rows_are_gone(client: Client) -> None:
    made = make_public(FIRST)
    urls = [live(made), small(made), history(made)]
    StoredFile.objects.filter(kind="original").delete()
    assert [client.get(url).status_code for url in urls] == [404] * 3


def test_a_copy_behind_its_row_still_serves_the_rows_version(client: Client) -> None:
    """A crash between the commit and the refresh of the export."""
    make_public(FIRST)
    new = make_public(SECOND)
    storage_for().put(DOCUMENTED, FIRST, content_type="image/jpeg")
    StoredFile.objects.filter(key=DOCUMENTED).update(written_at=None)
    assert body_of(client.get(live(new))) == SECOND
    storage_for().remove(DOCUMENTED)
    assert body_of(client.get(live(new))) == SECOND


@pytest.mark.parametrize("content_now", [b"first bytes of", b"", FIRST + b"more"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_file_of_another_length_than_registered_is_never_served(
    client: Client, content_now: bytes, method: str
) -> None:
    made = make_public(FIRST)
    storage_for().put(made.original.key, content_now, content_type="image/jpeg")
    assert getattr(client, method)(live(made)).status_code == 404


def test_a_part_of_a_truncated_file_is_never_served(client: Client) -> None:
    made = make_public(FIRST)
    storage_for().put(made.original.key, FIRST[:10], content_type="image/jpeg")
    answer = client.get(live(made), HTTP_RANGE="bytes=0-5")
    assert answer.status_code == 404, "it would be kept under the right version"


def test_a_missing_file_is_a_404_and_a_missing_storage_a_503(client: Client, settings: Any) -> None:
    made = make_public(FIRST)
    url = live(made)
    storage_for().remove(made.original.key)
    assert client.get(url).status_code == 404
    make_public(FIRST)
    settings.MEDIA_ROOT.rename(settings.MEDIA_ROOT.with_name("unplugged"))
    answer = client.get(url)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert int(answer["Retry-After"]) > 0


# --- how it is served -------------------------------------------------------------------------------


def test_the_headers_make_it_private_and_harmless(client: Client) -> None:
    made = make_public(FIRST)
    answer = client.get(live(made))
    assert body_of(answer) == FIRST
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Length"] == str(len(FIRST))
    assert answer["ETag"] == f'"{made.original.sha256}"'
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"] == 'inline; filename="thing_1.jpg"'
    private, age = answer["Cache-Control"].split(", ")
    assert private == "private"
    assert 0 < int(age.removeprefix("max-age=")) <= 600
    assert "Last-Modified" in answer
    assert "Set-Cookie" not in answer


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        *(("image/jpeg", "inline"), ("image/webp", "inline"), ("video/mp4", "inline")),
        *(("text/html", "attachment"), ("image/svg+xml", "attachment"), ("application/pdf", "attachment")),
    ],
)
def test_only_pictures_and_videos_are_shown_in_place(client: Client, content_type: str, kind: str) -> None:
    made = make_public(FIRST, content_type=content_type)
    answer = client.get(live(made))
    body_of(answer)
    assert answer["Content-Disposition"].startswith(kind)
    assert answer["Content-Type"] == content_type


def test_whoever_has_it_already_gets_304(client: Client) -> None:
    made = make_public(FIRST)
    for known in (
        f'"{made.original.sha256}"',
        f'W/"{made.original.sha256}"',
        f'"x", "{made.original.sha256}"',
        "*",
    ):
        answer = client.get(live(made), HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, body_of(answer)) == (304, b""), known
        assert answer["ETag"] == f'"{made.original.sha256}"'
        assert answer["Cache-Control"].startswith("private")
    answer = client.get(live(made), HTTP_IF_NONE_MATCH='"other"')
    assert (answer.status_code, body_of(answer)) == (200, FIRST)


def test_head_says_all_and_sends_nothing(client: Client) -> None:
    made = make_public(FIRST)
    answer = client.head(live(made))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == str(len(FIRST))
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["ETag"] == f'"{made.original.sha256}"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-4", 0, 5), ("bytes=5-", 5, 34), ("bytes=-4", 30, 34), ("bytes=3-3", 3, 4)],
)
def test_a_range_gives_that_part(client: Client, asked: str, start: int, end: int) -> None:
    made = make_public(FIRST)
    answer = client.get(live(made), HTTP_RANGE=asked)
    assert (answer.status_code, body_of(answer)) == (206, FIRST[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(FIRST)}"
    assert answer["Content-Length"] == str(end - start)
    assert answer["ETag"] == f'"{made.original.sha256}"'
    assert answer["Cache-Control"].startswith("private")


def test_a_range_beyond_the_end_is_416_and_says_how_long_it_is(client: Client) -> None:
    answer = client.get(live(make_public(FIRST)), HTTP_RANGE="bytes=34-")
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */34")


def test_several_ranges_and_nonsense_give_the_whole(client: Client) -> None:
    made = make_public(FIRST)
    for asked in ("bytes=0-1,4-5", "nonsense", "bytes=9-2", "lines=0-1"):
        answer = client.get(live(made), HTTP_RANGE=asked)
        assert (answer.status_code, body_of(answer)) == (200, FIRST), asked


def test_if_range_gives_the_part_of_this_version_and_the_whole_for_another(client: Client) -> None:
    made = make_public(FIRST)
    asked = {"HTTP_RANGE": "bytes=0-4"}
    same = client.get(live(made), HTTP_IF_RANGE=f'"{made.original.sha256}"', **asked)
    assert (same.status_code, body_of(same)) == (206, FIRST[:5])
    for other in ('"an older photo"', f'W/"{made.original.sha256}"', "Sat, 21 Nov 2026 10:00:00 GMT"):
        answer = client.get(live(made), HTTP_IF_RANGE=other, **asked)
        assert (answer.status_code, body_of(answer)) == (200, FIRST), other


def test_head_ignores_a_range(client: Client) -> None:
    answer = client.head(live(make_public(FIRST)), HTTP_RANGE="bytes=0-4")
    assert (answer.status_code, answer["Content-Length"]) == (200, str(len(FIRST)))


# --- handing over to the web server -----------------------------------------------------------------


def test_the_bytes_are_handed_to_the_web_server_when_it_is_set(client: Client, settings: Any) -> None:
    settings.SENDFILE_HEADER, settings.SENDFILE_PREFIX = "X-Accel-Redirect", "/protected/"
    made = make_public(FIRST)
    answer = client.get(live(made))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/protected/{made.original.key}"
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("private")
    assert answer.get("Content-Length") in (None, "0"), "the web server counts the bytes"


def test_no_bytes_are_handed_over_for_a_bad_link_or_a_truncated_file(client: Client, settings: Any) -> None:
    settings.SENDFILE_HEADER, settings.SENDFILE_PREFIX = "X-Accel-Redirect", "/protected/"
    made = make_public(FIRST)
    storage_for().put(made.original.key, FIRST[:5], content_type="image/jpeg")
    for url in (live(made), altered(live(made), s="A" * 22)):
        answer = client.get(url)
        assert answer.status_code == 404
        assert "X-Accel-Redirect" not in answer


# --- buckets ----------------------------------------------------------------------------------------


@pytest.fixture
def bucket(settings: Any, s3_alias: dict[str, Any], own_storage: None) -> None:
    settings.STORAGES = settings.STORAGES | {"default": s3_alias, "safe": s3_alias}


def test_links_into_a_bucket_are_presigned_for_the_immutable_version_and_work(bucket: None) -> None:
    import requests

    made = make_public(FIRST)
    url = live(made)
    query = dict(parse_qsl(urlsplit(url).query))
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert urlsplit(url).path.endswith(made.original.key)
    answer = requests.get(url, timeout=10)
    assert (answer.status_code, answer.content) == (200, FIRST)
    assert answer.headers["Content-Type"] == "image/jpeg"
    part = requests.get(url, headers={"Range": "bytes=0-4"}, timeout=10)
    assert (part.status_code, part.content) == (206, FIRST[:5])


def test_an_altered_or_expired_link_into_a_bucket_is_refused(bucket: None) -> None:
    import requests

    made, other = make_public(FIRST), make_public(SECOND)
    url = history(made)
    assert requests.get(url, timeout=10).status_code == 200
    for broken in (
        url.replace(made.original.key, other.original.key),
        url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        url[:-4] + "0000",
        url.split("?")[0],
        LinkMaker(BASE, now=time.time() - 1200).history(made.original.key, sha256=made.original.sha256),
    ):
        answer = requests.get(broken, timeout=10)
        assert answer.status_code in {400, 403}, broken
        assert FIRST not in answer.content


def test_a_link_of_ours_still_streams_out_of_a_bucket(bucket: None, client: Client) -> None:
    """A link signed before the storage was moved to a bucket, or the bytes for a bearer token."""
    made = make_public(FIRST)
    url = signed(DOCUMENTED, made)
    assert body_of(client.get(url)) == FIRST
    part = client.get(url, HTTP_RANGE="bytes=5-9")
    assert (part.status_code, body_of(part)) == (206, FIRST[5:10])
