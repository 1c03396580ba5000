"""The function's telemetry: one JSON log line a request, and metrics in CloudWatch's embedded metric format.

Both are lines on standard output, which Lambda collects. Why no library writes them:
docs/decisions/hand-written.md.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from orders_core.money import MINOR_DIGITS
from orders_core.telemetry import CacheResult, Observation

SERVICE: Final = "orders-api"
NAMESPACE: Final = "OrdersApi"

LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
"""The levels of a log line by name, the least urgent first."""

Unit = Literal["Count", "Milliseconds", "None"]
Metrics = Mapping[str, tuple[float, Unit]]


class LambdaTelemetry:
    """Structured logs and embedded metrics on standard output, where Lambda collects both."""

    def __init__(self, environment: str, log_level: str) -> None:
        self._environment = environment
        self._level = LEVELS[log_level]
        self._lookup: tuple[CacheResult, float] | None = None

    def record(self, observation: Observation) -> None:
        """Write the request's log line and its metrics."""
        lines = [
            self._log(
                "INFO",
                "request",
                operation=observation.operation,
                status=observation.status,
                request_id=observation.request_id,
                correlation_id=observation.correlation_id,
                sub=observation.caller,
                duration_ms=round(observation.duration_seconds * 1000, 3),
                store_ms=round(observation.store_seconds * 1000, 3),
                problem=observation.problem,
                cause=observation.cause,
                cache=self._lookup[0] if self._lookup else None,
            ),
            *self._metrics(observation),
        ]
        self._lookup = None
        _write(lines)

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        """Remember how the read by id fared: a function instance answers one request at a time."""
        self._lookup = result, seconds

    def crashed(self, request_id: str) -> None:
        """Log the exception that is being handled, with its traceback."""
        # Only a failure needs the module, and a cold start should not pay for its import.
        import traceback

        error = sys.exception()
        name = type(error).__name__ if error else None
        trace = "".join(traceback.format_exception(error)) if error else None
        _write(
            [
                self._log(
                    "ERROR", "unexpected error", request_id=request_id, exception=trace, exception_name=name
                )
            ]
        )

    def _log(self, level: str, message: str, **fields: object) -> bytes:
        """Encode a log line; empty when its level is below the function's.

        Lambda takes a line's own level only if it has an RFC 3339 timestamp beside it:
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
        """
        if LEVELS[level] < self._level:
            return b""
        now = time.time()
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        line = {
            "level": level,
            "message": message,
            "timestamp": f"{moment}.{int(now * 1000) % 1000:03}Z",
            "service": SERVICE,
            **{name: value for name, value in fields.items() if value is not None},
        }
        if trace := _trace_id():
            line["xray_trace_id"] = trace
        return msgspec.json.encode(line)

    def _metrics(self, observation: Observation) -> list[bytes]:
        where = {"environment": self._environment, "operation": observation.operation}
        metrics: dict[str, tuple[float, Unit]] = {
            "StoreLatency": (observation.store_seconds * 1000, "Milliseconds")
        }
        if self._lookup:
            result, seconds = self._lookup
            # Their averages are the hit rate and the share of reads without a cache.
            metrics["CacheHit"] = (result == "hit", "Count")
            metrics["CacheBypass"] = (result == "bypass", "Count")
            metrics["CacheLatency"] = (seconds * 1000, "Milliseconds")
        lines = []
        if observation.placed:
            metrics["OrdersCreated"] = (len(observation.placed), "Count")
        for placed in observation.placed:
            # Values of different currencies must not be summed, so each is a metric of its own.
            major = placed.total_amount / 10 ** MINOR_DIGITS[placed.currency]
            lines.append(_embedded(where | {"currency": placed.currency}, {"OrderValue": (major, "None")}))
        if observation.problem:
            lines.append(_embedded(where | {"kind": observation.problem}, {"Faults": (1, "Count")}))
        return [_embedded(where, metrics), *lines]


def _embedded(dimensions: Mapping[str, str], metrics: Metrics) -> bytes:
    """Encode a line from which CloudWatch takes the metrics."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in metrics.items()],
    }
    envelope = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    values = {name: float(value) for name, (value, _) in metrics.items()}
    return msgspec.json.encode({"_aws": envelope, **dimensions, **values})


def _trace_id() -> str:
    """Return the trace that Lambda says this request is part of, if there is one."""
    parts = os.environ.get("_X_AMZN_TRACE_ID", "").split(";")
    return next((part.removeprefix("Root=") for part in parts if part.startswith("Root=")), "")


def _write(lines: list[bytes]) -> None:
    # One write: the lines of a request stay together, and cost one system call.
    sys.stdout.write("".join(f"{line.decode()}\n" for line in lines if line))
    sys.stdout.flush()
