"""The databases of the tests and checks, on a machine where nothing was set up yet."""

import os
import subprocess
import sys

from testing.service import HOME

MAKE_A_TEMPLATE = """
from testing.database import _execute, _make_template, shared_cluster
server = shared_cluster()
_make_template(server, {name!r})
_execute(server, "DROP DATABASE {{}}", {name!r})
"""


def test_the_template_is_made_with_nothing_set_in_the_environment() -> None:
    """`make check` comes here first on a new machine: no secret key, no hosts, no `.env`."""
    bare = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    script = MAKE_A_TEMPLATE.format(name=f"photokeep_test_bare_{os.getpid()}")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=HOME, env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
