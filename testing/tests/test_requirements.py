"""What the service imports is what `make run` installs; an environment for tests has more, and hides it."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from testing.service import HOME

PACKAGES = ("config", "photostore", "students", "media_uploads", "profile_pictures")
OURS = {*PACKAGES, "testing", "bench"}


def imported(path: Path) -> Iterator[str]:
    """The top-level modules that a file imports, also within its functions, but for what only mypy reads."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_the_service_imports_nothing_that_only_tests_install() -> None:
    lines = (HOME / "requirements.txt").read_text().lower()
    installed = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", lines, re.MULTILINE))
    files = [path for name in PACKAGES for path in (HOME / name).rglob("*.py") if "tests" not in path.parts]
    modules = {module for path in files for module in imported(path)} - OURS - sys.stdlib_module_names
    assert len(modules) > 20
    known = packages_distributions()
    missing = {
        module
        for module in modules
        if not {re.sub(r"[._]", "-", one.lower()) for one in known.get(module, [])}
        & {re.sub(r"[._]", "-", one) for one in installed}
    }
    assert missing == set()
