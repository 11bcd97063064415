"""Photos by the hundred over REST: every row has one state, and what is committed is undone as one."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from photostore.audit import ANONYMOUS
from photostore.models import AuditEntry, Operation
from photostore.operations import undo
from students import jobs
from students.imports.photos import arriving, committing
from students.jobs import take_up_imports
from students.models import Import, Student, StudentPhoto
from students.tests.commands import run
from students.tests.photo_zips import ROW_OF_PSPA, Imported, faces, pupil, sent, shown_faces, zip_of
from students.tests.school import everything, face, file_of, hand_in
from testing.jobs import run_jobs
from testing.kept import stored
from testing.people import body_of
from testing.pictures import portrait, saved

pytestmark = pytest.mark.django_db


def undone(operation: Operation) -> tuple[int, int]:
    done = undo(operation, ANONYMOUS)
    return done.reverted, done.skipped


@pytest.mark.s3
def test_from_a_zip_to_photos_and_back(api: Any, each_storage: str) -> None:
    ada, bea = pupil("Ada", "Byron", "0123"), pupil("Bea", "Curie", "77")
    pupil("Cleo", "Absent", "78")
    hand_in(api, bea.pk, face(9))
    before = everything()
    batch = Imported(api, {"0123.jpg": face(1), "p/77_x.jpg": face(2), "unknown.jpg": face(3)})
    assert batch.states == {"0123.jpg": "new", "p/77_x.jpg": "replaces", "unknown.jpg": "unknown"}
    shown = batch.shown
    assert (shown["state"], shown["enrolled_without_photo"]) == ("ready", 1)
    # A number beside other words may be a lab's counter: a person has to tick it.
    assert [row["accepted"] for row in batch.rows.values()] == [True, False, False]
    assert batch.change("p/77_x.jpg", accepted=True).json()["accepted"] is True
    batch.commit()
    assert shown_faces() == {"Ada Byron": "0123.jpg", "Bea Curie": "p/77_x.jpg"}
    assert StudentPhoto.objects.get(student=ada).origin == "import"
    assert undone(batch.operation) == (2, 0)
    after = everything()
    for table in ("Student", "StudentPhoto", "StoredFile"):
        changing = {"updated_at", "written_at", "verified_at", "id"}
        plain = [
            [{name: row[name] for name in row.keys() - changing} for row in said[table]]
            for said in (before, after)
        ]
        assert plain[0] == plain[1], table


def test_the_same_zip_again_is_identical_and_writes_nothing(api: Any) -> None:
    pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    files = faces("1.jpg", "2.jpg")
    Imported(api, files).commit()
    before = everything()
    again = Imported(api, files)
    assert set(again.states.values()) == {"identical"}
    shown = again.commit()
    assert shown["operation"] is None
    after = everything()
    assert [before[name] for name in ("Student", "StudentPhoto", "StoredFile")] == [
        after[name] for name in ("Student", "StudentPhoto", "StoredFile")
    ]
    assert Operation.objects.count() == 1


def test_every_way_of_naming_somebody_and_nobody_wrong(api: Any) -> None:
    pupil("José", "Muñoz", "00123")
    pupil("Bea", "Curie", "A-77")
    pupil("Zoë", "Müller")
    twin_a, twin_b = pupil("Ann", "Lee", class_name="3A"), pupil("Ann", "Lee", class_name="3B")
    pupil("Dora", "Left", "500", status="left")
    files = faces(
        "123.jpg", "A-77 (1).jpg", "Muller_Zoe.jpg", "Lee, Ann.jpg", "500.jpg", "IMG_0123.jpg", "nobody.jpg"
    )
    batch = Imported(api, files)
    assert batch.states == {
        "123.jpg": "new",
        "A-77 (1).jpg": "new",
        "Muller_Zoe.jpg": "new",
        "Lee, Ann.jpg": "ambiguous",
        "500.jpg": "not_allowed",
        "IMG_0123.jpg": "unknown",
        "nobody.jpg": "unknown",
    }
    (evidence,) = batch.rows["123.jpg"]["evidence"]
    assert evidence["code"] == "number_without_zeros"
    assert evidence["whose"] == "José Muñoz"
    assert batch.change("Lee, Ann.jpg", accepted=True).status_code == 409
    assert batch.change("Lee, Ann.jpg", student=twin_b.pk).json()["state"] == "new"
    batch.commit()
    assert shown_faces() == {
        "José Muñoz": "123.jpg",
        "Bea Curie": "A-77 (1).jpg",
        "Zoë Müller": "Muller_Zoe.jpg",
        "Ann Lee": "Lee, Ann.jpg",
    }
    assert not StudentPhoto.objects.filter(student=twin_a).exists()


def test_leading_zeros_that_meet_are_nobodys(api: Any) -> None:
    for number in ("0123", "00123"):
        pupil("Zero", f"N{number}", number)
    assert set(Imported(api, faces("123.jpg", "000123.jpg")).states.values()) == {"ambiguous"}
    exact = Imported(api, faces("0123.jpg", "00123.jpg"))
    assert {file: row["student"] for file, row in exact.rows.items()} == {
        f"{one.student_number}.jpg": one.pk for one in Student.objects.all()
    }


def test_one_picture_under_two_numbers_is_neither_s(api: Any) -> None:
    pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    batch = Imported(api, {"1.jpg": face(1), "2.jpg": face(1)})
    assert set(batch.states.values()) == {"duplicate_in_zip"}
    assert batch.change("1.jpg", accepted=True).status_code == 409
    batch.commit()
    assert shown_faces() == {}


def test_the_same_picture_twice_for_one_student_is_taken_once(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(api, {"1.jpg": face(1), "copies/1_copy.jpg": face(1)})
    assert sorted(batch.states.values()) == ["duplicate_in_zip", "new"]


def test_two_pictures_for_one_student_need_a_person_unless_one_is_a_retake(api: Any) -> None:
    pupil("Ada", "Byron", "11"), pupil("Bea", "Curie", "22")
    batch = Imported(api, faces("11.jpg", "11_b.jpg", "22.jpg", "22_retake.jpg"))
    assert batch.states == {
        "11.jpg": "two_for_one", "11_b.jpg": "two_for_one", "22.jpg": "two_for_one", "22_retake.jpg": "new",
    }  # fmt: skip
    assert batch.change("11.jpg", accepted=True).status_code == 200
    assert batch.change("11_b.jpg", accepted=True).json()["code"] == "two_for_one"
    batch.commit()
    assert shown_faces() == {"Ada Byron": "11.jpg", "Bea Curie": "22_retake.jpg"}


def test_a_picture_that_is_another_s_is_blocked_until_somebody_confirms(api: Any) -> None:
    ada, _bea = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    hand_in(api, ada.pk, face(1))
    batch = Imported(api, {"2.jpg": face(1)})
    row = batch.rows["2.jpg"]
    assert (row["state"], [one["code"] for one in row["findings"]]) == ("blocked", ["is_anothers"])
    refused = batch.change("2.jpg", accepted=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "is_anothers")
    assert batch.change("2.jpg", accepted=True, confirm=["is_anothers"]).status_code == 200
    batch.commit()
    assert shown_faces() == {"Ada Byron": "photo.jpg", "Bea Curie": "2.jpg"}
    assert AuditEntry.objects.filter(action="import.confirm").exists()


def test_who_the_file_names_inside_comes_before_its_name(api: Any) -> None:
    ada, bea = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    hand_in(api, ada.pk, face(1))
    ours = stored()[f"student_photos/student_{ada.pk}_profile.jpg"]
    hand_in(api, ada.pk, face(5))
    batch = Imported(api, {"2.jpg": ours})
    row = batch.rows["2.jpg"]
    assert (row["state"], row["student"]) == ("blocked", ada.pk)
    assert bea.pk not in {row["student"]}


def pspa(*people: tuple[str, str, str]) -> bytes:
    return "".join(
        ROW_OF_PSPA.format(file=file, first=first, last=last) for file, first, last in people
    ).encode()


def test_a_row_missing_in_the_middle_of_an_index_moves_nobody(api: Any) -> None:
    """The file names are the lab's counter, and happen to be students' numbers."""
    people = [pupil(f"First{letter}", f"Last{letter}", f"000{n}") for n, letter in enumerate("ABCDEFGH", 1)]
    lines = [(f"000{9 - n}.jpg", one.first_name, one.last_name) for n, one in enumerate(people, 1)]
    files = {f"photos/{file}": face(n) for n, (file, *_name) in enumerate(lines)}
    batch = Imported(api, {"INDEX.TXT": pspa(*lines[:3], *lines[4:]), **files})
    assert batch.states.pop("photos/0005.jpg") == "unknown"
    batch.commit()
    assert shown_faces() == {
        f"{first} {last}": f"photos/{file}" for n, (file, first, last) in enumerate(lines) if n != 3
    }


def test_an_index_names_what_did_not_come_and_who_was_absent(api: Any) -> None:
    for first in ("Ada", "Bea", "Cleo"):
        pupil(first, "Same")
    index = pspa(("1.jpg", "Ada", "Same"), ("2.jpg", "Bea", "Same"), ("", "Cleo", "Same"))
    batch = Imported(api, {"lab/INDEX.TXT": index, "lab/photos/1.JPG": face(1)})
    assert batch.states == {"lab/photos/1.JPG": "new", "2.jpg": "missing_file"}
    assert batch.shown["found"]["no_picture"] == 1
    assert batch.shown["enrolled_without_photo"] == 2


def test_a_shifted_delivery_raises_the_alarm(api: Any) -> None:
    people = [pupil(f"F{letter}", f"L{letter}", f"9{n}") for n, letter in enumerate("abcdef")]
    lines = [(f"{n}.jpg", one.first_name, one.last_name) for n, one in enumerate(people)]
    files = {f"photos/{n}.jpg": face(n) for n in range(6)}
    Imported(api, {"INDEX.TXT": pspa(*lines), **files}).commit()
    moved = {f"photos/{n}.jpg": face(n if n < 2 else n - 1) for n in range(6)}
    moved["photos/2.jpg"] = face(20)
    batch = Imported(api, {"INDEX.TXT": pspa(*lines), **moved})
    assert list(batch.states.values()) == ["identical", "identical", "replaces", *["blocked"] * 3]


def test_junk_and_hostility_beside_good_photos(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(
        api,
        {
            "1.jpg": face(1),
            "__MACOSX/._1.jpg": b"x",
            "Thumbs.db": b"x",
            "../../2.jpg": face(2),
            "C:\\3.jpg": face(3),
            "text.jpg": b"no picture",
            "inner.zip": zip_of({"4.jpg": face(4)}),
        },
    )
    assert batch.states == {
        "1.jpg": "new",
        "../../2.jpg": "refused_member",
        "C:/3.jpg": "refused_member",
        "text.jpg": "not_an_image",
        "inner.zip": "refused_member",
    }
    assert batch.shown["found"]["ignored"] == 2
    assert "leads out" in batch.rows["../../2.jpg"]["findings"][0]["sentence"]
    assert not [key for key in stored() if "inner" in key or "source" in key]


def test_a_name_with_nul_stops_no_other(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    # zipfile cuts a name at a NUL when it writes one.
    data = zip_of({"1.jpg": face(1), "2.jpg_.exe": face(2)}).replace(b"2.jpg_.exe", b"2.jpg\0.exe")
    begun = sent(api, ("photos.zip", data)).json()
    rows = api.get(f"/api/photo-imports/{begun['id']}/rows/").json()["results"]
    assert [(row["file"], row["state"]) for row in rows] == [
        ("1.jpg", "new"),
        ("2.jpg\N{REPLACEMENT CHARACTER}.exe", "refused_member"),
    ]


def test_names_that_are_equal_but_for_case(api: Any) -> None:
    pupil("Ada", "Byron", "a1")
    assert set(Imported(api, faces("A1.jpg", "a1.JPG")).states.values()) <= {"two_for_one", "ambiguous"}


def test_single_files_with_an_index_and_a_tiff(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    grey = saved(portrait(1).convert("L"), "TIFF")
    answer = sent(api, ("scan.tif", grey), ("map.csv", b"1,scan.tif\n2,other.tif\n"))
    batch_id = answer.json()["id"]
    rows = api.get(f"/api/photo-imports/{batch_id}/rows/").json()["results"]
    assert [(row["file"], row["state"]) for row in rows] == [
        ("scan.tif", "new"),
        ("other.tif", "missing_file"),
    ]
    photo = body_of(api.get(rows[0]["photo_url"]))
    assert Image.open(io.BytesIO(photo)).format == "JPEG"
    assert body_of(api.get(rows[0]["photo_url"] + "?size=256")).startswith(b"RIFF")
    assert api.get(rows[0]["photo_url"] + "?size=1").status_code == 400


@pytest.mark.parametrize("data", [b"PK\3\4 and no more", b"PK\5\6" + bytes(18)])
def test_what_is_no_zip_fails_as_a_whole_in_one_sentence(api: Any, data: bytes) -> None:
    begun = sent(api, ("a.zip", data)).json()
    shown = api.get(f"/api/photo-imports/{begun['id']}/").json()
    assert shown["state"] == "failed"
    assert shown["error"]["sentence"]
    assert stored() == {}


def test_nothing_is_sent(api: Any) -> None:
    assert api.post("/api/photo-imports/", {}, format="multipart").status_code == 400


def test_what_changed_since_the_preview_stays_and_says_so(api: Any) -> None:
    ada, _bea, cleo = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2"), pupil("Cleo", "Dee", "3")
    batch = Imported(api, faces("1.jpg", "2.jpg", "3.jpg"))
    hand_in(api, ada.pk, face(30))
    hand_in(api, cleo.pk, face(2))
    batch.commit()
    assert shown_faces() == {"Ada Byron": "photo.jpg", "Cleo Dee": "photo.jpg"}
    rows = batch.rows
    assert {rows[f]["state"] for f in rows} == {"changed"}
    assert {rows[f]["outcome"] for f in rows} == {"stayed"}
    assert "another photo by now" in rows["1.jpg"]["findings"][-1]["sentence"]
    assert "Cleo" in rows["2.jpg"]["findings"][-1]["sentence"]


def test_undoing_leaves_what_was_changed_by_hand_since(api: Any) -> None:
    ada, _bea = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    batch = Imported(api, faces("1.jpg", "2.jpg"))
    batch.commit()
    hand_in(api, ada.pk, face(40))
    assert undone(batch.operation) == (1, 1)
    assert shown_faces() == {"Ada Byron": "photo.jpg"}


def test_what_was_undone_while_it_was_committed_is_not_gone_on_with(api: Any) -> None:
    for n, first in enumerate(("Ada", "Bea", "Cleo"), 1):
        pupil(first, "Same", str(n))
    path = Imported(api, faces("1.jpg", "2.jpg", "3.jpg")).path
    assert api.post(f"{path}commit/").status_code == 202
    batch = Import.objects.get()

    with pytest.raises(InterruptedError):
        committing.commit(batch, stopped)
    assert len(shown_faces()) == 1
    assert undone(Operation.objects.get(pk=batch.operation)) == (1, 0)
    run_jobs()
    assert shown_faces() == {}
    batch.refresh_from_db()
    assert batch.state == Import.State.COMMITTED
    rows = api.get(f"{path}rows/").json()["results"]
    assert [row["outcome"] for row in rows] == ["done", "stayed", "stayed"]
    assert "was undone" in rows[2]["findings"][-1]["sentence"]
    assert Operation.objects.get(pk=batch.operation).state == Operation.State.UNDONE


def test_of_two_who_commit_one_is_refused(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(api, faces("1.jpg"))
    batch.commit()
    assert api.post(f"{batch.path}commit/").status_code == 409
    assert StudentPhoto.objects.count() == 1


def test_an_earlier_photo_and_an_older_one_are_for_a_person(api: Any) -> None:
    ada, bea = pupil("Ada", "Byron", "1"), pupil("Bea", "Curie", "2")
    hand_in(api, ada.pk, face(1))
    hand_in(api, ada.pk, face(2))
    hand_in(api, bea.pk, face(3), taken_on="2099-01-01")
    batch = Imported(api, {"1.jpg": face(1), "2.jpg": face(4)})
    assert batch.states == {"1.jpg": "in_history", "2.jpg": "older"}
    assert [row["accepted"] for row in batch.rows.values()] == [False, False]
    assert batch.change("1.jpg", accepted=True).status_code == 200
    batch.commit()
    assert StudentPhoto.objects.current().get(student=ada).original_filename == "1.jpg"


def test_who_has_left_needs_a_yes_and_an_erased_picture_stays_away(api: Any) -> None:
    gone, ada = pupil("Dora", "Left", "55", status="left"), pupil("Ada", "Byron", "11")
    hand_in(api, ada.pk, face(7))
    assert run("erase_student", str(ada.pk), "--confirm")[0] == 0
    pupil("Bea", "Curie", "22")
    batch = Imported(api, {"55.jpg": face(1), "22.jpg": face(7)})
    assert batch.states == {"55.jpg": "not_allowed", "22.jpg": "not_allowed"}
    assert batch.change("55.jpg", accepted=True).json()["code"] == "has_left"
    assert batch.change("55.jpg", accepted=True, confirm=["has_left"]).status_code == 200
    assert batch.change("22.jpg", accepted=True, confirm=["was_erased"]).status_code == 409
    batch.commit()
    assert shown_faces() == {gone.name: "55.jpg"}


def test_an_index_that_is_asked_for_must_be_there(api: Any) -> None:
    pupil("Ada", "Byron", "11"), pupil("Bea", "Curie", "22")
    lists = {"a.csv": b"11,1.jpg\n22,2.jpg\n", "b.csv": b"22,1.jpg\n11,2.jpg\n"}
    files = [("p.zip", zip_of({**lists, **faces("1.jpg", "2.jpg")}))]
    chosen = sent(api, *files, index="b.csv").json()["id"]
    rows = api.get(f"/api/photo-imports/{chosen}/rows/").json()["results"]
    named = {row["file"]: Student.objects.get(pk=row["student"]).student_number for row in rows}
    assert named == {"1.jpg": "22", "2.jpg": "11"}
    missing = sent(api, *files, index="c.csv").json()["id"]
    assert api.get(f"/api/photo-imports/{missing}/").json()["error"]["code"] == "no_such_index"


def test_a_page_of_rows_costs_the_same_however_many(api: Any, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        hand_in(api, pupil(f"F{n}", f"L{n}", f"10{n:02}").pk, face(n))
    batch = Imported(api, {f"10{n:02}.jpg": face(n + 20) for n in range(12)})
    with django_assert_max_num_queries(12):
        assert len(batch.rows) == 12


def test_discarding_leaves_nothing(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(api, faces("1.jpg"))
    assert [key for key in stored() if key.startswith("imports/")]
    assert api.post(f"{batch.path}discard/").status_code == 204
    assert stored() == {}
    assert Import.objects.get().rows.count() == 0


def test_a_zip_by_tus_goes_on_after_a_break(api: Any) -> None:
    pupil("Ada", "Byron", "1")
    data = zip_of(faces("1.jpg"))
    said = api.post("/api/photo-imports/", {"filename": "a.zip", "size": len(data)}, format="json").json()
    assert said["state"] == "reading"
    url = said["upload_url"]

    def send(offset: int, piece: bytes) -> Any:
        headers = {"HTTP_UPLOAD_OFFSET": str(offset), "HTTP_TUS_RESUMABLE": "1.0.0"}
        return api.generic("PATCH", url, piece, content_type="application/offset+octet-stream", **headers)

    assert send(0, data[:1000]).status_code == 204
    assert send(0, data[:1000]).status_code == 409
    head = api.head(url)
    assert (head["Upload-Offset"], head["Upload-Length"]) == ("1000", str(len(data)))
    assert send(1000, data[1000:] + b"x").status_code == 409
    assert send(1000, data[1000:]).status_code == 204
    assert run_jobs() == 1
    shown = api.get(f"/api/photo-imports/{said['id']}/").json()
    assert (shown["state"], shown["counts"], shown["upload_url"]) == ("ready", {"new": 1}, None)


@pytest.mark.parametrize("by_head", [True, False])
def test_a_zip_whose_last_byte_came_before_a_kill_is_read(
    api: Any, monkeypatch: Any, *, by_head: bool
) -> None:
    pupil("Ada", "Byron", "1")
    data = zip_of(faces("1.jpg"))
    said = api.post("/api/photo-imports/", {"filename": "a.zip", "size": len(data)}, format="json").json()
    batch = Import.objects.get()
    arriving.receive(batch, offset=0, byte_count=len(data) - 1, read=io.BytesIO(data[:-1]).read)
    ask = partial(api.head, said["upload_url"]) if by_head else take_up_imports
    ask()
    assert run_jobs() == 0, "a byte is missing"
    arriving.receive(batch, offset=len(data) - 1, byte_count=1, read=io.BytesIO(data[-1:]).read)
    with monkeypatch.context() as patch, pytest.raises(InterruptedError):
        patch.setattr(jobs, "read_soon", stopped)
        jobs.read_once_complete(batch)
    ask()
    take_up_imports()
    assert run_jobs() == 1
    assert api.get(f"/api/photo-imports/{said['id']}/").json()["counts"] == {"new": 1}


def stopped(*_args: Any) -> None:
    raise InterruptedError


def test_nobody_else_sees_it(api: Any, client: Any) -> None:
    pupil("Ada", "Byron", "1")
    batch = Imported(api, faces("1.jpg"))
    url = batch.rows["1.jpg"]["photo_url"]
    assert client.get(url).status_code == 401
    key = next(key for key in stored() if key.startswith("imports/"))
    assert client.get(f"/media/{key}").status_code == 404
    assert api.get(f"/media/{key}").status_code == 404
    assert file_of(b"x")


def test_what_was_left_alone_is_taken_up(api: Any) -> None:
    """Whoever handed it in died before the job was asked for."""
    pupil("Ada", "Byron", "1")
    batch = Imported(api, faces("1.jpg"))
    Import.objects.update(state=Import.State.READING)
    take_up_imports()
    assert run_jobs() == 0, "an hour must pass"
    Import.objects.update(created_at=timezone.now() - timedelta(hours=2))
    take_up_imports()
    take_up_imports()
    assert run_jobs() == 1
    assert batch.shown["state"] == "ready"
