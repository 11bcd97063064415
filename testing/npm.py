"""What browser tests take from npm: locked, for tests only, into a folder of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def installed(locked: Path, folder: Path) -> Path:
    """`folder/node_modules`, as the package-lock.json in `locked` says; no script of any package is run."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(locked / name, folder)
    command = [program(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
    return folder / "node_modules"


def program() -> str:
    """The machine's own client, or the one that comes with the development requirements."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    assert npm is not None, "There is no npm. Install the development requirements: make venv-dev"
    return npm
