"""Follows a page of docs/: runs the commands in its blocks and compares what they print with what it shows.

`REWRITE_DOCS=1` writes the outputs that it sees into the page instead.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCENARIO = re.compile(r"<!-- scenario: (.+?) -->\n```console\n(.*?)```\n", re.DOTALL)
PSQL = '$ psql "$DATABASE_URL" -c '
# What differs from run to run, and what the page shows in its place.
VARIABLE = [
    (re.compile(r"[0-9a-f]{64}"), "SHA256"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"seed_backup_\d{8}_\d{4}"), "seed_backup_YYYYmmdd_HHMM"),
    (re.compile(r"\d{4}-\d\d-\d\d( |T)\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z|\+00:00)?"), "YYYY-mm-dd HH:MM"),
    (re.compile(r"\S*/backups(?=/|\b)"), "backups"),
    # Without --checksum it depends on the clock: what was written after its row is read.
    (re.compile(r"\d+ were read in this run"), "N were read in this run"),
    (re.compile(r"\d+ % re-hashed"), "N % re-hashed"),
]


def scenarios(page: str) -> list[tuple[str, str]]:
    """The names of its blocks, and the blocks, in the page's order."""
    return SCENARIO.findall((DOCS / page).read_text())


def check(page: str, scenario: str) -> None:
    """The block says what its commands print; or it is rewritten so that it does."""
    path = DOCS / page
    (block,) = [block for name, block in scenarios(page) if name == scenario]
    seen = follow(block)
    if os.environ.get("REWRITE_DOCS"):
        head = f"<!-- scenario: {scenario} -->\n```console\n"
        path.write_text(path.read_text().replace(f"{head}{block}```", f"{head}{seen}```"))
        return
    assert seen == block


def follow(block: str) -> str:
    """The block again, with the commands in it run and their outputs behind them."""
    shown = []
    for line in commands(block):
        for start, how in BY_START.items():
            if line.startswith(start):
                shown += [line, *keys_in_order(shown_as(how(line)).rstrip().splitlines())]
    return "\n".join(shown) + "\n"


def commands(block: str) -> list[str]:
    """Each with the lines that it goes on in, after a backslash at the end or within its quotes."""
    found: list[str] = []
    for line in block.splitlines():
        if found and (found[-1].endswith("\\") or found[-1].count('"') % 2):
            found[-1] += "\n" + line
        elif line.startswith("$ "):
            found.append(line)
        elif found and found[-1] != "":
            found.append("")  # output: what follows belongs to no command
    return [one for one in found if one]


def manage(line: str) -> str:
    """What the command prints, to whichever of the two."""
    output = io.StringIO()
    if isinstance(sys.stdin, Typing):
        sys.stdin.terminal = output
    with contextlib.suppress(SystemExit):
        call_command(*shlex.split(line.removeprefix("$ manage.py ")), stdout=output, stderr=output)
    return output.getvalue()


class Typing(io.StringIO):
    """A person at a terminal: what they type is seen on it."""

    terminal: io.StringIO

    def readline(self, size: int | None = -1, /) -> str:
        line = super().readline(-1 if size is None else size)
        self.terminal.write(line)
        return line


def psql(line: str) -> str:
    """As `psql -c` does it, a line with what was done for each statement."""
    (text,) = shlex.split(line.removeprefix(PSQL))
    done = []
    with connection.cursor() as cursor:
        for statement in filter(str.strip, text.split(";")):
            cursor.execute(statement)
            done.append(str(cursor.cursor.statusmessage))
    return "\n".join(done)


def copy(line: str) -> str:
    """`cp -a`, as if media/ and backups/ stood here."""
    storage_roots = {"media/": f"{settings.MEDIA_ROOT}/", "backups/": f"{settings.PHOTO_BACKUP_DIR}/"}
    words = [storage_roots.get(word, word) for word in shlex.split(line.removeprefix("$ "))]
    here = Path(settings.MEDIA_ROOT).parent
    done = subprocess.run(words, cwd=here, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


BY_START: dict[str, Callable[[str], str]] = {"$ manage.py ": manage, PSQL: psql, "$ cp -a ": copy}


def shown_as(text: str) -> str:
    for pattern, shown in VARIABLE:
        text = pattern.sub(shown, text)
    return text


def run(*words: str) -> str:
    """What the command prints, as the page shows it."""
    return shown_as(manage(shlex.join(words)))


def keys_in_order(lines: list[str]) -> list[str]:
    """The files under a finding come in no order; on the page they have one."""
    ordered: list[str] = []
    for is_key, group in itertools.groupby(lines, key=lambda line: bool(re.match(r"  \S+/", line))):
        found = list(group)
        ordered += sorted(found) if is_key else found
    return ordered
