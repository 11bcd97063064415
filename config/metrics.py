"""Prometheus figures, over all workers, for staff or for a scraper that knows the token."""

from __future__ import annotations

import hmac
import os

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from photostore.job_runs import job_runs, living_workers
from photostore.models import PendingRemoval, StoredFile, Verification

KNOWN_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# Fields of `Verification`.
FOUND = (
    *("files", "present", "rehashed_lately", "missing", "damaged", "misplaced", "orphaned"),
    *(
        "inconsistent",
        "shared",
        "unadopted",
        "unreadable",
        "to_adopt",
        "symlinks",
        "unusable",
        "partials",
        "young",
        "stale",
    ),
)

requests = Counter("photokeep_http_requests", "Requests answered.", ["method", "route", "status"])
latency = Histogram(
    "photokeep_http_request_seconds",
    "Seconds from the request's head to the answer's head.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. Labels are bounded: the route's pattern, never the address."""
    method = method if method in KNOWN_METHODS else "other"
    requests.labels(method, route, str(status)).inc()
    latency.labels(method, route).observe(seconds)


class Backlog(Collector):
    """What a crash or an absent storage left to do, read from the database at each scrape."""

    def collect(self) -> list[GaugeMetricFamily]:
        """Two counts; both are near zero in a healthy service, so they are cheap."""
        removals = GaugeMetricFamily("photokeep_pending_removals", "Files given up and not yet removed.")
        removals.add_metric([], PendingRemoval.objects.count())
        exports = GaugeMetricFamily("photokeep_stale_exports", "Exports behind today's photo.")
        exports.add_metric([], StoredFile.objects.filter(written_at=None).count())
        return [removals, exports]


class Verified(Collector):
    """What the newest run of `verify_media` found; nothing before the first one."""

    def collect(self) -> list[GaugeMetricFamily]:
        """One gauge by finding, and when that was: an old moment is an alarm of its own."""
        newest = Verification.objects.first()
        if newest is None:
            return []
        files = GaugeMetricFamily(
            "photokeep_verified_files", "Files as the newest verify_media found them.", labels=["found"]
        )
        for found in FOUND:
            files.add_metric([found], getattr(newest, found))
        at = GaugeMetricFamily("photokeep_verified_at_seconds", "When verify_media last ended, since 1970.")
        at.add_metric([], newest.finished_at.timestamp())
        return [files, at]


class Background(Collector):
    """The jobs in the background: an old moment of success is an alarm of its own."""

    def collect(self) -> list[GaugeMetricFamily]:
        """One query for all jobs, one for the workers."""
        waiting = GaugeMetricFamily("photokeep_jobs_waiting", "Jobs that wait.", labels=["job"])
        ended = GaugeMetricFamily(
            "photokeep_job_ended_at_seconds", "When the last run ended, since 1970.", labels=["job", "status"]
        )
        took = GaugeMetricFamily(
            "photokeep_job_seconds", "How long the last run took.", labels=["job", "status"]
        )
        for run in job_runs():
            waiting.add_metric([run.job.name], run.waiting)
            if run.took is not None and run.ended_at is not None:
                ended.add_metric([run.job.name, run.status], run.ended_at.timestamp())
                took.add_metric([run.job.name, run.status], run.took.total_seconds())
        workers = GaugeMetricFamily("photokeep_workers", "Queues that a living worker serves.")
        workers.add_metric([], living_workers())
        return [waiting, ended, took, workers]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures in Prometheus' text format; 404 for everybody else."""
    if not (_knows_the_token(request) or (request.user.is_authenticated and request.user.is_staff)):
        raise Http404
    body = generate_latest(_all_workers()) + generate_latest(_backlog())
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


def _knows_the_token(request: HttpRequest) -> bool:
    offered = request.headers.get("Authorization", "").encode(errors="replace")
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(offered, expected)


def _all_workers() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _backlog() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Backlog())
    registry.register(Verified())
    registry.register(Background())
    return registry
