"""gunicorn's settings, for `make run` and for `gunicorn -c config/gunicorn.conf.py config.wsgi`."""

import os
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Of these photostore.intake lets twelve work on files or wait for it; the rest answer everybody else.
threads = 16
keepalive = 5
# What is meant for others (photos for a web server, by a setting) says so itself.
umask = 0o077

# A worker's heartbeat does not wait for its requests, so this ends only workers that hang as a whole.
timeout = 120
graceful_timeout = 30

# Our own middleware logs every request, as JSON and with its id.
accesslog = None
errorlog = "-"
loglevel = "warning"

# No server in front of this one has to say where the application begins.
forwarder_headers = ""

# The socket for gunicornc would lie in the home folder; the service writes nothing there.
control_socket_disable = True


def on_starting(server: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Stop with a sentence where locks would not hold."""
    from config.database import stop_without_sessions

    stop_without_sessions()


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Finish what a crash interrupted, beside the requests."""
    from threading import Thread

    from photostore.register.after_commit import finish_after_a_crash

    Thread(target=finish_after_a_crash, name="finish", daemon=True).start()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """A dead worker's gauges must not be counted on."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
