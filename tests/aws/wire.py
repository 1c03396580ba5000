"""A proxy before DynamoDB Local that counts what passes, and fails as DynamoDB and networks do."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Fault(Enum):
    """What becomes of a call."""

    LOSE_CALL = auto()
    """The connection breaks before DynamoDB has it."""
    LOSE_REPLY = auto()
    """The connection breaks after DynamoDB has carried it out."""
    CUT_REPLY = auto()
    """It breaks in the middle of the reply."""
    THROTTLE = auto()
    SERVER_ERROR = auto()
    GATEWAY_ERROR = auto()
    """A 502 that is not JSON."""
    REFUSE = auto()
    DENY = auto()


_REPLIES = {
    Fault.THROTTLE: (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    Fault.SERVER_ERROR: (500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
    Fault.REFUSE: (400, "com.amazon.coral.validate#ValidationException"),
    Fault.DENY: (400, "com.amazon.coral.service#AccessDeniedException"),
}


class Wire(ThreadingHTTPServer):
    """Passes calls on to `target`, but for `faults`: one for each of the next calls."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dynamodb = httpx.Client(base_url=target)
        self.faults: deque[Fault] = deque()
        self.calls: list[str] = []
        """The operation of every call."""
        self.before_reply_is_lost: Callable[[], None] = _nothing
        """Called once, after DynamoDB has carried out a call whose reply is then lost or cut."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def wire_to(target: str) -> Iterator[Wire]:
    """A proxy before the DynamoDB whose URL is `target`."""
    with Wire(target) as wire:
        thread = threading.Thread(target=wire.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield wire
        finally:
            wire.shutdown()
            thread.join()
            wire.dynamodb.close()


def _nothing() -> None:
    """Do nothing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Wire

    def do_POST(self) -> None:
        self.server.calls.append(self.headers["X-Amz-Target"].rpartition(".")[2])
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.faults.popleft() if self.server.faults else None
        if fault in _REPLIES:
            status, kind = _REPLIES[fault]
            self._answer(status, json.dumps({"__type": kind, "message": "on demand"}).encode())
        elif fault is Fault.GATEWAY_ERROR:
            self._answer(502, b"<html>Bad gateway</html>")
        elif fault is Fault.LOSE_CALL:
            self.close_connection = True
        else:
            self._pass_on(content, fault)

    def _pass_on(self, content: bytes, fault: Fault | None) -> None:
        reply = self.server.dynamodb.post("/", content=content, headers=dict(self.headers))
        if fault is None:
            self._answer(reply.status_code, reply.content)
            return
        meanwhile, self.server.before_reply_is_lost = self.server.before_reply_is_lost, _nothing
        meanwhile()
        self.close_connection = True
        if fault is Fault.CUT_REPLY:
            self._answer(reply.status_code, reply.content[: len(reply.content) // 2], len(reply.content) + 1)

    def _answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test run's output clean."""
