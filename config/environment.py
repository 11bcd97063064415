"""Deployment values from the environment; a wrong one stops the start with a sentence that mends it."""

from __future__ import annotations

import os
import re
import zoneinfo
from pathlib import Path
from typing import NoReturn

from environs import Env, EnvError

env = Env()


def stop(sentence: str) -> NoReturn:
    """End the process with one sentence, as a wrong setting should, instead of a traceback."""
    raise SystemExit(f"Photokeep cannot start: {sentence}")


def flag(name: str, default: bool = False) -> bool:
    try:
        return bool(env.bool(name, default))
    except EnvError:
        stop(f"{name}={os.environ[name]!r} is neither yes nor no. Set it to 1 or 0.")


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number that is at least `minimum`."""
    raw = os.environ.get(name, "").strip() or str(default)
    if not raw.isascii() or not raw.isdigit() or int(raw) < minimum:
        stop(f"{name}={raw!r} must be a whole number of at least {minimum}.")
    return int(raw)


def mode(name: str, default: str, *, owner: int) -> int:
    """Permissions in octal, which the service's own user has (`owner`), and not everybody to write."""
    raw = os.environ.get(name, "").strip() or default
    found = int(raw, 8) if re.fullmatch(r"(0o)?[0-7]{3,4}", raw) else 0
    if found & owner != owner or found & 0o002:
        stop(
            f"{name}={raw!r} must be permissions in octal that let the service itself in, such as {default}."
        )
    return found


def time_zone(name: str, default: str) -> str:
    """The name of a time zone, such as Europe/Paris."""
    raw = os.environ.get(name, "").strip() or default
    if raw not in zoneinfo.available_timezones():
        stop(f"{name}={raw!r} is no time zone. Name one as the tz database does, such as Europe/Paris.")
    return raw


def words(name: str) -> list[str]:
    """A comma-separated list without empty words."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    """A folder, absolute; it need not exist yet."""
    return Path(os.environ.get(name, "").strip() or default).expanduser().absolute()
