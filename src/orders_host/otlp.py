"""Sends spans to an OpenTelemetry collector by the OpenTelemetry SDK: OTLP over HTTP, in Protobuf.

https://opentelemetry.io/docs/specs/otlp/#otlphttp

Import it only where a collector is named: the SDK comes with the extra `otlp`, and takes 56 ms to import.
"""

from typing import Final

from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from orders_host.spans import Span, SpanKind

_INTERVAL_MILLISECONDS: Final = 1_000
_MAX_WAITING: Final = 10_000
_TIMEOUT_SECONDS: Final = 5.0
_SAMPLED: Final = api.TraceFlags(api.TraceFlags.SAMPLED)
_SCOPE: Final = InstrumentationScope("orders_host")
_KINDS: Final = {SpanKind.SERVER: api.SpanKind.SERVER, SpanKind.CLIENT: api.SpanKind.CLIENT}


class OtlpExporter:
    """Sends what it is given every second, from a thread of its own; what is not taken is lost.

    The SDK reads more from its own variables, such as OTEL_EXPORTER_OTLP_HEADERS for a collector's key.
    """

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is the collector's URL, such as http://127.0.0.1:4318; `/v1/traces` is added."""
        self._resource = Resource.create({"service.name": "orders-api"})
        self._processor = BatchSpanProcessor(
            OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces", timeout=_TIMEOUT_SECONDS),
            max_queue_size=_MAX_WAITING,
            schedule_delay_millis=_INTERVAL_MILLISECONDS,
        )

    def export(self, span: Span) -> None:
        """Put a span among those that are sent next."""
        trace = span.trace
        self._processor.on_end(
            ReadableSpan(
                span.name,
                context=_context(trace.trace_id, trace.span_id),
                parent=_context(trace.trace_id, trace.parent_id) if trace.parent_id else None,
                resource=self._resource,
                attributes=span.attributes,
                kind=_KINDS[span.kind],
                status=api.Status(api.StatusCode.ERROR if span.failed else api.StatusCode.UNSET),
                start_time=int(span.start * 1e9),
                end_time=int(span.end * 1e9),
                instrumentation_scope=_SCOPE,
            )
        )

    def close(self) -> None:
        """Send what is left."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


def _context(trace_id: str, span_id: str) -> api.SpanContext:
    return api.SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED)
