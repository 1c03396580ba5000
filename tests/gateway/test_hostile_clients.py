"""What a client gets that does not play by the rules: a refusal it can read, and nothing else."""

import asyncio
import json
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.hosts.own import MUGS, PASSWORD, UNLIMITED, OwnHost, add_user, orders, own_host
from uvicorn import Config
from uvicorn.server import ServerState

from orders_host.asgi import Receive, Scope, Send
from orders_host.connection_table import ConnectionTable
from orders_host.connections import MAX_HEAD_BYTES, MAX_REQUEST_SECONDS, BoundedConnection
from orders_host.sse import MAX_PER_CALLER

ANA, LUIS, STAFF = "ana@example.com", "luis@example.com", "staff@example.com"
ORDERS = b"/v1/orders"
BODY = json.dumps(MUGS).encode()
JSON = b"Content-Type: application/json"
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@dataclass(frozen=True)
class Reply:
    """All that came back before the connection was closed; of several responses the first."""

    status: int
    head: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        lines = (line.partition(": ") for line in self.head.split("\r\n")[1:])
        return {name.lower(): value for name, _, value in lines}

    def is_problem(self, status: int) -> bool:
        document = json.loads(self.body)
        return (
            self.status == status == document["status"]
            and self.headers["content-type"] == "application/problem+json"
        )


@dataclass(frozen=True)
class Wire:
    """Sends bytes as they are, with the tokens of two users at hand."""

    host: OwnHost
    ana: bytes
    staff: bytes

    def send(self, data: bytes) -> Reply:
        with self.connect() as connection:
            with suppress(ConnectionResetError, BrokenPipeError):  # it has heard enough
                connection.sendall(data)
            return parsed(received(connection))

    def ask(self, method: bytes, target: bytes, *headers: bytes, body: bytes = b"") -> Reply:
        """One request of a client that goes away then."""
        length = [b"Content-Length: %d" % len(body)] if body else []
        lines = [method + b" " + target + b" HTTP/1.1", b"Host: a", b"Connection: close", *length, *headers]
        return self.send(b"\r\n".join([*lines, b"", body]))

    def connect(self) -> socket.socket:
        address = self.host.url.removeprefix("http://").partition(":")
        return socket.create_connection((address[0], int(address[2])), timeout=30)


