"""Where a bench's service lives: folders and a database of its own, and no setting of the developer's."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sizes import SMALLEST
from config.embedded_postgres import discard, ensure
from testing.database import open_folder
from testing.service import HOME, Service, service_environment, settings_in

DOCUMENTED = {"DJANGO_SETTINGS_MODULE": "bench.documented.settings"}
WORKERS = 2

Environment = dict[str, str]


@contextmanager
def surroundings(*, throwaway: bool, **settings: str) -> Iterator[Environment]:
    """The environment for a service of its own. A database that is not `throwaway` syncs to the disk."""
    # Under var/, because a folder for temporary files may lie in memory, where a sync costs nothing.
    (HOME / "var").mkdir(exist_ok=True)
    with open_folder(HOME / "var") as folder:
        given = settings_in(folder, ensure(folder, throwaway=throwaway)) | {
            "SAFE_MEDIA_ROOT": "",
            "PHOTO_IDENTITY_KEYS": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "PHOTOKEEP_STATE_DIR": str(folder),
            SMALLEST: os.environ.get(SMALLEST, ""),
        }
        try:
            yield service_environment(given | settings)
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
    with serving(environment) as ours, serving(environment | DOCUMENTED) as theirs:
        yield ours, theirs
