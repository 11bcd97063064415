"""`make run`: the whole service on this machine, from nothing, until Ctrl-C.

This process loads no Django. It keeps the database, becomes gunicorn's master, and when it ends,
however it ends, its workers and the database end too.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.errors import HaltServer

from config.database import database_url, given_url
from config.environment import folder, stop

HOME = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
# People look at the address at once; nobody waits for the first jobs of a minute.
SECONDS_FOR_THE_WEB_WORKERS = 1.0
# Between the starts of a worker that dies again and again.
LONGEST_PAUSE_SECONDS = 30.0
UP = """\
Photokeep is up: {address}/
  {address}/admin/     people, students, photos
  {address}/api/docs/  the REST interface
Ctrl-C stops it."""


def main() -> None:
    os.umask(0o077)  # what is meant for others (photos for a web server, by a setting) says so itself
    end_like_ctrl_c(signal.SIGTERM, signal.SIGHUP)
    port = free_port()
    state_dir = folder("PHOTOKEEP_STATE_DIR", HOME / "var")
    try:
        prepare(state_dir)
        collect_metrics_in(state_dir / "metrics" / str(port))
    except KeyboardInterrupt:
        sys.exit("Stopped before the service was up.")
    try:
        Server(port).run()
    except HaltServer:
        stop("the workers do not come up; the reason stands above.")


def prepare(state_dir: Path) -> None:
    if not given_url():
        say(f"Starting a PostgreSQL of our own, with its data in {state_dir}.")
        os.environ["PHOTOKEEP_EMBEDDED"] = "1"
    os.environ["DATABASE_URL"] = database_url(state_dir)
    say("Bringing the database up to date.")
    done = subprocess.run([sys.executable, "-m", "config.first_start"], check=False, cwd=HOME)
    if done.returncode:
        stop("the database could not be brought up to date; the reason stands above.")


def free_port() -> int:
    wanted = os.environ.get("PORT") or "8000"
    if not (wanted.isascii() and wanted.isdigit() and 0 < int(wanted) < 65536):
        stop(f"PORT={wanted!r} is no port. Choose a number from 1024 to 65535: PORT=8001 make run")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(wanted)))
        except PermissionError:
            stop(f"Port {wanted} is reserved for root. Choose another: PORT=8001 make run")
        except OSError:
            stop(f"Port {wanted} is in use. Choose another: PORT=8001 make run")
    return int(wanted)


def collect_metrics_in(metrics: Path) -> None:
    """The workers add up their figures in files; those of an earlier run would be counted again."""
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True, mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)


def end_like_ctrl_c(*signals: signal.Signals) -> None:
    for number in signals:
        # `nohup make run` says on purpose that the terminal may close.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


class Server(WSGIApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's master, in this process."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.background = Background()
        self.hang_up_ends_it = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        super().__init__()

    def load_config(self) -> None:
        self.app_uri = "config.wsgi:application"
        self.load_config_from_file(str(HOME / "config" / "gunicorn.conf.py"))
        self.cfg.set("bind", f"{HOST}:{self.port}")
        self.cfg.set("when_ready", self.when_ready)
        self.start_worker_clean = self.cfg.post_worker_init
        self.cfg.set("post_worker_init", self.post_worker_init)
        self.cfg.set("on_exit", self.on_exit)

    def when_ready(self, arbiter: Any) -> None:
        # gunicorn would reload at a hang-up, and live on without a terminal.
        ends = self.hang_up_ends_it
        handler = (lambda *_: arbiter.signal(signal.SIGTERM, None)) if ends else signal.SIG_IGN
        signal.signal(signal.SIGHUP, handler)
        self.background.start()

    def on_exit(self, arbiter: Any) -> None:  # noqa: ARG002 (gunicorn counts them)
        say("Stopping.")
        self.background.stop()

    def post_worker_init(self, worker: Any) -> None:
        self.start_worker_clean(worker)
        if worker.age == 1:  # the first one; only now is it true
            say(UP.format(address=f"http://{HOST}:{self.port}"))


class Background(Thread):
    """Keeps one `manage.py worker` running beside the web workers, and starts another when it dies."""

    def __init__(self) -> None:
        super().__init__(name="background", daemon=True)
        self.stopping = Event()
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        pause = SECONDS_FOR_THE_WEB_WORKERS
        while not self.stopping.wait(pause):
            started = time.monotonic()
            command = [sys.executable, str(HOME / "manage.py"), "worker", "--with-parent"]
            # Its own group: Ctrl-C reaches it through us, so that it can end what it began.
            self.process = subprocess.Popen(command, cwd=HOME, process_group=0)
            self.process.wait()
            lived = time.monotonic() - started > LONGEST_PAUSE_SECONDS
            pause = 1.0 if lived else min(2 * pause, LONGEST_PAUSE_SECONDS)

    def stop(self) -> None:
        self.stopping.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)


def say(sentence: str) -> None:
    with suppress(OSError):  # the terminal may be gone; what must end still ends
        print(sentence, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
