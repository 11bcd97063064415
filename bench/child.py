"""A function in a process and a Django of its own: settings cannot be changed once they are read."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from typing import Any

from bench.surroundings import HOME, Environment


def in_child(work: str, environment: Environment, **arguments: Any) -> Any:
    """What `work` ("package.module:function") returns for `arguments`; both travel as JSON."""
    command = [sys.executable, "-m", "bench.child", work, json.dumps(arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=HOME)
    return json.loads(done.stdout)


def _run(work: str, arguments: str) -> str:
    import django

    django.setup()
    module, name = work.split(":")
    return json.dumps(getattr(importlib.import_module(module), name)(**json.loads(arguments)))


if __name__ == "__main__":
    print(_run(*sys.argv[1:]))
