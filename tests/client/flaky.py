"""A proxy before a host that fails on demand, as networks and busy services do."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from orders_core import problems

API = "/v1/"


class Fault(Enum):
    """What becomes of a request."""

    LOSE_REQUEST = auto()
    LOSE_ANSWER = auto()
    BUSY = auto()
    THROTTLE = auto()
    REFUSE_TOKEN = auto()


REFUSALS = {
    Fault.BUSY: problems.service_unavailable(),
    Fault.THROTTLE: problems.throttled(),
    Fault.REFUSE_TOKEN: problems.token_expired(),
}


class FlakyProxy(ThreadingHTTPServer):
    """Passes requests on, but for `faults`: one for each of the next requests to the API."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = target
        self.faults: deque[Fault] = deque()
        self.seen: list[str] = []
        """Method and path of every request."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def sign_ins(self) -> int:
        return self.seen.count("POST /cognito/")


@contextmanager
def flaky_proxy(target: str) -> Iterator[FlakyProxy]:
    """A proxy before the host whose URL is `target`."""
    with FlakyProxy(target) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FlakyProxy

    def relay(self) -> None:
        self.server.seen.append(f"{self.command} {self.path}")
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.faults.popleft() if self._may_fail() else None
        if fault in REFUSALS:
            refusal = REFUSALS[fault]
            self._answer(refusal.kind.status, {**refusal.headers, "Retry-After": "0"}, refusal.document("id"))
            return
        if fault is not Fault.LOSE_REQUEST:
            answer = httpx.request(
                self.command, self.server.target + self.path, content=content, headers=dict(self.headers)
            )
        if fault is None:
            self._answer(answer.status_code, dict(answer.headers), answer.content)
        else:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = relay  # noqa: N815 - the names that http.server calls

    def _may_fail(self) -> bool:
        return bool(self.server.faults) and self.path.startswith(API)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "date", "server", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test run's output clean."""
