"""Prometheus metrics of the host and of the application (https://prometheus.io/docs/practices/naming/)."""

import logging
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from orders_core.money import MINOR_DIGITS
from orders_core.telemetry import CacheResult, Observation
from orders_host.sparing import SparingLog

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_log = logging.getLogger(__name__)
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5)


class PrometheusTelemetry:
    """`Telemetry` of the application, in this host's registry; beside it, what the gateway counts."""

    def __init__(self) -> None:
        self._unanswered = SparingLog(_log)
        self._registry = CollectorRegistry()
        registry = self._registry
        self._created = Counter("orders_created", "Orders placed.", ["currency"], registry=registry)
        self._value = Counter(
            "order_value", "Value of the orders placed, in major units.", ["currency"], registry=registry
        )
        self._faults = Counter(
            "orders_faults", "Requests that ended in a problem.", ["operation", "kind"], registry=registry
        )
        self._store = Histogram(
            "orders_store_seconds",
            "Time a request waited for the store.",
            ["operation"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._cache = Histogram(
            "orders_cache_seconds",
            "Time the cache took of a read by id; the counts give the hit rate.",
            ["result"],
            registry=registry,
            buckets=_SECONDS,
        )
        self._relay_faults = Counter(
            "orders_relay_faults", "Failures that kept the relay from delivering.", registry=registry
        )
        self._mails = Counter(
            "orders_mails", "Attempts to send a letter, by what became of it.", ["outcome"], registry=registry
        )
        self._requests = Histogram(
            "http_request_seconds",
            "Time from a request's arrival to its answer.",
            ["method", "resource", "status"],
            registry=registry,
            buckets=_SECONDS,
        )

    def record(self, observation: Observation) -> None:
        """Count a finished request, and log why the store could not answer it."""
        if observation.cause:
            self._unanswered.warning(
                "the store can't answer request %s: %s", observation.request_id, observation.cause
            )
        self._store.labels(observation.operation).observe(observation.store_seconds)
        if observation.problem:
            self._faults.labels(observation.operation, observation.problem).inc()
        for placed in observation.placed:
            self._created.labels(placed.currency).inc()
            major = placed.total_amount / 10 ** MINOR_DIGITS[placed.currency]
            self._value.labels(placed.currency).inc(major)

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        """Count how a read fared in the cache."""
        self._cache.labels(result).observe(seconds)

    def crashed(self, request_id: str) -> None:
        """Log the exception that is being handled."""
        _log.exception("unexpected error in request %s", request_id)

    def relay_failed(self) -> None:
        """Count a failure that kept the relay from delivering."""
        self._relay_faults.inc()

    def mailed(self, outcome: str) -> None:
        """Count an attempt to send a letter."""
        self._mails.labels(outcome).inc()

    def answered(self, method: str, resource: str, status: int, seconds: float) -> None:
        """Count one HTTP request; `resource` is the path template, so that labels stay few."""
        self._requests.labels(method, resource, str(status)).observe(seconds)

    def text(self) -> bytes:
        """The exposition, as a scrape reads it."""
        return generate_latest(self._registry)
