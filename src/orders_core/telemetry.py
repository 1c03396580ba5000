"""What the application reports about each request; how it is logged and counted is the host's business.

An observation never carries a token or a body.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from orders_core.timed_store import StoreCall

CacheResult = Literal["hit", "miss", "bypass"]
"""A bypass is a read for which there was no cache: it is away, slow, or was so a moment ago."""


class Placed(Struct, frozen=True):
    """The value of an order that was placed, in minor units."""

    total_amount: int
    currency: str


class Observation(Struct, frozen=True):
    """One request as the operators see it. `problem` is the slug of the problem it ended in, if it did.

    `cause` is why the store could not answer, in the operators' words.
    """

    operation: str
    status: int
    request_id: str
    correlation_id: str
    caller: str
    duration_seconds: float
    store_seconds: float
    problem: str | None = None
    placed: Sequence[Placed] = ()
    store_calls: Sequence[StoreCall] = ()
    cause: str | None = None


class Telemetry(Protocol):
    """Where observations of requests go; each host has its own."""

    def record(self, observation: Observation) -> None:
        """Take note of a finished request."""

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        """Take note, before the request is recorded, of how a read by id fared in the cache."""

    def crashed(self, request_id: str) -> None:
        """Report the unexpected exception that is being handled."""
