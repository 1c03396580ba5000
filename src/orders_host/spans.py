"""What a request and each call of its store look like in a trace, whatever sends them to a collector."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import NamedTuple

from orders_core.telemetry import CacheResult, Observation, Telemetry
from orders_core.timed_store import StoreCall
from orders_host.tracing import Trace, current


class SpanKind(Enum):
    """Whether a span is a request that came in, or one that went out."""

    SERVER = "server"
    CLIENT = "client"


class Span(NamedTuple):
    """A piece of work; `trace` says which one of which trace, times are Unix times in seconds."""

    trace: Trace
    name: str
    kind: SpanKind
    start: float
    end: float
    attributes: Mapping[str, str | int]
    failed: bool = False


Export = Callable[[Span], None]


class SpanningTelemetry:
    """`Telemetry` that also tells of each call of the store as a span below its request's."""

    def __init__(self, inner: Telemetry, export: Export, store: str) -> None:
        self._inner = inner
        self._export = export
        self._store = store

    def record(self, observation: Observation) -> None:
        """Record the request, then export a span for each call of the store."""
        self._inner.record(observation)
        request = current.get()
        if request is not None and request.sampled:
            for call in observation.store_calls:
                self._export(self._span(request, call))

    def looked_up(self, result: CacheResult, seconds: float) -> None:
        """Pass it on."""
        self._inner.looked_up(result, seconds)

    def crashed(self, request_id: str) -> None:
        """Pass it on."""
        self._inner.crashed(request_id)

    def _span(self, request: Trace, call: StoreCall) -> Span:
        attributes = {"db.system.name": self._store, "db.operation.name": call.name}
        end = call.start + call.seconds
        return Span(
            request.below(), f"{self._store} {call.name}", SpanKind.CLIENT, call.start, end, attributes
        )
