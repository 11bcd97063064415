"""Giving stray files to students: the acts, and what they are put together to.

An act writes down what it is about to do before it does it, so that a second run knows what the first one
left behind from what had been there before. The source stays where it is while its photo goes live;
setting it aside is an act of its own, after that.
"""

from photostore.operations import register


def register_acts() -> None:
    """Make the acts known; the app does so when it is ready."""
    from students.takeover.attendance import GiveAttendance
    from students.takeover.photos import GivePhoto
    from students.takeover.sources import SetAsideStray

    for kind in (GivePhoto(), GiveAttendance(), SetAsideStray()):
        register(kind)
