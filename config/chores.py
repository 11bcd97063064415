"""What one of the web workers does beside its requests."""

from __future__ import annotations

import logging
from time import sleep

from django.db import DatabaseError, connection

from photostore.register.settling import settle_after_a_crash
from students.recovery.legacy.by_itself import WORKER, Adopter
from students.renumbering import retag_some

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 45  # with the round itself: within a minute


def chores() -> None:
    """Finish what a crash interrupted; then, round by round, adopt what rows of another system name, and let
    photos follow numbers that were changed by SQL."""
    settle_after_a_crash()
    adopter = Adopter()
    while True:
        adopter.adopt_some()
        retag_by_itself()
        sleep(SECONDS_BETWEEN)


def retag_by_itself() -> None:
    """One round; what fails is logged, and tried in the next one."""
    try:
        retag_some(WORKER)
    except DatabaseError:
        logger.exception("Photos could not follow their students' numbers.")
    finally:
        connection.close()
