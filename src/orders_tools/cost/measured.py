"""What the deployed zip takes, and what could not be measured without an account and is assumed.

Times are those of docs/performance.md, which `make bench` measures; sizes are held by tests/cost.
"""

from typing import Final

CPU_MS: Final = {"create": 0.40, "edit": 0.45, "move": 0.45, "delete": 0.40, "get": 0.30, "list": 0.72}
"""Milliseconds of a whole processor that a warm invocation takes."""

INIT_MS: Final = 150
"""Milliseconds that a cold start takes; Lambda gives it a whole processor, and bills it since August 2025."""

LOG_BYTES: Final = {"create": 1010, "edit": 680, "move": 680, "delete": 680, "get": 680, "list": 680}
"""The function's log and metric lines of one request."""

ACCESS_LOG_BYTES: Final = 760
"""API Gateway's line of one request."""

ASSUMED_STORE_MS: Final = {"create": 5.0, "edit": 5.0, "move": 5.0, "delete": 5.0, "get": 4.0, "list": 8.0}
"""DynamoDB's answer, from within its region: "single-digit milliseconds", its documentation says."""

ASSUMED_COLD_SHARE: Final = 0.01
"""Of all requests, those that meet a cold start; AWS names less than one in a hundred."""

ASSUMED_CONSUMER_MS: Final = 30.0
"""Milliseconds that a consumer takes for an event."""

KEPT_EVENT: Final = (300, 0.27)
"""Bytes of an event in the history, whatever the order, and for each byte of the order's JSON: compressed."""

ASSUMED_METRICS: Final = 14
"""Metrics that are sent in every hour: latency by operation, orders and their value, frequent faults."""

MB_OF_A_PROCESSOR: Final = 1769
"""Memory with which a function has one processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""


def kept_event_bytes(payload_bytes: int) -> int:
    """Bytes that the event of an order takes in the history, its key included."""
    fixed, share = KEPT_EVENT
    return round(fixed + share * payload_bytes)


def billed_ms(operation: str, memory_mb: int) -> float:
    """Milliseconds that Lambda bills for a warm invocation."""
    return CPU_MS[operation] * max(1.0, MB_OF_A_PROCESSOR / memory_mb) + ASSUMED_STORE_MS[operation]
