"""The transaction fails after the bytes were written; deletions fail, or come by other ways than the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from testing.torture.houses import House
from testing.torture.outcome import Effort, Outcome
from testing.torture.pictures import new_picture
from testing.torture.yard import Yard

# What the commit of a change to a student meets, each as a deferred trigger.
TROUBLES = {
    "the database's disk is full": "RAISE 'no space' USING ERRCODE = '53100';",
    "the connection is cut": "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5);",
    "the commit is refused": "RAISE 'refused';",
}
FAILING = """
CREATE FUNCTION torture() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {trouble} RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER torture AFTER INSERT OR UPDATE OR DELETE ON students_student
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION torture();
"""
WORKING = "DROP TRIGGER torture ON students_student; DROP FUNCTION torture();"

BULK_DELETE = """
from django.db import transaction
from students.models import Student
with transaction.atomic():
    Student.objects.filter(pk__in={students}).delete()
    transaction.set_rollback({rolled_back})
"""
Delete = Callable[[House, list[int], bool], None]

SQL_DELETE = "BEGIN; DELETE FROM students_student WHERE id = ANY(ARRAY{students}); {ending};"


def commits_that_fail(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """Uploads and deletions whose transaction is rolled back after everything was done."""
    with yard.house() as house:
        for trouble, statements in TROUBLES.items():
            outcome = Outcome.after_others(f"At the commit, {trouble}", house)
            for _ in range(min(effort.rounds, 5)):
                _commit_in_vain(house, outcome, statements)
            yield outcome


def _commit_in_vain(house: House, outcome: Outcome, trouble: str) -> None:
    students = _students(house, 2)
    before = _stated(house)
    house.execute(FAILING.format(trouble=trouble))
    statuses = [house.client.upload(student, new_picture()).status for student in students]
    statuses += [house.client.delete(student).status for student in students]
    house.execute(WORKING)
    outcome.times += len(statuses)
    outcome.inspect(house)
    outcome.expect(_stated(house) == before, "a change that failed shows")
    outcome.expect(set(statuses) <= {500, 503}, f"answers: {statuses}")
    good = [house.client.upload(student, new_picture()).status for student in students]
    outcome.expect(set(good) == {200}, f"answers afterwards: {good}")
    outcome.inspect(house)


def deletions(yard: Yard, effort: Effort) -> Iterator[Outcome]:
    """In bulk by the ORM, by SQL with everything that hangs on a student; rolled back and committed."""
    ways: dict[str, Delete] = {"in bulk": _in_bulk, "by SQL": _by_sql}
    with yard.house(workers=1, preload=True) as house:
        for (name, delete), rolled_back in product(ways.items(), (True, False)):
            ending = "rolled back" if rolled_back else "committed"
            outcome = Outcome.after_others(f"Deletion {name}, {ending}", house)
            for _ in range(min(effort.rounds, 5)):
                _delete(house, delete, rolled_back)
                outcome.times += 1
                outcome.inspect(house)
            yield outcome


def _delete(house: House, delete: Delete, rolled_back: bool) -> None:
    students = _students(house, 3)
    before = house.view()
    delete(house, students, rolled_back)
    if not rolled_back:
        house.promises.deleted(students, before)
    house.service.kill_worker(house.service.worker_pids[0])  # whoever starts next empties the outbox
    house.service.wait_until_ready()


def _in_bulk(house: House, students: list[int], rolled_back: bool) -> None:
    program = house.service.run(BULK_DELETE.format(students=students, rolled_back=rolled_back))
    if program.wait(60):
        raise RuntimeError(house.service.log[-2000:])


def _by_sql(house: House, students: list[int], rolled_back: bool) -> None:
    house.execute(SQL_DELETE.format(students=students, ending="ROLLBACK" if rolled_back else "COMMIT"))


def _students(house: House, number: int) -> list[int]:
    students = [house.client.new_student("Somebody") for _ in range(number)]
    for student in students:
        for _ in range(2):
            house.client.upload(student, new_picture())
    return students


def _stated(house: House) -> list[tuple[Any, ...]]:
    return house.query("SELECT id, photo_sha256 FROM students_student ORDER BY id")
