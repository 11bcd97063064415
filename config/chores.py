"""What one of the web workers does beside its requests."""

from __future__ import annotations

import logging
from time import sleep

from django.db import DatabaseError, connection

from photostore.audit import forget_old_entries
from photostore.register.after_commit import finish_after_a_crash
from students.recovery.legacy.by_itself import WORKER, Adopter
from students.renumbering import retag_some

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 45  # with the round itself: within a minute


def chores() -> None:
    """Finish what a crash interrupted; then, round by round, adopt what rows of another system name, and let
    photos follow numbers that were changed by SQL."""
    finish_after_a_crash()
    adopter = Adopter()
    while True:
        adopter.adopt_some()
        retag_by_itself()
        forget_by_itself()
        sleep(SECONDS_BETWEEN)


def forget_by_itself() -> None:
    """Some audit rows whose time is over."""
    try:
        forget_old_entries()
    except DatabaseError:
        logger.exception("Old audit rows could not be deleted.")
    finally:
        connection.close()


def retag_by_itself() -> None:
    """One round; what fails is logged, and tried in the next one."""
    try:
        retag_some(WORKER)
    except DatabaseError:
        logger.exception("Photos could not follow their students' numbers.")
    finally:
        connection.close()
