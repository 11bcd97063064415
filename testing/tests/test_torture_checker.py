"""Who checks the checker: every kind of damage is seen, and nothing where there is none."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.torture.checker import check
from testing.torture.houses import House
from testing.torture.pictures import new_picture
from testing.torture.places import Disk
from testing.torture.yard import Yard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service's workers are found in /proc")


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    yard = Yard(os.environ["DATABASE_URL"], s3=pytest.fail)  # type: ignore[arg-type]
    with yard.house(workers=1) as built:
        yield built
    yard.close()


@pytest.fixture
def student(house: House) -> int:
    number = house.client.new_student("Somebody")
    for _ in range(2):
        assert house.client.upload(number, new_picture()).status == 200
    assert judged(house) == []
    return number


@pytest.fixture
def today(house: House, student: int) -> Path:
    """The file of today's version."""
    (key,) = house.query(
        f"SELECT file FROM students_studentphoto WHERE student_id={student} AND replaced_at IS NULL"
    )
    return root(house) / key[0]


def root(house: House) -> Path:
    disk = house.places["default"]
    assert isinstance(disk, Disk)
    return disk.root


def judged(house: House) -> list[str]:
    view = house.view()
    return check(view).broken + house.promises.lost(view) + check(view).orphans


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-200]),
    "empty": lambda path: path.write_bytes(b""),
    "another photo": lambda path: path.write_bytes(new_picture().data),
    "one bit": lambda path: path.write_bytes(with_one_bit_flipped(path.read_bytes())),
}


def with_one_bit_flipped(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_version_is_lost(house: House, today: Path, damage: str) -> None:
    whole = today.read_bytes()
    DAMAGES[damage](today)
    view = house.view()
    assert any("missing or damaged" in sentence for sentence in check(view).broken)
    assert any("is lost" in sentence for sentence in house.promises.lost(view))
    today.write_bytes(whole)
    assert judged(house) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE students_student SET photo_sha256 = repeat('0', 64) WHERE id = {0}",
        "UPDATE students_studentphoto SET replaced_at = now() WHERE student_id = {0}",
        "UPDATE photostore_storedfile SET live = false WHERE owner_id = '{0}'",
    ],
)
def test_rows_that_disagree_are_seen(house: House, student: int, statement: str) -> None:
    house.execute(statement.format(student))
    assert any(f"student {student} states" in sentence for sentence in check(house.view()).broken)
    assert house.delete(student).status == 204


def test_a_copy_that_is_behind_must_say_so(house: House, student: int) -> None:
    copy = root(house) / f"student_photos/student_{student}_profile.jpg"
    whole = copy.read_bytes()
    copy.write_bytes(new_picture().data)
    assert any("is not marked" in sentence for sentence in check(house.view()).broken)
    marked = "UPDATE photostore_storedfile SET written_at = {0} WHERE kind = 'copy' AND owner_id = '{1}'"
    house.execute(marked.format("NULL", student))
    assert check(house.view()).broken == []
    assert len(house.unfinished()) == 2
    copy.write_bytes(whole)
    house.execute(marked.format("now()", student))


def test_what_is_left_over_is_told_apart(house: House, today: Path) -> None:
    orphan, temporary, astray = (
        today.with_name("a.jpg"),
        today.with_name(f".{'0' * 32}.part"),
        root(house) / "b.jpg",
    )
    for path in (orphan, temporary, astray):
        path.write_bytes(new_picture().data)
    found = check(house.view())
    assert found.broken == ["b.jpg is left over where no sweep looks"]
    assert [Path(key).name for key in found.orphans] == ["b.jpg", "a.jpg"]
    assert [Path(key).name for key in found.temporaries] == [temporary.name]
    for path in (orphan, temporary, astray):
        path.unlink()


def test_a_deleted_students_photos_must_lie_somewhere(house: House, student: int) -> None:
    student_id = house.client.student(student)["student_id"]
    assert house.delete(student).status == 204
    assert judged(house) == []
    one, _other = root(house).glob(f"quarantine/*/photos/students/{student_id}/history/*.jpg")
    one.unlink()
    view = house.view()
    assert any("quarantined" in sentence for sentence in check(view).broken)
    assert any("is nowhere" in sentence for sentence in house.promises.lost(view))
