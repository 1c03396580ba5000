"""A service of AWS that does what a test says, spoken to over HTTP as the real one is."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from orders_aws.limits import MAX_MESSAGE_BYTES, MAX_PUT_EVENTS_BYTES

Json = dict[str, Any]


class Call(NamedTuple):
    """`operation` is the last part of X-Amz-Target; for a service without one, the path."""

    operation: str
    request: Json


class Refusal(NamedTuple):
    status: int
    kind: str
    message: str = "no"


Answer = Callable[[Call], "Json | Refusal"]


class FakeAws(http.server.ThreadingHTTPServer):
    """Notes every call and answers as `answer` says."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, operation: str) -> list[Json]:
        """The requests for one operation."""
        return [call.request for call in self.calls if call.operation == operation]


@contextmanager
def answering(answer: Answer) -> Iterator[FakeAws]:
    with FakeAws(answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def _too_large(request: Json) -> bool:
    """Whether the request has more bytes than EventBridge or SQS takes at once."""
    entries = request.get("Entries", [request])
    events = sum(len(entry["Detail"].encode()) for entry in entries if "Detail" in entry)
    messages = sum(len(entry["MessageBody"].encode()) for entry in entries if "MessageBody" in entry)
    return events > MAX_PUT_EVENTS_BYTES or messages > MAX_MESSAGE_BYTES


class _Handler(http.server.BaseHTTPRequestHandler):
    server: FakeAws
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = Call(self.headers.get("X-Amz-Target", self.path).rpartition(".")[2], request)
        self.server.calls.append(call)
        answer = Refusal(400, "ValidationException") if _too_large(request) else self.server.answer(call)
        if isinstance(answer, Refusal):
            status, document = (
                answer.status,
                {"__type": f"com.amazonaws#{answer.kind}", "message": answer.message},
            )
        else:
            status, document = 200, answer
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""
