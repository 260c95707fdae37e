"""What Prometheus reads at /metrics. One registry per server, so that two in one process do not mix."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ...tools.runs import Event

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._runs = Gauge("tenfold_runs", "Runs by status.", ["status"], registry=self.registry)
        self._observers = Gauge("tenfold_observers", "Open event streams.", registry=self.registry)
        self._feeds = Gauge("tenfold_feeds", "Runs that are watched.", registry=self.registry)
        self._events = Counter("tenfold_events", "Events sent to feeds, each once.", registry=self.registry)
        self._tokens = Gauge(
            "tenfold_tokens",
            "Tokens of all finished model calls.",
            ["model", "direction"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "tenfold_request_seconds", "Time to the head of the answer.", ["method", "route", "status"],
            registry=self.registry, buckets=_SECONDS,
        )  # fmt: skip

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the pattern, not the path, so that there are few."""
        known = method if method in ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS") else "other"
        self._latency.labels(known, route, str(status)).observe(seconds)

    def event(self, event: Event) -> None:
        """Count an event."""
        self._events.inc()

    def exposition(
        self, runs: Mapping[str, int], tokens: Mapping[str, tuple[int, int]], *, observers: int, feeds: int
    ) -> bytes:
        """The text that Prometheus reads; runs and tokens are the whole database's, the rest this process's."""
        for model, (came, went) in tokens.items():
            self._tokens.labels(model, "input").set(came)
            self._tokens.labels(model, "output").set(went)
        self._runs.clear()
        for status, count in runs.items():
            self._runs.labels(status).set(count)
        self._observers.set(observers)
        self._feeds.set(feeds)
        return generate_latest(self.registry)
