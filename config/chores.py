"""What one of the web workers does beside its requests."""

from __future__ import annotations

from time import sleep

from photostore.settling import settle_after_a_crash
from students.adopting.by_itself import Adopter

SECONDS_BETWEEN = 45  # with the round itself: within a minute


def chores() -> None:
    """Finish what a crash interrupted; then adopt what rows of another system name, as they come."""
    settle_after_a_crash()
    adopter = Adopter()
    while True:
        adopter.adopt_some()
        sleep(SECONDS_BETWEEN)