def received(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    with suppress(ConnectionResetError):  # it closed with bytes of ours unread
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def parsed(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    return Reply(int(head.split()[1]), head.decode("latin-1"), body)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with own_host(tmp_path_factory.mktemp("hostile") / "data", "--demo", *UNLIMITED) as host:
        yield Wire(host, *(b"Authorization: Bearer " + host.token(each).encode() for each in (ANA, STAFF)))


NO_HTTP = {
    "a path with a byte beyond ASCII": b"GET /v1/\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path with a NUL": b"GET /v1/or\0ders HTTP/1.1\r\nHost: a\r\n\r\n",
    "a query with a byte beyond ASCII": b"GET /v1/orders?customer_id=\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "a header with a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX-Correlation-Id: a\0b\r\n\r\n",
    "lines that end without a carriage return": b"GET / HTTP/1.1\nHost: a\n\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2 by another method": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=list(NO_HTTP))
def test_what_is_no_http_1_1_is_refused_in_the_same_form_as_anything_else(wire: Wire, data: bytes) -> None:
    assert wire.send(data).is_problem(400)


TWO_LENGTHS = {
    "a length and chunks": (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "an unknown coding": (b"Transfer-Encoding: xchunked",),
    "chunks that are not the last coding": (b"Transfer-Encoding: chunked, identity",),
    "a coding before the chunks": (b"Transfer-Encoding: gzip, chunked",),
    "a coding before the chunks, in two headers": (b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"),
    "chunks twice": (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "two lengths": (b"Content-Length: %d" % len(CHUNKED), b"Content-Length: 1"),
    "a negative length": (b"Content-Length: -1",),
    "a length in foreign digits": (b"Content-Length: \xb2",),
    "a length beyond 64 bits": (b"Content-Length: 99999999999999999999999",),
}


@pytest.mark.parametrize("headers", TWO_LENGTHS.values(), ids=list(TWO_LENGTHS))
def test_a_body_whose_length_two_could_read_differently_is_refused(
    wire: Wire, headers: tuple[bytes, ...]
) -> None:
    head = [b"POST /v1/orders HTTP/1.1", b"Host: a", wire.ana, JSON, *headers]
    assert wire.send(b"\r\n".join([*head, b"", CHUNKED])).is_problem(400)


def test_a_refusal_says_how_to_send_a_body_instead(wire: Wire) -> None:
    refused = wire.ask(b"POST", ORDERS, b"Transfer-Encoding: gzip, chunked")
    assert "only be chunked" in json.loads(refused.body)["detail"]
    assert "HTTP/1.1, not HTTP/0.9" in json.loads(wire.send(b"GET /healthz\r\n\r\n").body)["detail"]


CHUNKED_CREATE = b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"


def with_trailers(wire: Wire, *trailers: bytes, signed_in: bool = True) -> bytes:
    """A request that creates an order, with its body in one chunk and more fields behind it."""
    head = [JSON, *([wire.ana] if signed_in else []), b"", b""]
    chunks = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)
    return CHUNKED_CREATE + b"\r\n".join(head) + chunks + b"\r\n".join([*trailers, b"", b""])


def test_what_trails_a_body_is_no_header(wire: Wire) -> None:
    assert wire.send(with_trailers(wire, wire.ana, signed_in=False)).is_problem(401)
    key = b"Idempotency-Key: trailing"
    answers = [wire.send(with_trailers(wire, key)) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].headers["location"] != answers[1].headers["location"]


@pytest.mark.parametrize("trailer", [b"a:b\r\n" * 500_000, b"a:" + b"b" * 2_500_000], ids=["many", "long"])
def test_trailers_are_not_read_without_end(wire: Wire, trailer: bytes) -> None:
    """Without an account, and before the body's end: so it is the connection that has the budget."""
    head = b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + wire.ana
    with wire.connect() as connection:
        with suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(head + b"\r\n" + JSON + b"\r\n\r\n2\r\n{}\r\n0\r\n" + trailer)
        answer = received(connection)  # returns: it was closed
    assert not answer or parsed(answer).is_problem(400)


def test_a_body_that_goes_on_after_its_refusal_is_not_read_to_its_end(wire: Wire) -> None:
    head = b"POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n"
    with wire.connect() as connection:
        with suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(100):
                connection.sendall(head)
                head = b" " * 1_000_000
            pytest.fail("all of it was read")
        assert not (answer := received(connection)) or parsed(answer).status in (401, 413)


LARGE_HEADS = {
    "one header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 16 * MAX_HEAD_BYTES,
    "many headers": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: a\r\n" * MAX_HEAD_BYTES,
    "a long target": b"GET /" + b"a" * 16 * MAX_HEAD_BYTES,
    "line ends that nothing follows": b"\r\n" * 8 * MAX_HEAD_BYTES,
}


@pytest.mark.parametrize("data", LARGE_HEADS.values(), ids=list(LARGE_HEADS))
def test_a_head_is_not_read_without_end(wire: Wire, data: bytes) -> None:
    with wire.connect() as connection:
        with suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
        answer = received(connection)
    assert not answer or parsed(answer).is_problem(400)
    assert wire.ask(b"GET", b"/healthz").status == 200


def test_a_request_has_a_minute_to_come() -> None:
    asyncio.run(clients_that_take_their_time())


async def clients_that_take_their_time() -> None:
    loop = asyncio.get_running_loop()
    config, state = Config(no_content, log_config=None, lifespan="off"), ServerState()
    table = ConnectionTable(100)
    server = await loop.create_server(lambda: BoundedConnection(table, None, config, state, {}), "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    silent, slow, served = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    slow[1].write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
    served[1].write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await served[0].readuntil(b"\r\n\r\n")
    assert await slow[0].readuntil(b"\r\n\r\n")
    table.sweep(loop.time() + MAX_REQUEST_SECONDS - 1)
    assert len(state.connections) == 3
    table.sweep(loop.time() + MAX_REQUEST_SECONDS + 1)
    assert await silent[0].read() == await slow[0].read() == b""
    assert len(state.connections) == 1
    for _, writer in (silent, slow, served):
        writer.close()
        await writer.wait_closed()
    server.close()


async def no_content(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


OUTSIDE = (
    b"/console/../pyproject.toml",
    b"/console/%2e%2e/pyproject.toml",
    b"/console/..%2fpyproject.toml",
    b"/console/%2e%2e%2fsrc%2forders_core%2faccess.py",
    b"/console//etc/passwd",
    b"/console/%2fetc/passwd",
    b"/console/..%5c..%5cpyproject.toml",
    b"/console/%00",
    b"/console/%ff",
    b"/console/" + b"a" * 5_000,
    b"/console/js",
    b"//console/index.html",
)


@pytest.mark.parametrize("target", OUTSIDE)
def test_nothing_outside_the_console_can_be_read(wire: Wire, target: bytes) -> None:
    assert wire.ask(b"GET", target).is_problem(404)


def test_of_two_tokens_none_counts(wire: Wire) -> None:
    other = b"Authorization: Bearer x"
    assert wire.ask(b"GET", ORDERS, wire.ana, other).is_problem(401)
    assert wire.ask(b"GET", ORDERS, other, wire.ana).is_problem(401)


def test_of_two_api_keys_none_counts(wire: Wire) -> None:
    key = json.loads(orders("key", "create", "twice", "--json", data_dir=wire.host.data_dir))["secret"]
    header = b"x-api-key: " + key.encode()
    assert wire.ask(b"GET", ORDERS, wire.ana, header).status == 200
    assert wire.ask(b"GET", ORDERS, wire.ana, header, header).is_problem(403)


def test_of_two_media_types_none_counts(wire: Wire) -> None:
    assert wire.ask(b"POST", ORDERS, wire.ana, JSON, b"Content-Type: text/plain", body=BODY).is_problem(415)
    assert wire.ask(b"POST", ORDERS, wire.ana, b"Content-Type: text/plain", JSON, body=BODY).is_problem(415)


def test_a_list_may_stand_in_several_headers(wire: Wire) -> None:
    placed = wire.ask(b"POST", ORDERS, wire.ana, JSON, body=BODY)
    tags = (f"If-None-Match: {tag}".encode() for tag in ('"9"', placed.headers["etag"], '"8"'))
    assert wire.ask(b"GET", placed.headers["location"].encode(), wire.ana, *tags).status == 304


def test_a_body_is_not_read_beyond_what_the_api_takes(wire: Wire) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = b"POST /v1/orders HTTP/1.1\r\nHost: a\r\n" + wire.ana + b"\r\n" + JSON
    chunks = 4 * chunk + b"2\r\n{}\r\n0\r\n\r\n"
    closing = b"\r\nConnection: close\r\n\r\n"
    assert wire.send(head + b"\r\nTransfer-Encoding: chunked" + closing + chunks).is_problem(413)
    assert wire.send(head + b"\r\nContent-Length: 262145" + closing).is_problem(413)


def test_requests_sent_in_one_go_are_answered_in_order(wire: Wire) -> None:
    first = b"POST /v1/orders HTTP/1.1\r\nHost: a\r\n%b\r\n%b\r\nContent-Length: %d\r\n\r\n%b"
    data = first % (wire.ana, JSON, len(BODY), BODY)
    data += b"GET /v1/orders/x HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % wire.ana
    data += b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with wire.connect() as connection:
        connection.sendall(data)
        answers = received(connection)
    statuses = [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"201", b"404", b"200"]


def test_old_and_odd_but_valid_forms_of_a_request_are_answered(wire: Wire) -> None:
    assert wire.send(b"GET /healthz HTTP/1.0\r\n\r\n").status == 200
    assert wire.ask(b"GET", b"http://elsewhere.example/healthz").status == 200
    upgrade = (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13")
    assert wire.ask(b"GET", b"/healthz", *upgrade).status == 200
    ranged = wire.ask(b"GET", b"/console/index.html", b"Range: bytes=0-9")
    assert (ranged.status, len(ranged.body)) == (200, int(ranged.headers["content-length"]))


@pytest.mark.parametrize("method", [b"TRACE", b"HEAD", b"PROPFIND", b"POST"])
def test_no_header_makes_another_method_of_one_that_is_refused(wire: Wire, method: bytes) -> None:
    location = wire.ask(b"POST", ORDERS, wire.ana, JSON, body=BODY).headers["location"].encode()
    overrides = (b"X-HTTP-Method-Override: DELETE", b"X-HTTP-Method: DELETE", b"X-Method-Override: DELETE")
    refused = wire.ask(method, location, wire.ana, JSON, *overrides)
    assert (refused.status, refused.headers["allow"]) == (405, "DELETE, GET, PATCH, PUT, OPTIONS")
    assert wire.ask(b"GET", location, wire.ana).status == 200


def test_of_many_unknown_parameters_a_hundred_are_named(wire: Wire) -> None:
    query = b"&".join(b"a%d=1" % number for number in range(5_000))
    refused = wire.ask(b"GET", ORDERS + b"?" + query, wire.ana)
    assert refused.is_problem(400)
    assert len(json.loads(refused.body)["errors"]) == 100


QUERIES = (
    b"cursor=" + b"A" * 60_000,
    b"cursor=%00",
    b"cursor=%ff",
    b"limit=1;limit=2",
    b"limit=1&limit=1",
    b"limit=%D9%A1",
    b"limit=1%0d%0aX-Evil:%201",
    b"created_from=2020-01-01T00:00:00Z%0d%0aX-Evil:%201",
    b"status=%00",
    b"__proto__[a]=1",
    b"order_id=1&version=2",
    b"&".join(b"a%d=1" % number for number in range(5_000)),
)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20].decode())
def test_a_strange_query_is_refused(wire: Wire, query: bytes) -> None:
    assert wire.ask(b"GET", ORDERS + b"?" + query, wire.ana).is_problem(400)


STRINGS = {
    "a NUL": "a\0b",
    "line ends": "a\r\nSet-Cookie: b=c",
    "another direction": "\u202eevil\u2066",
    "emoji": "\U0001f600" * 16,
    "a byte order mark": "\ufeff",
    "mark-up": "<img src=x onerror=alert(1)>",
    "SQL": "' OR 1=1; DROP TABLE orders --",
    "an expression of DynamoDB": "attribute_exists(x) OR #status = :s",
    "a prototype": "__proto__",
    "a template": "{{7*7}}${7*7}%s",
}


@pytest.mark.parametrize("text", STRINGS.values(), ids=list(STRINGS))
def test_any_text_comes_back_as_it_was_written(wire: Wire, text: str) -> None:
    item = {"product_id": text, "name": text, "quantity": 1, "unit_price": "1.00"}
    given = {"items": [item], "customer_id": text, "notes": text, "metadata": {text: text}}
    with wire.host.client(STAFF) as staff:
        placed = [staff.post("/v1/orders", json=given).json() for _ in range(2)]
        assert {name: placed[0][name] for name in given} == given
        page = staff.get("/v1/orders", params={"customer_id": text, "limit": 1})
        assert page.json()["orders"] == placed[1:]
        rest = staff.get("/v1/orders" + page.headers["link"].partition(">")[0].removeprefix("<"))
        assert placed[0] in rest.json()["orders"]


OF_THE_SERVER = {
    "order_id": "00000000-0000-4000-8000-000000000000",
    "version": 9,
    "total_amount": "0.01",
    "created_at": "2020-01-01T00:00:00.000Z",
    "updated_by": "luis",
    "history": [{"status": "DELIVERED", "at": "2020-01-01T00:00:00.000Z", "by": "luis"}],
    "returns": [],
    "fingerprint": "x",
    "__proto__": {"status": "DELIVERED"},
}


@pytest.mark.parametrize("name", OF_THE_SERVER)
def test_what_the_server_decides_can_not_be_written(wire: Wire, name: str) -> None:
    body = json.dumps(MUGS | {name: OF_THE_SERVER[name]}).encode()
    refused = wire.ask(b"POST", ORDERS, wire.ana, JSON, body=body)
    assert refused.is_problem(400)
    assert [fault["pointer"] for fault in json.loads(refused.body)["errors"]] == [f"/{name}"]
    placed = wire.ask(b"POST", ORDERS, wire.ana, JSON, body=BODY)
    location = placed.headers["location"].encode()
    assert wire.ask(b"PUT", location, wire.ana, JSON, body=body).is_problem(400)
    assert wire.ask(b"GET", location, wire.ana).body == placed.body


def test_a_client_can_not_choose_the_address_it_is_limited_by(tmp_path: Path) -> None:
    with own_host(tmp_path / "data", "--demo", "--rate-limit", "1", "--burst", "3") as host:
        wire = Wire(host, b"", b"")
        statuses = [
            wire.ask(b"GET", ORDERS, b"X-Forwarded-For: 192.0.2.%d" % number, b"X-Real-IP: 192.0.2.9").status
            for number in range(20)
        ]
    assert statuses[0] == 401
    assert 429 in statuses


def test_a_token_of_another_pool_is_refused(wire: Wire, tmp_path: Path) -> None:
    add_user(tmp_path, ANA, "staff")
    foreign = orders("token", ANA, data_dir=tmp_path).strip()
    assert wire.ask(b"GET", ORDERS, b"Authorization: Bearer " + foreign.encode()).is_problem(401)


def test_a_revoked_api_key_is_refused_at_once(wire: Wire) -> None:
    key = json.loads(orders("key", "create", "leaked", "--json", data_dir=wire.host.data_dir))
    header = b"x-api-key: " + key["secret"].encode()
    assert wire.ask(b"GET", ORDERS, wire.ana, header).status == 200
    orders("key", "revoke", key["id"], data_dir=wire.host.data_dir)
    assert wire.ask(b"GET", ORDERS, wire.ana, header).is_problem(403)


def test_a_disabled_user_gets_no_more_tokens(wire: Wire) -> None:
    mallory = "mallory@example.com"
    add_user(wire.host.data_dir, mallory)
    password = {"USERNAME": mallory, "PASSWORD": PASSWORD}
    refresh = ask_pool(wire, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=password)
    result = refresh["AuthenticationResult"]
    assert isinstance(result, dict)
    orders("user", "disable", mallory, data_dir=wire.host.data_dir)
    token = {"REFRESH_TOKEN": result["RefreshToken"]}
    for flow, parameters in (("USER_PASSWORD_AUTH", password), ("REFRESH_TOKEN_AUTH", token)):
        refused = ask_pool(wire, "InitiateAuth", AuthFlow=flow, AuthParameters=parameters)
        assert refused["__type"] == "NotAuthorizedException"


GROUPS = ("cognito:groups", "custom:groups", "groups", "sub", "cognito:username", "token_use")


@pytest.mark.parametrize("name", GROUPS)
def test_nobody_makes_itself_staff_by_signing_up(wire: Wire, name: str) -> None:
    attributes = [{"Name": name, "Value": "staff"}]
    refused = ask_pool(
        wire, "SignUp", Username="eve@example.com", Password=PASSWORD, UserAttributes=attributes
    )
    assert refused["__type"] in ("InvalidParameterException", "NotAuthorizedException")


def test_a_user_name_of_any_size_is_not_written_down(wire: Wire) -> None:
    parameters = {"USERNAME": "a" * 129, "PASSWORD": "x"}
    refused = ask_pool(wire, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert refused["__type"] == "InvalidParameterException"


def test_half_a_surrogate_pair_is_no_user_name(wire: Wire) -> None:
    parameters = {"USERNAME": "\ud800", "PASSWORD": "x"}
    refused = ask_pool(wire, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert refused["__type"] == "SerializationException"


def test_many_streams_at_once_are_not_more_than_a_caller_may_have(wire: Wire) -> None:
    request = b"GET /v1/events HTTP/1.1\r\nHost: a\r\n" + wire.ana + b"\r\n\r\n"
    streams = [wire.connect() for _ in range(3 * MAX_PER_CALLER)]
    try:
        for stream in streams:
            stream.sendall(request)
        # Whoever listens has had its first bytes when all have.
        starts = [stream.recv(65_536) for stream in streams]
        assert wire.ask(b"POST", ORDERS, wire.ana, JSON, body=BODY).status == 201
        listening = [hears(stream, start) for stream, start in zip(streams, starts, strict=True)]
    finally:
        for stream in streams:
            stream.close()
    assert listening.count(True) == MAX_PER_CALLER


def hears(stream: socket.socket, heard: bytes) -> bool:
    """Whether a stream goes on to an event; if not, it was refused or has ended."""
    while b"event: OrderCreated" not in heard:
        if not heard.startswith(b"HTTP/1.1 200") or heard.endswith(b"0\r\n\r\n"):
            return False
        heard += stream.recv(65_536)
    return True


def test_returns_can_not_pile_up_on_an_order(wire: Wire) -> None:
    item = {"product_id": "A-1", "quantity": 10_000, "unit_price": "1.00"}
    with wire.host.client(STAFF) as staff:
        order = staff.post("/v1/orders", json={"items": [item]}).json()
        path = f"/v1/orders/{order['order_id']}"
        for status in ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"):
            assert staff.put(path, json={"items": [item], "status": status}).status_code == 200
        wanted = {"lines": [{"line": 1, "quantity": 1}], "reason": "no"}
        statuses = []
        for _ in range(21):
            asked = staff.post(f"{path}/returns", json=wanted)
            statuses.append(asked.status_code)
            if asked.status_code == 201:
                decided = f"{path}/returns/{asked.json()['returns'][-1]['return_id']}"
                assert staff.put(decided, json={"status": "REJECTED"}).status_code == 200
    assert statuses == [201] * 20 + [409]


def test_no_request_writes_a_line_of_its_own_to_the_log_nor_its_token(wire: Wire) -> None:
    marker = b"7f3a"
    forged = b'User-Agent: %b"}\\n{"requestId":"forged"}' % marker
    correlation = b"X-Correlation-Id: a%0d%0ab \xff\xfe"
    target = ORDERS + b"/%0a%7b%22requestId%22:%22forged%22%7d"
    reply = wire.ask(b"GET", target, wire.ana, forged, correlation)
    assert reply.is_problem(404)
    line = wire.host.logged(lambda line: marker.decode() in str(line.get("userAgent")))
    assert line["path"] == '/v1/orders/\n{"requestId":"forged"}'
    assert "forged" not in {line.get("requestId") for line in wire.host.log()}
    text = Path(wire.host.server.log).read_text()
    assert wire.ana.decode().removeprefix("Authorization: Bearer ") not in text


def test_what_is_kept_is_its_owners_alone(wire: Wire) -> None:
    kept = [path for path in wire.host.data_dir.iterdir() if path.name.partition(".")[2].startswith("db")]
    assert {path.name for path in kept} >= {"orders.db", "gateway.db", "events.db"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def ask_pool(wire: Wire, operation: str, **request: object) -> dict[str, object]:
    with wire.host.client() as client:
        client_id = client.get("/config.json").json()["client_id"]
        target = {"X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
        body = json.dumps({"ClientId": client_id, **request})
        answer: dict[str, object] = client.post("/cognito/", content=body, headers=target).json()
    return answer
