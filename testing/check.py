"""`make check`: every rule that a machine can hold, each run even when an earlier one failed."""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from testing.database import migrated_database, open_folder, shared_cluster, url_of

CHECKS = (
    "ruff check",
    "ruff format --check",
    "mypy",
    "lint-imports",
    "python -W error manage.py makemigrations --check --dry-run",
    "python -W error manage.py check --deploy --fail-level WARNING",
)
PROGRAMS = Path(sys.executable).parent


def main() -> int:
    with open_folder() as folder, migrated_database(shared_cluster()) as name:
        environment = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ} | {
            # A deployment's settings, so that the checks see what an operator would see.
            "DATABASE_URL": url_of(shared_cluster(), name),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "PUBLIC_BASE_URL": "https://photos.example.org",
            "ALLOWED_HOSTS": "photos.example.org",
            "MEDIA_ROOT": str(folder / "media"),
            "SAFE_MEDIA_ROOT": str(folder / "safe"),
            "PHOTO_BACKUP_DIR": str(folder / "backups"),
            "PHOTOKEEP_STATE_DIR": str(folder / "var"),
        }
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
