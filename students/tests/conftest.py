"""What the tests of several commands ask for."""

from students.tests.drill_school import backup, school  # noqa: F401 - the school of the drills
