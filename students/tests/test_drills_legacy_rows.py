"""Drills: schools whose rows and files other people's scripts made. Nothing is entered by our own code."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command

from photostore.tests.inventory_files import run
from students.tests.legacy_school import enter, lay, pupil, seen, sql
from students.tests.reseeding import undo_last
from students.tests.school import face, likeness
from testing.kept import stored

pytestmark = pytest.mark.django_db(transaction=True)


def shows(api: Any, pk: int) -> dict[str, int | None]:
    """By each way, whose of the faces 0 to 5 it is."""
    return {way: None if data is None else nearest(data) for way, data in seen(api, pk).items()}


def nearest(data: bytes) -> int:
    return min(range(6), key=lambda number: likeness(data, face(number)))


def everywhere(value: int | None) -> dict[str, int | None]:
    return dict.fromkeys(("bytes", "detail", "list", "thumbnail"), value)


@pytest.mark.drill("rows as S0 wrote them, before and after adopt_media")
def test_rows_as_s0_wrote_them(api: Any, each_storage: str, outcome: Any) -> None:
    pks = [pupil(number, face(number)) for number in range(3)]
    nora = enter("Nora No Photo")
    assert [shows(api, pk) for pk in pks] == [everywhere(number) for number in range(3)]
    assert seen(api, nora) == everywhere(None)
    before = stored()
    code, said = run("verify_media")
    assert (code, said["counts"]["to_adopt"], said["counts"]["missing"]) == (0, 3, 0), said
    code, said = run("adopt_media", "--dry-run")
    assert (code, said["adopted"], said["operation"]) == (0, 3, None)
    assert stored() == before
    code, said = run("adopt_media")
    assert (code, said["adopted"], said["left_count"]) == (0, 3, 0)
    assert [shows(api, pk) for pk in pks] == [everywhere(number) for number in range(3)]
    assert run("verify_media", "--checksum")[0] == 0
    undo_last()
    assert {key: data for key, data in stored().items() if key in before} == before
    right = sum(shows(api, pk) == everywhere(number) for number, pk in enumerate(pks))
    outcome(right=right, wrong=0, left=3 - right)
    assert right == 3


ODD = {
    "/media/{}": "a leading /media/",
    "media/{}": "a media/ prefix",
    "/{}": "absolute",
    "{}\\": "a backslash at the end",
    "../{}": "out of the storage",
    "": "empty",
    "x\x01{}": "a control character",
    "y" * 900 + "{}": "longer than any name",
    "users/bob/{}": "another app's",
}


@pytest.mark.s3
@pytest.mark.drill("odd paths among legacy rows, adopt_media")
def test_odd_paths_stop_nobody(api: Any, each_storage: str, outcome: Any) -> None:
    """Those that fit one file but for their spelling are adopted; the others are named, with reasons."""
    plain = [pupil(number, face(number)) for number in range(2)]
    spelled = enter("Spelled Otherwise", "/media//Student_Photos\\Zoë.JPG")
    lay("student_photos/zoe\u0308.jpg", face(2))
    odd = {said: enter(why, said.format("nobody.jpg")) for said, why in ODD.items()}
    twice = enter("Fits two files", "student_photos/TWO.jpg")
    lay("student_photos/two.jpg", face(3))
    lay("student_photos/Two.jpg", face(4))
    cut_off, empty, none = (pupil(9, data) for data in (face(5)[:4_000], b"", b"no picture"))
    code, said = run("adopt_media")
    assert code == 0
    assert said["adopted"] == 3
    left = {one["id"]: one["why"] for one in said["left_for_a_person"]}
    assert left.keys() == {*odd.values(), twice, cut_off, empty, none} - {odd[""]}, left
    assert "fits more than one file" in left[twice]
    for number, pk in enumerate([*plain, spelled]):
        assert shows(api, pk) == everywhere(number)
    assert all(shows(api, pk) == everywhere(None) for pk in (*odd.values(), twice))
    outcome(right=3, wrong=0, left=len(left))
    assert run("adopt_media")[1]["adopted"] == 0
    undo_last()
    assert sql("SELECT profile_photo FROM students_student WHERE id = %s", spelled) == [
        ("/media//Student_Photos\\Zoë.JPG",)
    ]


@pytest.mark.drill("two rows name one file, adopt_media")
def test_two_rows_for_one_file(api: Any, each_storage: str, outcome: Any) -> None:
    """Nobody can say whose face it is, so neither is shown it, before or after; a person decides."""
    pks = [pupil(0, face(0), key="student_photos/class.jpg") for _ in range(2)]
    third = enter("Third", "/media/Student_Photos/class.JPG")
    right = pupil(1, face(1))
    for _ in range(2):
        assert [shows(api, pk) for pk in (*pks, third)] == [everywhere(None)] * 3
        assert shows(api, right) == everywhere(1)
        _code, said = run("adopt_media")
        left = {one["id"]: one["why"] for one in said["left_for_a_person"]}
        assert left.keys() == {*pks, third}
        assert all("is named by two rows" in why for why in left.values())
    code, said = run("verify_media")
    assert code == 1
    assert {one["id"] for one in said["contradictions"]} == {*pks, third}
    outcome(right=1, wrong=0, left=3)
    # The person says: it is the first one's.
    sql("UPDATE students_student SET profile_photo = '' WHERE id = ANY(%s)", [pks[1], third])
    assert run("adopt_media")[1]["adopted"] == 1
    assert shows(api, pks[0]) == everywhere(0)


@pytest.mark.s3
@pytest.mark.drill("profile_photo and photo_sha256 exchanged by SQL, then verify_media --repair")
@pytest.mark.parametrize("columns", ["profile_photo, photo_sha256", "profile_photo", "photo_sha256"])
def test_columns_exchanged_by_sql(api: Any, each_storage: str, outcome: Any, columns: str) -> None:
    pks = [pupil(number, face(number)) for number in range(3)]
    assert run("adopt_media")[1]["adopted"] == 3
    ways = [{way: data for way, data in seen(api, pk).items() if way != "thumbnail"} for pk in pks]
    exchange(columns, *pks[:2])
    assert shows(api, pks[0]) == shows(api, pks[1]) == everywhere(None)
    assert shows(api, pks[2]) == everywhere(2)
    before = sql("SELECT id, profile_photo, photo_sha256 FROM students_student ORDER BY id")
    code, said = run("verify_media")
    assert code == 1
    found = {one["id"]: one for one in said["contradictions"]}
    assert found.keys() == set(pks[:2])
    assert all("Quist (4b" in one["name"] and "--repair" in one["next"] for one in found.values())
    assert "Pupil 0 Quist (4b, ID" in text("verify_media")
    code, said = run("verify_media", "--repair")
    assert (code, said["repaired"]) == (0, 2), said
    again = [{way: data for way, data in seen(api, pk).items() if way != "thumbnail"} for pk in pks]
    assert again == ways
    outcome(right=3, wrong=0, left=0)
    undo_last()
    assert sql("SELECT id, profile_photo, photo_sha256 FROM students_student ORDER BY id") == before


def exchange(columns: str, *pks: int) -> None:
    """As somebody at `psql` who mixed two rows up."""
    sql(f"CREATE TEMPORARY TABLE before AS SELECT id, {columns} FROM students_student")
    for column in columns.split(", "):
        sql(
            f"UPDATE students_student s SET {column} = o.{column} FROM before o "
            "WHERE o.id = %s - s.id AND s.id = ANY(%s)",
            sum(pks), list(pks),
        )  # fmt: skip
    sql("DROP TABLE before")


def text(*arguments: str) -> str:
    out = io.StringIO()
    with suppress(SystemExit):
        call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.drill("versions' rows exchanged by SQL as well: nothing decides, a person has to look")
def test_versions_exchanged_by_sql(api: Any, each_storage: str, outcome: Any) -> None:
    pks = [pupil(number, face(number)) for number in range(2)]
    run("adopt_media")
    sql("UPDATE students_studentphoto SET replaced_at = now()")
    sql("UPDATE students_studentphoto SET student_id = %s - student_id", sum(pks))
    sql("UPDATE students_studentphoto SET replaced_at = NULL")
    exchange("profile_photo, photo_sha256", *pks)
    assert [shows(api, pk) for pk in pks] == [everywhere(None)] * 2
    assert all(not api.get(f"/api/students/{pk}/photo-history/").json()["results"] for pk in pks)
    code, said = run("verify_media", "--repair")
    assert (code, said["repaired"], len(said["contradictions"])) == (1, 0, 2)
    assert [shows(api, pk) for pk in pks] == [everywhere(None)] * 2
    outcome(right=0, wrong=0, left=2)


def test_a_row_that_points_past_its_version_shows_nothing(api: Any) -> None:
    pk = pupil(0, face(0))
    run("adopt_media")
    lay("student_photos/stranger.jpg", face(3))
    for sha256 in ("photo_sha256", "''"):
        statement = f"UPDATE students_student SET profile_photo = %s, photo_sha256 = {sha256} WHERE id = %s"
        sql(statement, "student_photos/stranger.jpg", pk)
        assert shows(api, pk) == everywhere(None)
        assert run("verify_media", "--repair")[1]["repaired"] == 1
        assert shows(api, pk) == everywhere(0)
