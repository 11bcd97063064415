"""A real S3 server for tests: OpenStack Swift, four processes, its state in one folder.

`python -m testing.s3_server` runs one in the foreground and prints the settings that use it.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from testing.s3_configuration import ACCESS_KEY, REGION, SECRET_KEY, write_configuration

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROGRAMS = Path(sys.executable).parent
HOME = Path(__file__).resolve().parent.parent
START_SECONDS = 30
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30
PR_SET_PDEATHSIG = 1


class S3Server:
    """The server in `base`, which keeps its ports and its data over a stop and a start."""

    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    region = REGION

    def __init__(self, base: Path) -> None:
        self.base = base
        # The three that keep data in the order of s3_rings, then the one that speaks S3.
        self.ports = dict(zip(("object", "container", "account", "proxy"), _free_ports(4), strict=True))
        self._processes: list[subprocess.Popen[bytes]] = []
        write_configuration(base, self.ports)
        keepers = [str(port) for kind, port in self.ports.items() if kind != "proxy"]
        rings = [sys.executable, "-W", "ignore", "-m", "testing.s3_rings", str(base / "etc"), *keepers]
        subprocess.run(rings, check=True, cwd=HOME)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['proxy']}"

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def start(self) -> None:
        """Return when it answers."""
        log = (self.base / "server.log").open("ab")
        with log:
            for kind in self.ports:
                self._processes.append(self._launch(kind, log.fileno()))
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or any(process.poll() is not None for process in self._processes):
                self.stop()
                raise RuntimeError(f"The S3 server does not start:\n{self._last_words()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """At once; what was answered with success is on disk."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        self._processes.clear()

    def pause(self) -> None:
        """It accepts connections and answers nothing, like a server behind a broken network."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def client(self) -> "S3Client":
        """The server's own view, for assertions; the service makes its client itself."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )

    def environment(self, bucket: str) -> dict[str, str]:
        """The service's settings for that bucket."""
        return {
            "AWS_STORAGE_BUCKET_NAME": bucket,
            "AWS_S3_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_S3_REGION_NAME": self.region,
        }

    def _launch(self, kind: str, log: int) -> subprocess.Popen[bytes]:
        program, configuration = PROGRAMS / f"swift-{kind}-server", self.base / "etc" / f"{kind}-server.conf"
        return subprocess.Popen(
            [program, configuration],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": str(HOME)},
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 (nothing else can ask for it before the exec)
        )

    def _answers(self) -> bool:
        for port in self.ports.values():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                continue
            return False
        with (
            suppress(OSError),
            urllib.request.urlopen(f"{self.endpoint_url}/healthcheck", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.send_signal(number)

    def _last_words(self) -> str:
        return (self.base / "server.log").read_text(errors="replace")[-2000:]


@contextmanager
def running(base: Path) -> Iterator[S3Server]:
    """A server with its state in a new folder inside `base`, or elsewhere when `base` cannot hold it."""
    with TemporaryDirectory(prefix="s3-", dir=_with_attributes(base)) as folder:
        server = S3Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _with_attributes(base: Path) -> Path:
    """Swift keeps what it knows of an object in extended attributes, which not every file system has.

    In memory, where there is room, its many syncs cost nothing.
    """
    if has_room(MEMORY) and _keeps_attributes(MEMORY):
        return MEMORY
    for candidate in (base, HOME / "var"):
        candidate.mkdir(parents=True, exist_ok=True)
        if _keeps_attributes(candidate):
            return candidate
    raise RuntimeError(
        f"Neither {base} nor {HOME / 'var'} is on a file system with user attributes, which the S3 server "
        "for tests needs: point TMPDIR at one (ext4, xfs, tmpfs of Linux 6.6)."
    )


def has_room(folder: Path) -> bool:
    """Whether the files of a whole run fit."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ROOM_BYTES


def _keeps_attributes(folder: Path) -> bool:
    if sys.platform != "linux":
        return True
    probe = folder / f"probe-{os.getpid()}"
    probe.touch()
    try:
        os.setxattr(probe, "user.photokeep", b"1")
    except OSError:
        return False
    finally:
        probe.unlink()
    return True


def _free_ports(count: int) -> list[int]:
    """Held all at once, so that they differ."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _die_with_parent() -> Callable[[], object] | None:
    """On Linux the kernel ends the server when the tests are killed. Looked up before the fork: nothing
    may be loaded between fork and exec."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    bucket = "photokeep"
    with suppress(KeyboardInterrupt), running(HOME / "var") as server:
        server.client().create_bucket(Bucket=bucket)
        for name, value in server.environment(bucket).items():
            sys.stdout.write(f"export {name}={value}\n")
        sys.stdout.write("# The S3 server runs until Ctrl-C; then its data is gone.\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
