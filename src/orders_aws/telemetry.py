"""The function's telemetry: one JSON log line a request, and metrics in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from orders_core.money import MINOR_DIGITS
from orders_core.telemetry import CacheResult, Observation, Placed

SERVICE: Final = "orders-api"
NAMESPACE: Final = "OrdersApi"


class LambdaTelemetry:
    """Structured logs and embedded metrics on standard output, where Lambda collects both."""

    def __init__(self, environment: str, log_level: str) -> None:
        self._environment = environment
        self._logger = Logger(service=SERVICE, level=log_level, location="")
        self._lookup: tuple[CacheResult, float] | None = None

    def record(self, observation: Observation) -> None:
        self._logger.info(
            "request",
            operation=observation.operation,
            status=observation.status,
            request_id=observation.request_id,
            correlation_id=observation.correlation_id,
            sub=observation.caller,
            duration_ms=round(observation.duration_seconds * 1000, 3),
            store_ms=round(observation.store_seconds * 1000, 3),
            problem=observation.problem,
            cache=self._lookup[0] if self._lookup else None,
        )
        self._emit(observation)
        self._lookup = None

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        # A function instance answers one request at a time.
        self._lookup = result, seconds

    def crashed(self, request_id: str) -> None:
        self._logger.exception("unexpected error", request_id=request_id)

    def _emit(self, observation: Observation) -> None:
        metrics = self._metrics(observation.operation)
        metrics.add_metric("StoreLatency", MetricUnit.Milliseconds, observation.store_seconds * 1000)
        if self._lookup:
            result, seconds = self._lookup
            # Their averages are the hit rate and the share of reads without a cache.
            metrics.add_metric("CacheHit", MetricUnit.Count, result == "hit")
            metrics.add_metric("CacheBypass", MetricUnit.Count, result == "bypass")
            metrics.add_metric("CacheLatency", MetricUnit.Milliseconds, seconds * 1000)
        if observation.placed:
            metrics.add_metric("OrdersCreated", MetricUnit.Count, 1)
            self._emit_value(observation.operation, observation.placed)
        metrics.flush_metrics()
        if observation.problem:
            faults = self._metrics(observation.operation, kind=observation.problem)
            faults.add_metric("Faults", MetricUnit.Count, 1)
            faults.flush_metrics()

    def _emit_value(self, operation: str, placed: Placed) -> None:
        """Values of different currencies must not be summed, so each is a metric of its own."""
        values = self._metrics(operation, currency=placed.currency)
        major = placed.total_amount / 10 ** MINOR_DIGITS[placed.currency]
        values.add_metric("OrderValue", MetricUnit.NoUnit, major)
        values.flush_metrics()

    def _metrics(self, operation: str, **more: str) -> EphemeralMetrics:
        metrics = EphemeralMetrics(namespace=NAMESPACE)
        for name, value in {"environment": self._environment, "operation": operation, **more}.items():
            metrics.add_dimension(name, value)
        return metrics
