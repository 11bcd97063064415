"""The transaction fails after the bytes were written; deletions fail, or come by other ways than the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from testing.faults.deployments import Deployment, deployed
from testing.faults.outcome import Effort, Outcome
from testing.faults.pictures import new_picture

# What the commit of a change to a student meets, each as a deferred trigger.
TROUBLES = {
    "the database's disk is full": "RAISE 'no space' USING ERRCODE = '53100';",
    "the connection is cut": "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5);",
    "the commit is refused": "RAISE 'refused';",
}
FAILING = """
CREATE FUNCTION fail_on_purpose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {trouble} RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER fail_on_purpose AFTER INSERT OR UPDATE OR DELETE ON students_student
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_on_purpose();
"""
WORKING = "DROP TRIGGER fail_on_purpose ON students_student; DROP FUNCTION fail_on_purpose();"

BULK_DELETE = """
from django.db import transaction
from students.models import Student
with transaction.atomic():
    Student.objects.filter(pk__in={students}).delete()
    transaction.set_rollback({rolled_back})
"""
Delete = Callable[[Deployment, list[int], bool], None]

SQL_DELETE = "BEGIN; DELETE FROM students_student WHERE id = ANY(ARRAY{students}); {ending};"


def commits_that_fail(effort: Effort) -> Iterator[Outcome]:
    """Uploads and deletions whose transaction is rolled back after everything was done."""
    with deployed() as deployment:
        for trouble, statements in TROUBLES.items():
            outcome = Outcome.after_others(f"At the commit, {trouble}", deployment)
            for _ in range(min(effort.rounds, 5)):
                _commit_in_vain(deployment, outcome, statements)
            yield outcome


def _commit_in_vain(deployment: Deployment, outcome: Outcome, trouble: str) -> None:
    students = _students(deployment, 2)
    before = _stated(deployment)
    deployment.execute(FAILING.format(trouble=trouble))
    statuses = [deployment.client.upload(student, new_picture()).status for student in students]
    statuses += [deployment.client.delete(student).status for student in students]
    deployment.execute(WORKING)
    outcome.times += len(statuses)
    outcome.inspect(deployment)
    outcome.expect(_stated(deployment) == before, "a change that failed shows")
    outcome.expect(set(statuses) <= {500, 503}, f"answers: {statuses}")
    outcome.works_again(deployment, students)


def deletions(effort: Effort) -> Iterator[Outcome]:
    """In bulk by the ORM, by SQL with everything that hangs on a student; rolled back and committed."""
    ways: dict[str, Delete] = {"in bulk": _in_bulk, "by SQL": _by_sql}
    with deployed(workers=1) as deployment:
        for (name, delete), rolled_back in product(ways.items(), (True, False)):
            ending = "rolled back" if rolled_back else "committed"
            outcome = Outcome.after_others(f"Deletion {name}, {ending}", deployment)
            for _ in range(min(effort.rounds, 5)):
                _delete(deployment, delete, rolled_back)
                outcome.times += 1
                outcome.inspect(deployment)
            yield outcome


def _delete(deployment: Deployment, delete: Delete, rolled_back: bool) -> None:
    students = _students(deployment, 3)
    before = deployment.view()
    delete(deployment, students, rolled_back)
    if not rolled_back:
        deployment.promises.deleted(students, before)
    deployment.service.kill_worker(
        deployment.service.worker_pids[0]
    )  # the process that starts next empties the outbox
    deployment.service.wait_until_ready()


def _in_bulk(deployment: Deployment, students: list[int], rolled_back: bool) -> None:
    program = deployment.service.run(BULK_DELETE.format(students=students, rolled_back=rolled_back))
    if program.wait(60):
        raise RuntimeError(deployment.service.log[-2000:])


def _by_sql(deployment: Deployment, students: list[int], rolled_back: bool) -> None:
    deployment.execute(SQL_DELETE.format(students=students, ending="ROLLBACK" if rolled_back else "COMMIT"))


def _students(deployment: Deployment, number: int) -> list[int]:
    return [deployment.client.new_student(photos=2) for _ in range(number)]


def _stated(deployment: Deployment) -> list[tuple[Any, ...]]:
    return deployment.query("SELECT id, photo_sha256 FROM students_student ORDER BY id")
