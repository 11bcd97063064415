"""`make check`: every rule that a machine can hold, each run even when an earlier one failed."""

import subprocess
import sys
import time
from pathlib import Path

from testing.database import migrated_database, open_folder, shared_cluster, url_of
from testing.service import of_the_machine, settings_in

CHECKS = (
    "ruff check",
    "ruff format --check",
    "mypy",
    "lint-imports",
    "python -m testing.words",
    "python -W error manage.py makemigrations --check --dry-run",
    "python -W error manage.py check --deploy --fail-level WARNING",
)
PROGRAMS = Path(sys.executable).parent


def main() -> int:
    with open_folder() as folder, migrated_database(shared_cluster()) as name:
        # A deployment's settings, so that the checks see what an operator would see.
        environment = of_the_machine() | settings_in(folder, url_of(shared_cluster(), name))
        host = "photos.example.org"
        environment |= {"PUBLIC_BASE_URL": f"https://{host}", "ALLOWED_HOSTS": host}
        failed = [check for check in CHECKS if not passes(check, environment)]
    say(f"Failed: {', '.join(failed)}" if failed else "Every check passed.")
    return 1 if failed else 0


def passes(check: str, environment: dict[str, str]) -> bool:
    say(f"--- {check}")
    started = time.monotonic()
    program, *arguments = check.split()
    done = subprocess.run([PROGRAMS / program, *arguments], check=False, env=environment)
    say(f"    {'FAILED' if done.returncode else 'passed'} in {time.monotonic() - started:.1f} s")
    return done.returncode == 0


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (a program for a terminal)


if __name__ == "__main__":
    sys.exit(main())
