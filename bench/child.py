"""A function in a process of its own: settings cannot be changed once they are read, nor a peak of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from testing.service import HOME


def in_child(work: str, environment: Mapping[str, str], **arguments: Any) -> Any:
    """What `work` ("package.module:function") returns for `arguments`; both travel as JSON.

    Django is there if the environment names settings.
    """
    command = [sys.executable, "-m", "bench.child", work, json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=HOME)
    return json.loads(done.stdout)


if __name__ == "__main__":
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import django

        django.setup()
    print(json.dumps(resolve_name(sys.argv[1])(**json.loads(sys.argv[2]))))
