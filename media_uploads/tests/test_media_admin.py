"""Personas and media files in the admin: looking, narrowing, deleting."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from media_uploads.models import MediaFile, Persona
from media_uploads.tests.handing_in import check_consistent, everything, keep, persona_of, picture, stored
from photostore.models import AuditEntry
from testing.people import body_of, make_person
from testing.videos import video

pytestmark = pytest.mark.django_db(transaction=True)
FILES = "/admin/media_uploads/mediafile/"
PERSONAS = "/admin/media_uploads/persona/"


def signed_in(name: str, *verbs: str) -> Client:
    client = Client()
    permissions = [f"{verb}_{model}" for verb in verbs for model in ("mediafile", "persona")]
    client.force_login(make_person(name, *permissions, is_staff=True))
    return client


@pytest.fixture
def staff(db: None) -> Client:
    return signed_in("dora", "view", "delete")


def listed(staff: Client, query: str = "") -> list[int]:
    page = staff.get(f"{FILES}{query}").content.decode()
    return [int(found) for found in dict.fromkeys(re.findall(r"mediafile/(\d+)/change/", page))]


def test_the_list_shows_thumbnails_sizes_and_durations(staff: Client, dana: Any) -> None:
    persona = persona_of(dana, "Stage <b>")
    keep(persona, picture(1), "<i>.jpg"), keep(persona, video("mp4"), "a.mp4")
    page = staff.get(FILES).content.decode()
    links = re.findall(r'class="media-small" src="http://testserver(/media/derived/[^"]+)"', page)
    assert len(links) == 2
    for link in links:
        assert body_of(staff.get(link.replace("&amp;", "&")))[:4] == b"RIFF"
    for shown in ("Stage &lt;b&gt;", "&lt;i&gt;.jpg", "300 × 400", "160 × 120", "0:02", "KB"):
        assert shown in page
    assert "<i>.jpg" not in page


def test_narrowing(staff: Client, dana: Any, erik: Any) -> None:
    one, other, theirs = persona_of(dana, "one"), persona_of(dana, "other"), persona_of(erik, "theirs")
    image, clip = keep(one, picture(1)).pk, keep(one, video("mp4"), "clip.mp4").pk
    second, third = keep(other, picture(2)).pk, keep(theirs, picture(3)).pk
    assert listed(staff) == [third, second, clip, image]
    assert listed(staff, f"?user={dana.pk}") == [second, clip, image]
    assert listed(staff, f"?persona={one.pk}") == [clip, image]
    assert listed(staff, f"?user={dana.pk}&persona={other.pk}") == [second]
    assert listed(staff, "?media_type__exact=video") == [clip]
    assert listed(staff, "?size=1") == [third, second, clip, image]
    assert listed(staff, "?size=more") == listed(staff, "?user=x") == listed(staff, "?user=4711") == []
    assert listed(staff, "?q=dana") == [second, clip, image]
    assert listed(staff, "?q=clip") == [clip]


def test_the_list_costs_the_same_however_long_it_is(staff: Client, dana: Any) -> None:
    staff.get(FILES)  # a session writes down that it is used, with its first page
    counts = []
    for seed in range(2):
        keep(persona_of(dana), picture(seed))
        with CaptureQueriesContext(connection) as asked:
            staff.get(FILES)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_page_shows_the_frame_but_not_the_video(staff: Client, dana: Any) -> None:
    file = keep(persona_of(dana), video("mp4"), "a.mp4")
    page = staff.get(f"{FILES}{file.pk}/change/").content.decode()
    assert 'class="media-large"' in page
    assert f"/media/{file.key}" not in page
    assert file.key in page
    assert 'name="_save"' not in page


def test_deleting_a_file(staff: Client, dana: Any, each_storage: str) -> None:
    file, other = keep(persona_of(dana), picture(1)), keep(persona_of(dana), picture(2))
    assert staff.post(f"{FILES}{file.pk}/delete/", {"post": "yes"}).status_code == 302
    assert [row.pk for row in MediaFile.objects.all()] == [other.pk]
    check_consistent()
    entry = AuditEntry.objects.get(action="media.delete")
    assert (entry.actor_name, entry.channel, entry.subject) == ("dora", "admin", f"user {dana.pk}")


def test_deleting_many(staff: Client, dana: Any) -> None:
    ids = [keep(persona_of(dana), picture(seed)).pk for seed in range(3)]
    staff.post(FILES, {"action": "delete_selected", "_selected_action": ids, "post": "yes"})
    assert stored() == {}
    check_consistent()


@pytest.mark.parametrize("one_by_one", [True, False])
def test_deleting_a_persona(staff: Client, dana: Any, one_by_one: bool) -> None:
    persona = persona_of(dana)
    keep(persona, picture(1)), keep(persona, video("mp4"), "a.mp4")
    assert f'?persona={persona.pk}">2</a>' in staff.get(PERSONAS).content.decode()
    if one_by_one:
        staff.post(f"{PERSONAS}{persona.pk}/delete/", {"post": "yes"})
    else:
        chosen = {"action": "delete_selected", "_selected_action": [persona.pk], "post": "yes"}
        staff.post(PERSONAS, chosen)
    assert not Persona.objects.exists()
    assert stored() == {}
    check_consistent()


def test_deleting_a_person(dana: Any, erik: Any, each_storage: str) -> None:
    keep(persona_of(dana), picture(1)), keep(persona_of(erik), picture(2))
    client = Client()
    client.force_login(make_person("root", is_staff=True, is_superuser=True))
    client.post(f"/admin/profile_pictures/user/{dana.pk}/delete/", {"post": "yes"})
    assert len(stored()) == 4
    check_consistent()


def test_who_may(dana: Any) -> None:
    file = keep(persona_of(dana), picture(1))
    before = everything()
    looker = signed_in("vera", "view")
    assert looker.get(FILES).status_code == looker.get(f"{FILES}{file.pk}/change/").status_code == 200
    for place in (f"{FILES}{file.pk}", f"{PERSONAS}{file.persona_id}"):
        assert looker.post(f"{place}/delete/", {"post": "yes"}).status_code == 403
    bob = signed_in("bob")
    assert bob.get(FILES).status_code == bob.get(PERSONAS).status_code == 403
    assert signed_in("ada", "view", "add", "change", "delete").get(f"{FILES}add/").status_code == 403
    assert everything() == before
