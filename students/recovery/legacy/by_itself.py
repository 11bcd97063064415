"""The worker's own adoption: what a legacy row names becomes a version within a minute, unasked.

Without a listing, so only under the very name that the row gives. Other spellings, attendance photos and
what a person has to decide are for `adopt_media`, which says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import monotonic

from django.db import DatabaseError, connection

from photostore.audit import Actor
from photostore.commands import one_at_a_time
from photostore.errors import PhotostoreError
from photostore.locks import try_lock, unlock
from photostore.models import BY_ITSELF
from photostore.operations import OperationRunner, run_operation
from photostore.operations.runner import interrupted
from students.models import Student
from students.recovery.legacy.photos import adopt_alone, unknown_photos
from students.recovery.make_roots import make_roots

logger = logging.getLogger(__name__)

WORKER = Actor(id="", name="worker", channel="command")
LOCK = "students.adopting"
# A command that is started meanwhile is refused, so a round is short.
ROWS_PER_ROUND = 100
TRY_AGAIN_AFTER_SECONDS = 3_600


class Adopter:
    """Remembers what it had to leave, so that no round reads the same damaged file again."""

    def __init__(self) -> None:
        self._left: dict[int, tuple[str, float]] = {}

    def adopt_some(self) -> int:
        """One round, by one worker; the number adopted. What fails is logged, and tried in the next one."""
        try:
            if not try_lock(LOCK):
                return 0
            try:
                return self._adopt()
            finally:
                unlock(LOCK)
        except (PhotostoreError, DatabaseError):
            logger.exception("Photos of another system could not be adopted; adopt_media says more.")
            return 0
        finally:
            connection.close()

    def _adopt(self) -> int:
        students, adopted = list(self._some()), 0
        if not students:
            return 0
        with one_at_a_time(BY_ITSELF):
            if any(killed.command != BY_ITSELF for killed in interrupted()):
                return 0  # run again, that command goes on where it stopped
            make_roots()
            with run_operation(BY_ITSELF, WORKER) as runner:
                for student in students:
                    adopted += self._adopt_one(student, runner)
        return adopted

    def _adopt_one(self, student: Student, runner: OperationRunner) -> bool:
        if adopt_alone(student, runner):
            return True
        self._left[student.pk] = (str(student.profile_photo), monotonic())
        return False

    def _some(self) -> Iterator[Student]:
        """Legacy rows that were not left lately."""
        found = 0
        for student in unknown_photos().exclude(profile_photo="").order_by("pk").iterator(chunk_size=500):
            key, at = self._left.get(student.pk, ("", 0.0))
            if key != str(student.profile_photo) or monotonic() - at > TRY_AGAIN_AFTER_SECONDS:
                yield student
                found += 1
            if found == ROWS_PER_ROUND:
                return
