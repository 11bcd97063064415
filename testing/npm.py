"""What browser tests take from npm: locked, for tests only, into a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CURE = "Install Node.js: apt-get install npm"


def installed(locked: Path, folder: Path) -> Path:
    """`folder/node_modules`, as the package-lock.json in `locked` says; no script of any package is run."""
    npm = shutil.which("npm")
    if npm is None and os.environ.get("CI") != "true":
        pytest.skip(f"There is no npm to install {locked.name} with. {CURE}")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(locked / name, folder)
    assert npm is not None, CURE
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
    return folder / "node_modules"
