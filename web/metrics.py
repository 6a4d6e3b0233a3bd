"""What do the gauges say (Prometheus)?"""

from __future__ import annotations

import os
import time
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one app. Under several workers they are files that `/metrics` adds up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "ronghe_request_seconds",
            "From request to answer.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.stages = Histogram(
            "ronghe_stage_seconds",
            "Time in each stage of an answer.",
            ("stage",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.events = Counter("ronghe_events_total", "Events made durable.", registry=self.registry)
        self.empty = Counter(
            "ronghe_searches_without_hits_total", "Searches that found nothing.", registry=self.registry
        )
        self.generation = Gauge(
            "ronghe_generation",
            "The published generation that is served.",
            multiprocess_mode="max",
            registry=self.registry,
        )

    def install(self, app: Flask) -> None:
        @app.after_request
        def observe(answer: Response) -> Response:
            rule = request.url_rule.rule if request.url_rule else "none"
            took = time.perf_counter() - g.get("began", time.perf_counter())
            self.requests.labels(request.method, rule, str(answer.status_code)).observe(took)
            return answer

    def note(self, route: str, value: Any) -> None:
        """Read what an answer says of itself: its generation, its stages' milliseconds, its emptiness."""
        if route == "/v1/events":
            self.events.inc(value["accepted"])
        if not hasattr(value, "hits"):
            return
        self.generation.set(value.generation)
        self.stages.labels("engine").observe(value.took_ms / 1000)
        for stage, ms in getattr(value, "stages", {}).items():
            self.stages.labels(stage).observe(ms / 1000)
        if route == "/v1/search" and not value.hits:
            self.empty.inc()

    def text(self) -> bytes:
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own signature is untyped
        return generate_latest(registry)
