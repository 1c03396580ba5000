"""The host's traces: a span for each request and each call of its store, in the caller's trace."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cache.test_host import MUG, sign_in
from tests.hosts.embedded import ORDERS
from tests.real_parts.process import Server, free_port, running
from tests.tracing.collector import Collector, collecting

from orders_host.options import InvalidOption, Options
from orders_host.otlp import OtlpExporter
from orders_host.spans import Span, SpanKind
from orders_host.tracing import HEADER, Trace, trace_of

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OTHER_ID = "1-5759e988-bd862e3fe1be46a994272793"
XRAY_ID = f"1-{TRACE_ID[:8]}-{TRACE_ID[8:]}"
CALLER = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def host(collector: Collector, tmp_path: Path) -> Iterator[Server]:
    port = free_port()
    argv: list[str | Path] = [ORDERS, "serve", "--demo", "--port", str(port), "--data-dir", tmp_path / "data"]
    with running([*argv, "--otlp-endpoint", collector.url], port, tmp_path / "log") as server:
        yield server


def access_log(server: Server, until_path: str) -> list[dict[str, Any]]:
    """The log up to a request, which is written by a thread of its own, soon after the answer."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        lines = Path(server.log).read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith('{"requestId"') and line.endswith("}")]
        if found and found[-1]["path"] == until_path:
            return found
        time.sleep(0.01)
    raise AssertionError(f"the log does not name {until_path}")


def test_a_request_and_its_store_call_are_spans_of_the_callers_trace(
    host: Server, collector: Collector
) -> None:
    headers = sign_in(host.url) | CALLER
    answer = httpx.post(f"{host.url}/v1/orders", json={"items": [MUG]}, headers=headers)
    spans = [span for span in collector.spans(4) if span["traceId"] == TRACE_ID]
    (request,) = [span for span in spans if span["kind"] == "SPAN_KIND_SERVER"]
    (call,) = [span for span in spans if span["kind"] == "SPAN_KIND_CLIENT"]
    assert request["name"] == "POST /v1/orders"
    assert request["parentSpanId"] == PARENT_ID
    assert request["attributes"]["http.response.status_code"] == 201
    assert request["attributes"]["aws.request_id"] == answer.headers["x-amzn-requestid"]
    assert call["name"] == "sqlite create"
    assert call["parentSpanId"] == request["spanId"]
    times = [int(one[name]) for one in (request, call) for name in ("startTimeUnixNano", "endTimeUnixNano")]
    assert times[0] <= times[2] <= times[3]


def test_every_line_of_the_access_log_names_its_trace(host: Server) -> None:
    headers = sign_in(host.url)
    httpx.get(f"{host.url}/v1/orders", headers=headers | CALLER)
    httpx.get(
        f"{host.url}/v1/orders",
        headers=headers | {HEADER: f"Root={OTHER_ID}"},
    )
    httpx.get(f"{host.url}/nowhere")
    lines = access_log(host, "/nowhere")
    assert all(re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", line["xrayTraceId"]) for line in lines)
    assert [line["xrayTraceId"] for line in lines[-3:-1]] == [
        XRAY_ID,
        OTHER_ID,
    ]
    assert len({line["xrayTraceId"] for line in lines}) == len(lines)


def test_what_the_caller_does_not_trace_is_not_sent(host: Server, collector: Collector) -> None:
    headers = sign_in(host.url)
    httpx.get(f"{host.url}/v1/orders", headers=headers | {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-00"})
    httpx.get(f"{host.url}/v1/orders/stats", headers=headers)
    spans = collector.spans(3)
    assert TRACE_ID not in [span["traceId"] for span in spans]


class TestExporter:
    def span(self, name: str = "work") -> Span:
        return Span(
            Trace(TRACE_ID, PARENT_ID, "", sampled=True),
            name,
            SpanKind.SERVER,
            1.5,
            2.25,
            {"n": 1, "s": "ñ"},
            failed=True,
        )

    def test_sends_the_span_that_it_was_given(self, collector: Collector) -> None:
        exporter = OtlpExporter(f"{collector.url}/")
        exporter.export(self.span())
        exporter.close()
        (span,) = collector.spans(1)
        # Bits that the SDK sets by the version of the protocol: they are not of the span that was given.
        del span["flags"]
        assert span == {
            "traceId": TRACE_ID,
            "spanId": PARENT_ID,
            "parentSpanId": "",
            "name": "work",
            "kind": "SPAN_KIND_SERVER",
            "startTimeUnixNano": "1500000000",
            "endTimeUnixNano": "2250000000",
            "attributes": {"n": 1, "s": "ñ"},
            "status": {"code": "STATUS_CODE_ERROR"},
        }

    def test_sends_what_is_left_when_it_is_closed(self, collector: Collector) -> None:
        exporter = OtlpExporter(collector.url)
        for number in range(1200):
            exporter.export(self.span(f"{number}"))
        exporter.close()
        assert [span["name"] for span in collector.spans(1200)] == [str(number) for number in range(1200)]

    def test_a_collector_that_refuses_or_is_away_loses_spans_and_no_more(
        self, collector: Collector, caplog: pytest.LogCaptureFixture
    ) -> None:
        collector.answers = 400
        for url, says in ((collector.url, "400"), ("http://127.0.0.1:1", "refused")):
            caplog.clear()
            exporter = OtlpExporter(url)
            for _ in range(1001):
                exporter.export(self.span())
            exporter.close()
            assert says in caplog.text

    def test_its_endpoint_is_a_url(self) -> None:
        with pytest.raises(InvalidOption, match="otlp_endpoint"):
            Options(otlp_endpoint="collector:4317").check()


class TestTrace:
    @pytest.mark.parametrize(
        ("headers", "trace_id", "parent_id", "sampled"),
        [
            (CALLER, TRACE_ID, PARENT_ID, True),
            ({"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-00"}, TRACE_ID, PARENT_ID, False),
            (
                {HEADER: f"Root={XRAY_ID};Parent={PARENT_ID};Sampled=0"},
                TRACE_ID,
                PARENT_ID,
                False,
            ),
            ({HEADER: f"Root={XRAY_ID}"}, TRACE_ID, "", True),
        ],
    )
    def test_is_the_callers(
        self, headers: dict[str, str], trace_id: str, parent_id: str, sampled: bool
    ) -> None:
        trace = trace_of(headers)
        assert (trace.trace_id, trace.parent_id, trace.sampled) == (trace_id, parent_id, sampled)
        assert trace.span_id != parent_id

    @pytest.mark.parametrize(
        "value", ["", "00-xyz", f"00-{TRACE_ID}", f"01-{TRACE_ID}-{PARENT_ID}-01", "\n" * 100]
    )
    def test_is_new_when_the_caller_has_none_that_can_be_read(self, value: str) -> None:
        trace = trace_of({"traceparent": value, HEADER: value})
        assert re.fullmatch("[0-9a-f]{32}", trace.trace_id)
        assert trace.trace_id != TRACE_ID
        assert (trace.parent_id, trace.sampled) == ("", True)
