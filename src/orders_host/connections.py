"""HTTP/1.1 connections, with bounds on what a client may send before it is answered, and how slowly.

uvicorn limits neither the size of a request nor its time, and there may be no proxy in front.
"""

import uuid
from asyncio import AbstractEventLoop, Transport
from http import HTTPStatus
from typing import Any, Final

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from orders_core.problems import BAD_REQUEST, Problem, too_many_connections
from orders_core.proxy import problem_response
from orders_host.connection_table import ConnectionTable
from orders_host.forwarding import TrustedProxies, UnclearOrigin

MAX_HEAD_BYTES: Final = 65_536
"""Request line and headers. What comes with the read that completes them is not counted."""

MAX_REQUEST_BYTES: Final = 1_048_576
"""All of a request as it was sent: head, body, the framing of its chunks, trailers. A body has a limit of
its own; this is four times as much, so that small chunks and their extensions find room."""

MAX_REQUEST_SECONDS: Final = 60.0
"""From a request's first byte, or a new connection, to its last byte."""

CONNECTION: Final = "orders.connection"
"""Where a request's scope names its `BoundedConnection`."""

_VERSIONS: Final = ("1.1", "1.0")
_NOT_HTTP: Final = "This is not a request of HTTP/1.1 (RFC 9112)."


class BoundedConnection(HttpToolsProtocol):
    """A client's connection. uvicorn closes those that are idle between requests."""

    def __init__(
        self,
        table: ConnectionTable,
        proxies: TrustedProxies | None,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._table = table
        self._proxies = proxies
        self._receiving_since: float | None = self.loop.time()
        self._received = 0
        self._in_head = True
        self._fault: Problem | None = None
        self.last_active = self.loop.time()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered. One whose head has not come to its end is none yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    @property
    def unread_bytes(self) -> int:
        """What was written and not taken by the operating system yet."""
        return self.transport.get_write_buffer_size()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Enter the connection in the table, or refuse it with 429 if there are too many."""
        super().connection_made(transport)
        if not self._table.enter(self, self._address):
            self._refuse(too_many_connections())

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the connection out of the table."""
        self._table.leave(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close at once, with nothing more sent."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """Note that the client does not take what is written to it."""
        super().pause_writing()
        self._table.paused(self, self.loop.time())

    async def until_writable(self) -> None:
        """Wait until the client has taken most of what was written to it."""
        if self.flow.write_paused:
            await self.flow.drain()

    def on_response_complete(self) -> None:
        """Note when the connection became idle."""
        self.last_active = self.loop.time()
        if self._proxies is not None:
            self._table.move(self, self._address)
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, and end a request whose head or body is too large."""
        if self._receiving_since is None:
            self._receiving_since = self.loop.time()
            self._received = 0
        self._received += len(data)
        self.last_active = self.loop.time()
        super().data_received(data)
        if self._in_head and self._received > MAX_HEAD_BYTES:
            self.send_400_response(
                f"The request line and headers may have {MAX_HEAD_BYTES // 1024} KiB in all."
            )
        elif self._received > MAX_REQUEST_BYTES and self._is_receiving():
            self._refuse_the_rest()

    def on_message_begin(self) -> None:
        """Begin a request, and put this connection into its scope."""
        self._in_head = True
        super().on_message_begin()
        self.scope[CONNECTION] = self  # type: ignore[typeddict-unknown-key]

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header of the head; trailers are dropped."""
        # Trailers come here, too. RFC 9110 §6.5.1 lets a server drop them; kept, they could replace a
        # header that was looked at already, and there could be any number of them.
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the head and its client's connections, then hand the request to the application."""
        self._in_head = False
        fault = _fault_of_head(self.parser.get_http_version(), self.headers)
        if fault is not None:
            self._fault = Problem(BAD_REQUEST, fault)
        elif self._proxies is not None:
            self._fault = self._believe(self._proxies)
        if self._fault is not None:
            raise ValueError  # which the parser takes for a fault of the request's own
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request has arrived as a whole."""
        self._receiving_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer as any other fault is answered, and close the connection.

        uvicorn calls it, with a text of its own, for what its parser refuses.
        """
        if self.transport.is_closing():
            return
        if msg.startswith("Invalid HTTP"):
            self._refuse(self._fault or Problem(BAD_REQUEST, _NOT_HTTP))
        else:
            self._refuse(Problem(BAD_REQUEST, msg))

    def close_if_slow(self, now: float) -> None:
        """Close the connection if its request has not come to an end in time."""
        if self._receiving_since is not None and now - self._receiving_since > MAX_REQUEST_SECONDS:
            self.transport.close()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else "unix"

    def _believe(self, proxies: TrustedProxies) -> Problem | None:
        """Take the request for the client's that a trusted proxy names; return what keeps it from that."""
        try:
            address, scheme, host = proxies.origin_of(self._address, self.headers)
        except UnclearOrigin as fault:
            return Problem(BAD_REQUEST, str(fault))
        self.scope["client"] = (address, 0)
        if scheme is not None:
            self.scope["scheme"] = scheme
        if host is not None:
            self.headers[:] = [pair for pair in self.headers if pair[0] != b"host"]
            self.headers.append((b"host", host.encode("ascii")))
        return None if self._table.move(self, address) else too_many_connections()

    def _refuse(self, problem: Problem) -> None:
        """Answer instead of the application, which has not seen the request, and close the connection."""
        answer = problem_response(problem, str(uuid.uuid4()))
        body = answer["body"].encode()
        headers = answer["headers"] | {"Content-Length": str(len(body)), "Connection": "close"}
        status = f"HTTP/1.1 {problem.kind.status} {HTTPStatus(problem.kind.status).phrase}"
        lines = [status, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode("ascii") + body)
        self.transport.close()

    def _is_receiving(self) -> bool:
        return self._receiving_since is not None

    def _refuse_the_rest(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.response_started:
            self.transport.close()  # the answer is given, and what follows it would be read as part of it
        else:
            self.send_400_response(f"A request may have {MAX_REQUEST_BYTES // 1024} KiB in all.")

    def _unsupported_upgrade_warning(self) -> None:
        """Write no line to the log: an offer of another protocol may be passed over (RFC 9110 §7.8)."""


def _fault_of_head(version: str, headers: list[tuple[bytes, bytes]]) -> str | None:
    """What is wrong with a head that the parser let pass, or None."""
    if version not in _VERSIONS:
        return f"Use HTTP/1.1, not HTTP/{version}."
    if version == "1.1" and [name for name, _ in headers].count(b"host") != 1:
        return "A request names one host, in one Host header (RFC 9112 §3.2)."
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if codings and (codings != [b"chunked"] or version == "1.0"):
        # Proxies differ in how they read any other list, and so in where the request ends (RFC 9112 §6.1).
        return "Transfer-Encoding may only be chunked, named once, in HTTP/1.1; or send Content-Length."
    return None
