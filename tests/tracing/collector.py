"""An OpenTelemetry collector that keeps what it gets: OTLP over HTTP, in Protobuf."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import decompress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SECONDS = 20
IDS = ("traceId", "spanId", "parentSpanId")


class Collector(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: Queue[dict[str, Any]] = Queue()
        self.answers = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans(self, wanted: int) -> list[dict[str, Any]]:
        """The next spans, with their attributes as a mapping and their ids in hexadecimal."""
        found: list[dict[str, Any]] = []
        while len(found) < wanted:
            (resource,) = self.requests.get(timeout=SECONDS)["resourceSpans"]
            assert plain(resource["resource"]["attributes"])["service.name"] == "orders-api"
            for scope in resource["scopeSpans"]:
                found += scope["spans"]
        return [span | ids(span) | {"attributes": plain(span["attributes"])} for span in found]


def ids(span: dict[str, Any]) -> dict[str, str]:
    """Protobuf's JSON writes bytes in base64, and OTLP's documents write ids in hexadecimal."""
    return {name: b64decode(span.get(name, "")).hex() for name in IDS}


def plain(attributes: list[dict[str, Any]]) -> dict[str, str | int]:
    return {
        one["key"]: int(one["value"]["intValue"])
        if "intValue" in one["value"]
        else one["value"]["stringValue"]
        for one in attributes
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        assert self.headers["Content-Type"] == "application/x-protobuf"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain_body = decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
        self.server.requests.put(MessageToDict(ExportTraceServiceRequest.FromString(plain_body)))
        self.send_response(self.server.answers)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
