"""A PostgreSQL for one run of tests or checks, gone without a trace afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded_postgres import discard, ensure


@contextmanager
def throwaway_database() -> Iterator[str]:
    """The DATABASE_URL of a server that trades safety for speed."""
    with open_folder() as folder:
        url = ensure(folder, throwaway=True)
        try:
            yield url
        finally:
            discard(folder)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that others can enter: as root, another user runs PostgreSQL in it."""
    folder = Path(tempfile.mkdtemp(prefix="photokeep-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
