"""Test files stand alone: what several need has a module of its own."""

import re

from testing.service import HOME

BORROWED = re.compile(r"^\s*(?:from|import) \w+(?:\.\w+)*\.test_\w+", re.MULTILINE)


def test_no_test_file_imports_from_another() -> None:
    files = [path for path in HOME.glob("*/**/tests/**/*.py") if ".venv" not in path.parts]
    assert len(files) > 100
    assert [str(path) for path in files if BORROWED.search(path.read_text())] == []
