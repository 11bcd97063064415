"""Where a bench's service lives: folders and a database of its own, and no setting of the developer's."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded_postgres import discard, ensure

HOME = Path(__file__).resolve().parent.parent
# What a program needs to run at all. Everything else would be a setting of the developer's.
KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR")

Environment = dict[str, str]


@contextmanager
def surroundings(*, throwaway: bool) -> Iterator[Environment]:
    """The environment for a service of its own. A database that is not `throwaway` syncs to the disk."""
    with _folder() as folder:
        url = ensure(folder, throwaway=throwaway)
        try:
            yield {name: os.environ[name] for name in KEPT if name in os.environ} | {
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "PHOTOKEEP_STATE_DIR": str(folder),
                "MEDIA_ROOT": str(folder / "media"),
                "PHOTO_BACKUP_DIR": str(folder / "backups"),
            }
        finally:
            discard(folder)


@contextmanager
def _folder() -> Iterator[Path]:
    """Under var/, because a folder for temporary files may lie in memory, where a sync costs nothing."""
    (HOME / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=HOME / "var"))
    folder.chmod(0o755)  # as root, another user runs PostgreSQL in it
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
