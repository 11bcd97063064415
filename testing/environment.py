"""A pytest plugin that decides, before Django's settings are read, what they will find.

Nothing of the developer's machine may leak in, and nothing of the tests may get out. With several workers
(`-n 2`) there is one PostgreSQL server, and in it a database for each worker; folders and secrets are each
worker's own.
"""

import atexit
import os
import sys
from contextlib import ExitStack

import pytest

from testing.database import open_folder, shared_cluster
from testing.s3_server import MEMORY, has_room
from testing.service import HOME, settings_in

MEASURE = "COVERAGE_PROCESS_START"
OF_THE_DEVELOPER = (
    "AWS_",
    "CLAMAV_",
    "R2_",
    "SAFE_",
    "PHOTO",
    "MEDIA_",
    "SENDFILE_",
    "DJANGO_SUPERUSER_",
    "PROMETHEUS_",
)
ALSO_OF_THE_DEVELOPER = {
    *("ALLOWED_HOSTS", "CONN_MAX_AGE", "DEBUG", "LOG_LEVEL", "METRICS_TOKEN", "PORT", "PUBLIC_BASE_URL"),
    *(
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "TIME_ZONE",
        "TOKEN_TTL_HOURS",
        "TRUSTED_PROXIES",
        "WEB_CONCURRENCY",
    ),
}


def forget_the_developer() -> None:
    for name in list(os.environ):
        if name.startswith(OF_THE_DEVELOPER) or name in ALSO_OF_THE_DEVELOPER:
            del os.environ[name]
    # boto3 would look into the home folder and ask the cloud's metadata service.
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def provide(stack: ExitStack) -> None:
    folder = stack.enter_context(open_folder())
    if has_room(MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)  # where pytest makes the tests' folders
    # Names the server; each process has a database of its own there (django_db_setup). A worker is told by
    # the process that started it.
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")
    os.environ |= settings_in(folder, given or shared_cluster())
    os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1,testserver"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Workers are measured from their first moment when this process is. What the tests start is not."""
    if "coverage" in sys.modules and sys.modules["coverage"].Coverage.current():
        os.environ[MEASURE] = str(HOME / "pyproject.toml")


# At the import, because pytest-django reads the settings before any hook of ours could run.
os.environ.pop(MEASURE, None)
forget_the_developer()
_stack = ExitStack()
atexit.register(_stack.close)
provide(_stack)
