"""The AWS client against a service that is slow, confused, out of time or speaks garbage."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import gmtime, strftime, time

import pytest
from tests.api import ANA, ORDERS, event_of
from tests.real_parts.tables import REGION

from orders_aws.client.calls import DYNAMODB, AnswerLost, AwsClient, Refused, Unavailable
from orders_aws.client.connections import BrokenConnection, Connections
from orders_aws.client.deadline import RESERVE_SECONDS, Deadline
from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.store import DynamoDBStore, Tables
from orders_core.application import Application
from orders_host.metrics import PrometheusTelemetry

HOUR = 3600
ONE_MUG = b'{"items": [{"product_id": "A-1", "quantity": 1, "unit_price": "9.50"}]}'
DENIED = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: dynamodb:PutItem"

Script = Callable[["Service", "Handler"], None]


class Service(ThreadingHTTPServer):
    """Replies to the n-th request as the n-th script says, and the last one from then on."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scripts: list[Script] = []
        self.requests = 0
        self.over = threading.Event()
        """Set when the test is over: what waits for it waits for ever, as far as the client can tell."""


class Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"
    clock_ahead = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        script = self.server.scripts[min(self.server.requests, len(self.server.scripts) - 1)]
        self.server.requests += 1
        script(self.server, self)

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def replies(status: int, body: bytes, **headers: str) -> Script:
    return lambda _, handler: handler.reply(status, body, **headers)


def hangs(service: Service, _: Handler) -> None:
    service.over.wait()


def hangs_up(_: Service, handler: Handler) -> None:
    handler.close_connection = True


def drips(service: Service, handler: Handler) -> None:
    """A reply that never stops coming, and never stops."""
    handler.send_response_only(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    try:
        while not service.over.wait(0.02):
            handler.wfile.write(b" ")
    except OSError:
        handler.close_connection = True


def an_hour_ahead(_: Service, handler: Handler) -> None:
    now = time() + HOUR
    if handler.headers["X-Amz-Date"][:11] == strftime("%Y%m%dT%H", gmtime(now)):
        handler.reply(200, b"{}")
    else:
        body = json.dumps({"__type": "x#InvalidSignatureException", "message": "Signature expired"}).encode()
        handler.reply(400, body, Date=formatdate(now, usegmt=True))


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def call(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], object]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("orders_aws.client.calls._BACKOFF_SECONDS", 0)
    url = f"http://127.0.0.1:{service.server_port}"
    with closing(AwsClient(DYNAMODB, REGION, url, Leaving(0.2))) as client:
        yield lambda: client.call("PutItem", {})


class Leaving(Deadline):
    """A deadline with so many seconds left when a call begins."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def left(self) -> float:
        return self._seconds


class Context:
    """Lambda's, of an invocation with two seconds left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 2000


def test_a_deadline_is_what_the_invocation_leaves_less_a_reserve() -> None:
    deadline = Deadline(lambda: 100.0)
    assert deadline.left() > 1e9
    deadline.begin(Context())
    assert deadline.left() == pytest.approx(2 - RESERVE_SECONDS)
    deadline.begin(None)
    assert deadline.left() > 1e9


@pytest.mark.parametrize("script", [hangs, drips])
def test_a_call_ends_at_the_deadline(service: Service, call: Callable[[], object], script: Script) -> None:
    service.scripts = [script]
    with pytest.raises(Unavailable, match="dynamodb PutItem: TimeoutError"):
        call()
    assert service.requests == 1


def test_a_call_without_time_is_not_made(service: Service, call: Callable[[], object]) -> None:
    client = AwsClient(DYNAMODB, REGION, f"http://127.0.0.1:{service.server_port}", Leaving(-1))
    with pytest.raises(Unavailable, match="no time was left"):
        client.call("PutItem", {})
    assert service.requests == 0


@pytest.mark.parametrize(
    "garbage",
    [
        replies(200, b"<html>Welcome to the hotel's network</html>"),
        replies(200, b"[]"),
        replies(200, b"\xff\xfe"),
        replies(403, b"<html>Blocked</html>"),
        replies(302, b""),
        lambda _, handler: handler.wfile.write(b"HTTP/9 what\r\n\r\n"),
    ],
)
def test_garbage_is_tried_again_and_then_unavailable(
    service: Service, call: Callable[[], object], garbage: Script
) -> None:
    service.scripts = [garbage, replies(200, b'{"A": 1}')]
    assert call() == {"A": 1}
    service.scripts = [garbage]
    with pytest.raises(Unavailable):
        call()


