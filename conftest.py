"""What every test of the house can ask for."""

pytest_plugins = [
    "testing.exhaustive",
    "testing.fixtures",
    "testing.flushing",
    "testing.contract",
    "testing.people",
    "testing.left_out",
    "testing.browser",
    "testing.clamd",
    "students.tests.drill_table",
]
