"""Which database: the one that DATABASE_URL names, else a PostgreSQL of our own."""

import os
from pathlib import Path


def database_url(state_dir: Path) -> str:
    if url := os.environ.get("DATABASE_URL"):
        return url
    # Imported only here: with a server of the operator's there is nothing to look for or to start.
    from config.embedded_postgres import EmbeddedPostgresError, ensure
    from config.environment import stop

    try:
        return ensure(state_dir)
    except EmbeddedPostgresError as error:
        stop(str(error))
