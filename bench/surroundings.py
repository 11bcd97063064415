"""Where a bench's service lives: folders and a database of its own, and no setting of the developer's."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sizes import SMALLEST
from config.embedded_postgres import discard, ensure
from testing.service import Service, service_environment

HOME = Path(__file__).resolve().parent.parent
DOCUMENTED = {"DJANGO_SETTINGS_MODULE": "bench.documented.settings"}
WORKERS = 2

Environment = dict[str, str]


@contextmanager
def surroundings(*, throwaway: bool, **settings: str) -> Iterator[Environment]:
    """The environment for a service of its own. A database that is not `throwaway` syncs to the disk."""
    with _folder() as folder:
        url = ensure(folder, throwaway=throwaway)
        try:
            yield service_environment(
                {
                    "DATABASE_URL": url,
                    "SECRET_KEY": secrets.token_urlsafe(50),
                    "PHOTO_IDENTITY_KEYS": secrets.token_urlsafe(50),
                    "ALLOWED_HOSTS": "127.0.0.1,testserver",
                    "PHOTOKEEP_STATE_DIR": str(folder),
                    "MEDIA_ROOT": str(folder / "media"),
                    "PHOTO_BACKUP_DIR": str(folder / "backups"),
                    SMALLEST: os.environ.get(SMALLEST, ""),
                    **settings,
                }
            )
        finally:
            discard(folder)


@contextmanager
def serving(environment: Environment) -> Iterator[Service]:
    """The service of `environment`; it is stopped with the body."""
    folder = Path(environment["PHOTOKEEP_STATE_DIR"]) / f"service-{secrets.token_hex(4)}"
    service = Service(environment, folder, workers=WORKERS)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def both_serving(environment: Environment) -> Iterator[tuple[Service, Service]]:
    """Ours and the documented one."""
    with serving(environment) as ours, serving(environment | DOCUMENTED) as theirs:
        yield ours, theirs


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