def test_a_denial_says_what_was_denied(service: Service, call: Callable[[], object]) -> None:
    body = json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": DENIED})
    service.scripts = [replies(400, body.encode())]
    with pytest.raises(Refused, match=f"AccessDeniedException: {DENIED}"):
        call()


def test_a_host_over_dynamodb_logs_what_was_denied(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    body = json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": DENIED})
    service.scripts = [replies(400, body.encode())]
    with closing(DynamoDBClient(REGION, f"http://127.0.0.1:{service.server_port}")) as client:
        store = DynamoDBStore(client, Tables.beside("shop-orders"))
        answer = Application(store, PrometheusTelemetry())(
            event_of("POST", ORDERS, caller=ANA, content=ONE_MUG)
        )
    assert answer["statusCode"] == 503
    assert DENIED not in answer["body"]
    (line,) = caplog.messages
    request_id = json.loads(answer["body"])["request_id"]
    assert line.startswith(f"the store can't answer request {request_id}: dynamodb PutItem is denied")
    assert DENIED in line


def test_the_kind_of_a_refusal_may_come_in_a_header(service: Service, call: Callable[[], object]) -> None:
    busy = replies(429, b'{"message": "slow down"}', x_amzn_ErrorType="TooManyRequestsException:http://x/")
    service.scripts = [busy, replies(200, b"{}")]
    assert call() == {}
    service.scripts = [replies(400, b'{"message": "no"}', x_amzn_ErrorType="MessageRejected")]
    with pytest.raises(Refused, match="MessageRejected: no"):
        call()


def test_a_wrong_clock_is_corrected_once(service: Service, call: Callable[[], object]) -> None:
    service.scripts = [an_hour_ahead]
    assert (call(), service.requests) == ({}, 2)
    assert (call(), service.requests) == ({}, 3)


def test_a_wrong_signature_at_the_right_time_is_refused(service: Service, call: Callable[[], object]) -> None:
    body = json.dumps({"__type": "x#InvalidSignatureException", "message": "no"}).encode()
    service.scripts = [replies(400, body, Date=formatdate(usegmt=True))]
    with pytest.raises(Refused):
        call()
    assert service.requests == 1


GARBAGE = replies(200, b"<html>")


@pytest.fixture
def once(call: Callable[[], object], service: Service) -> Iterator[Callable[[], object]]:
    """A call that must not be carried out twice."""
    url = f"http://127.0.0.1:{service.server_port}"
    with closing(AwsClient(DYNAMODB, REGION, url, Leaving(5))) as client:
        yield lambda: client.call("PutItem", {}, once=True)


@pytest.mark.parametrize("script", [hangs_up, GARBAGE], ids=["no answer", "garbage"])
def test_what_may_have_been_carried_out_is_not_tried_again_where_it_must_not(
    script: Script, service: Service, once: Callable[[], object]
) -> None:
    service.scripts = [replies(200, b"{}"), script]
    once()
    with pytest.raises(AnswerLost):
        once()
    assert service.requests == 2


def test_what_was_refused_is_tried_again_there_too(service: Service, once: Callable[[], object]) -> None:
    service.scripts = [replies(500, b"{}"), replies(429, b"{}"), replies(200, b"{}")]
    assert once() == {}
    assert service.requests == 3


def test_what_never_left_was_not_sent() -> None:
    with pytest.raises(BrokenConnection) as broken:
        Connections("http://127.0.0.1:1").post("/", {}, b"", 1)
    assert not broken.value.sent


def test_all_connections_share_one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def connect(connection: http.client.HTTPSConnection) -> None:
        given.append(connection._context)  # type: ignore[attr-defined]
        raise OSError("the test needs no network")

    monkeypatch.setattr(http.client.HTTPSConnection, "connect", connect)
    for host in ("a", "b"):
        with pytest.raises(BrokenConnection):
            Connections(f"https://{host}.invalid").post("/", {}, b"", 1)
    assert len(given) == 2
    assert given[0] is given[1]
