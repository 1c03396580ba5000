"""An OpenTelemetry collector that keeps what it gets: OTLP over HTTP, in JSON."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

SECONDS = 20


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
        """The next spans, with their attributes as a mapping."""
        found: list[dict[str, Any]] = []
        while len(found) < wanted:
            (resource,) = self.requests.get(timeout=SECONDS)["resourceSpans"]
            assert plain(resource["resource"]["attributes"]) == {"service.name": "orders-api"}
            for scope in resource["scopeSpans"]:
                found += scope["spans"]
        return [span | {"attributes": plain(span["attributes"])} for span in found]


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
        assert self.headers["Content-Type"] == "application/json"
        self.server.requests.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answers)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
