"""Sends spans to an OpenTelemetry collector: OTLP over HTTP, in JSON.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import http.client
import logging
from collections import deque
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from orders_core.telemetry import CacheResult, Observation, Telemetry
from orders_core.timed_store import StoreCall
from orders_host.tracing import Trace, current

SERVER: Final = 2
"""The kind of a span for a request that came in (`SpanKind` of the protocol)."""

CLIENT: Final = 3
"""The kind of a span for a request that went out."""

_log = logging.getLogger(__name__)
_INTERVAL_SECONDS: Final = 1.0
_MAX_WAITING: Final = 10_000
_MAX_AT_ONCE: Final = 500
_TIMEOUT_SECONDS: Final = 5.0
_ERROR: Final = 2


class Span(NamedTuple):
    """A piece of work; `trace` says which one of which trace, times are Unix times in seconds."""

    trace: Trace
    name: str
    kind: int
    start: float
    end: float
    attributes: Mapping[str, str | int]
    failed: bool = False


Export = Callable[[Span], None]


class OtlpExporter:
    """Sends what it is given every second, from a thread of its own; what is not taken is lost."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is the collector's URL, such as http://127.0.0.1:4318; `/v1/traces` is added."""
        self._url = urlsplit(endpoint.rstrip("/") + "/v1/traces")
        self._waiting: deque[Span] = deque(maxlen=_MAX_WAITING)
        self._stopping = Event()
        self._complained = False
        self._thread = Thread(target=self._run, name="otlp", daemon=True)
        self._thread.start()

    def export(self, span: Span) -> None:
        """Put a span among those that are sent next."""
        self._waiting.append(span)

    def close(self) -> None:
        """Send what is left."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_INTERVAL_SECONDS):
            self._send_waiting()
        self._send_waiting()

    def _send_waiting(self) -> None:
        while self._waiting:
            spans = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MAX_AT_ONCE))]
            try:
                self._post(msgspec.json.encode(_request(spans)))
                self._complained = False
            except (OSError, http.client.HTTPException) as error:
                if not self._complained:
                    _log.warning("%d spans are lost, more may be: %s", len(spans), error)
                self._complained = True

    def _post(self, body: bytes) -> None:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("POST", self._url.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status >= 300:
                raise http.client.HTTPException(f"the collector answered {response.status}")
        finally:
            connection.close()


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
        return Span(request.below(), f"{self._store} {call.name}", CLIENT, call.start, end, attributes)


def _request(spans: list[Span]) -> dict[str, object]:
    resource = {"attributes": _attributes({"service.name": "orders-api"})}
    scope_spans = [{"scope": {"name": "orders_host"}, "spans": [_span(span) for span in spans]}]
    return {"resourceSpans": [{"resource": resource, "scopeSpans": scope_spans}]}


def _span(span: Span) -> dict[str, object]:
    return {
        "traceId": span.trace.trace_id,
        "spanId": span.trace.span_id,
        "parentSpanId": span.trace.parent_id,
        "name": span.name,
        "kind": span.kind,
        # 64-bit integers are strings in Protobuf's JSON.
        "startTimeUnixNano": str(int(span.start * 1e9)),
        "endTimeUnixNano": str(int(span.end * 1e9)),
        "attributes": _attributes(span.attributes),
        "status": {"code": _ERROR} if span.failed else {},
    }


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, object]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in values.items()
    ]
