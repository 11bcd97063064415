"""Commands as a person types them: what they say, and the backup that most tests begin with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management import call_command

from photostore.audit import Actor

OPERATOR = Actor(id="", name="operator", channel="command")


def run(*arguments: Any) -> tuple[int, str, str]:
    """A command's exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def backed_up(folder: Path) -> Path:
    code, _out, err = run("create_seed_backup", "--output", folder)
    assert code == 0, err
    return max(folder.glob("seed_backup_*.json"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
