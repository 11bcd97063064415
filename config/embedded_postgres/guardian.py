"""Waits until no process uses the cluster any more, then stops the server.

A user who ends normally stops it at the exit. This small process is for those who were killed:
without it, their server would stay.
"""

import os
import sys
from pathlib import Path

from .cluster import Cluster
from .usage import Usage


def main(state_dir: Path) -> None:
    if os.fork():
        return  # so that the one who called us has no child to wait for
    os.setsid()
    os.chdir("/")
    cluster = Cluster.of(state_dir)
    usage = Usage(cluster.data.parent)
    while True:
        usage.wait_until_unused()
        with usage.turn():
            if usage.is_last():
                cluster.stop()
                return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
