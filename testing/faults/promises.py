"""What the service answered with success, and so may never lose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock

from testing.faults.view import View, sha256

# These answers say "nothing was changed"; any other failure leaves open whether something was.
NOTHING_CHANGED = {"storage_unavailable", "storage_full"}
# The photo is saved; only a copy of it waits.
SAVED = {"exports_pending"}


class Promises:
    """Shared by all clients of one deployment; `answers` counts every answer to a change by its status."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: set[tuple[int, str]] = set()
        self._possible_today: dict[int, set[str]] = {}
        self._under_way: Counter[int] = Counter()
        self._still_somewhere: set[str] = set()
        self._gone: set[int] = set()
        self.answers: Counter[str] = Counter()

    def begin(self, student: int, source_sha256: str) -> None:
        with self._lock:
            self._under_way[student] += 1
            self._possible_today.setdefault(student, {""}).add(source_sha256)

    def end(self, student: int, source_sha256: str, status: int, code: str) -> None:
        """It was answered, or cut off (status 0)."""
        with self._lock:
            self._under_way[student] -= 1
            self.answers[answer_name(status, code)] += 1
            if status == 200 or code in SAVED:
                self._kept.add((student, source_sha256))
                if not self._under_way[student]:
                    self._possible_today[student] = {source_sha256}
            elif code in NOTHING_CHANGED and (student, source_sha256) not in self._kept:
                self._possible_today[student].discard(source_sha256)

    def several_at_once(self, student: int) -> None:
        """Any upload so far may be the current photo: it is unknown which came last, or one was restored."""
        with self._lock:
            self._possible_today[student] = {source for pk, source in self._kept if pk == student}

    def deleted(self, students: Iterable[int], view: View) -> None:
        """These students were deleted; every version that `view` shows must still lie somewhere."""
        gone = set(students)
        with self._lock:
            self._gone |= gone
            self._still_somewhere |= {row.sha256 for row in view.versions if row.student_id in gone}
            self._kept = {(pk, source) for pk, source in self._kept if pk not in gone}
            for pk in gone:
                self._possible_today.pop(pk, None)

    def lost(self, view: View) -> list[str]:
        with self._lock:
            return [*self._lost_versions(view), *self._wrong_today(view), *self._lost_bytes(view)]

    def _lost_versions(self, view: View) -> list[str]:
        there = {
            (row.student_id, row.source_sha256)
            for row in view.versions
            if view.sha256("default", row.file) == row.sha256
        }
        return [f"student {pk}: upload {source[:12]} is lost" for pk, source in sorted(self._kept - there)]

    def _wrong_today(self, view: View) -> list[str]:
        today = {row.student_id: row.source_sha256 for row in view.versions if row.replaced_at is None}
        return [
            f"student {pk}: today's photo {today.get(pk, '')[:12]!r} was never the last one"
            for pk, possible in self._possible_today.items()
            if today.get(pk, "") not in possible
        ]

    def _lost_bytes(self, view: View) -> list[str]:
        there = {sha256(data) for data in view.files().values()}
        undead = {student.id for student in view.students} & self._gone
        return [f"deleted version {sha[:12]} is nowhere" for sha in sorted(self._still_somewhere - there)] + [
            f"student {pk} is back" for pk in sorted(undead)
        ]


def answer_name(status: int, code: str) -> str:
    if status == 0:
        return "cut off"
    with suppress(KeyError):
        return {"exports_pending": "503 (saved)"}[code]
    return str(status)
