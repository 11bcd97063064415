"""Who checks the checker: every kind of damage is seen, and nothing where there is none."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.faults.checker import check
from testing.faults.deployments import Deployment, deployed
from testing.faults.pictures import new_picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service's workers are found in /proc")


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with deployed(workers=1) as built:
        yield built


@pytest.fixture
def student(deployment: Deployment) -> int:
    number = deployment.client.new_student(photos=2)
    assert judged(deployment) == []
    return number


@pytest.fixture
def today(deployment: Deployment, student: int) -> Path:
    """The file of the current version."""
    (key,) = deployment.query(
        f"SELECT file FROM students_studentphoto WHERE student_id={student} AND replaced_at IS NULL"
    )
    return deployment.folder("default") / key[0]


def judged(deployment: Deployment) -> list[str]:
    view = deployment.view()
    return check(view).broken + deployment.promises.lost(view) + check(view).orphans


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
def test_a_damaged_version_is_lost(deployment: Deployment, today: Path, damage: str) -> None:
    whole = today.read_bytes()
    DAMAGES[damage](today)
    view = deployment.view()
    assert any("missing or damaged" in sentence for sentence in check(view).broken)
    assert any("is lost" in sentence for sentence in deployment.promises.lost(view))
    today.write_bytes(whole)
    assert judged(deployment) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE students_student SET photo_sha256 = repeat('0', 64) WHERE id = {0}",
        "UPDATE students_studentphoto SET replaced_at = now() WHERE student_id = {0}",
        "UPDATE photostore_storedfile SET live = false WHERE owner_id = '{0}'",
    ],
)
def test_rows_that_disagree_are_seen(deployment: Deployment, student: int, statement: str) -> None:
    deployment.execute(statement.format(student))
    assert any(f"student {student} states" in sentence for sentence in check(deployment.view()).broken)
    assert deployment.delete(student).status == 204


def test_a_copy_that_is_behind_must_say_so(deployment: Deployment, student: int) -> None:
    copy = deployment.folder("default") / f"student_photos/student_{student}_profile.jpg"
    whole = copy.read_bytes()
    copy.write_bytes(new_picture().data)
    assert any("is not marked" in sentence for sentence in check(deployment.view()).broken)
    marked = "UPDATE photostore_storedfile SET written_at = {0} WHERE kind = 'export' AND owner_id = '{1}'"
    deployment.execute(marked.format("NULL", student))
    assert check(deployment.view()).broken == []
    assert len(deployment.unfinished()) == 2
    copy.write_bytes(whole)
    deployment.execute(marked.format("now()", student))


def test_what_is_left_over_is_told_apart(deployment: Deployment, today: Path) -> None:
    orphan, temporary, astray = (
        today.with_name("a.jpg"),
        today.with_name(f".{'0' * 32}.part"),
        deployment.folder("default") / "b.jpg",
    )
    for path in (orphan, temporary, astray):
        path.write_bytes(new_picture().data)
    found = check(deployment.view())
    assert found.broken == ["b.jpg is left over where no sweep looks"]
    assert [Path(key).name for key in found.orphans] == ["b.jpg", "a.jpg"]
    assert [Path(key).name for key in found.temporaries] == [temporary.name]
    for path in (orphan, temporary, astray):
        path.unlink()


def test_a_deleted_students_photos_must_lie_somewhere(deployment: Deployment, student: int) -> None:
    student_id = deployment.client.student(student)["student_id"]
    assert deployment.delete(student).status == 204
    assert judged(deployment) == []
    one, _other = deployment.folder("default").glob(
        f"quarantine/*/photos/students/{student_id}/history/*.jpg"
    )
    one.unlink()
    view = deployment.view()
    assert any("quarantined" in sentence for sentence in check(view).broken)
    assert any("is nowhere" in sentence for sentence in deployment.promises.lost(view))
