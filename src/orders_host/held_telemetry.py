"""Telemetry that hears of a write when it is durable: until then nothing has happened that counts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from msgspec.structs import replace

from orders_core.problems import STORE_UNAVAILABLE
from orders_core.telemetry import CacheResult, Observation, Telemetry
from orders_host.tracing import Trace, current

Held = tuple[Observation, Trace | None]
"""An observation, and the trace that it belongs to."""

_held: Final[ContextVar[list[Held] | None]] = ContextVar("held", default=None)
"""A value of the context, so that a request that is answered in a thread meanwhile is not among them."""


class HeldTelemetry:
    """`Telemetry` that keeps back what it is told within `holding`, for `done` or `undone`."""

    def __init__(self, inner: Telemetry | None = None) -> None:
        """Without an inner one, everything is forgotten."""
        self._inner = inner

    @contextmanager
    def holding(self, held: list[Held]) -> Iterator[None]:
        """Put what is recorded into the list."""
        token = _held.set(held)
        try:
            yield
        finally:
            _held.reset(token)

    def done(self, held: Iterable[Held]) -> None:
        """Record requests whose writes are durable."""
        for observation, trace in held:
            self._record(observation, trace)

    def undone(self, held: Iterable[Held]) -> None:
        """Record requests whose writes were undone: their clients were told so."""
        kind = STORE_UNAVAILABLE
        for observation, trace in held:
            self._record(replace(observation, status=kind.status, problem=kind.slug, placed=()), trace)

    def record(self, observation: Observation) -> None:
        """Hold the observation while a write is not durable, else record it."""
        held = _held.get()
        if held is not None:
            held.append((observation, current.get()))
        elif self._inner is not None:
            self._inner.record(observation)

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        """Record how a read fared in the cache."""
        if self._inner is not None:
            self._inner.looked_up(result, seconds)

    def crashed(self, request_id: str) -> None:
        """Report the exception that is being handled."""
        if self._inner is not None:
            self._inner.crashed(request_id)

    def _record(self, observation: Observation, trace: Trace | None) -> None:
        token = current.set(trace)
        try:
            self.record(observation)
        finally:
            current.reset(token)
