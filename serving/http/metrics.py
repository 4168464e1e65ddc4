"""What a server counts and measures, in the names that Databricks' endpoints export, as Prometheus reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Metrics"]

_BUCKETS = (0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)


class Metrics:
    """Counters and histograms of one server; latencies are in milliseconds, by endpoint."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        label, registry = ["endpoint"], self.registry
        self._requests = Counter("request_count", "Requests.", label, registry=registry)
        self._refused = Counter("request_4xx_count", "Requests answered with 4xx.", label, registry=registry)
        self._failed = Counter("request_5xx_count", "Requests answered with 5xx.", label, registry=registry)
        self._latency = Histogram(
            "request_latency_ms", "Time of a request.", label, buckets=_BUCKETS, registry=registry
        )
        self._model = Histogram(
            "model_prediction_latency_ms", "Time of the model alone.", label, buckets=_BUCKETS, registry=registry
        )
        self.running = Gauge("provisioned_concurrent_requests_total", "Requests at work.", registry=registry)
        self.swaps = Counter("model_swap_count", "New versions that took over.", label, registry=registry)
        self.bad_swaps = Counter(
            "model_swap_failed_count", "New versions that could not be loaded.", label, registry=registry
        )
        self.lookback = Gauge(
            "feature_lookback_ignored",
            "Rows older than their lookback window allows offline.",
            label,
            registry=registry,
        )
        self.unlogged = Gauge(
            "requests_not_logged", "Requests whose line could not be written.", label, registry=registry
        )
        self._children: dict[str, Callable[[int, float, float], None]] = {}

    def observe(self, endpoint: str, status: int, took_ms: float, model_ms: float) -> None:
        """Count a request; some 3 µs."""
        observe = self._children.get(endpoint)
        if observe is None:
            observe = self._children[endpoint] = self._bound(endpoint)
        observe(status, took_ms, model_ms)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)

    def _bound(self, endpoint: str) -> Callable[[int, float, float], None]:
        requests, refused, failed = (one.labels(endpoint) for one in (self._requests, self._refused, self._failed))
        latency, model = (one.labels(endpoint) for one in (self._latency, self._model))

        def observe(status: int, took_ms: float, model_ms: float) -> None:
            requests.inc()
            latency.observe(took_ms)
            if model_ms:
                model.observe(model_ms)
            if status >= 500:
                failed.inc()
            elif status >= 400:
                refused.inc()

        return observe
