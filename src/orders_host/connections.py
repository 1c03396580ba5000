"""HTTP/1.1 connections, with bounds on what a client may send before it is answered, and how slowly.

uvicorn itself takes a head of any size at any pace; in front of it there may be nobody who does not.
"""

import uuid
from asyncio import Transport
from collections.abc import Iterable
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from orders_core.problems import BAD_REQUEST, Problem
from orders_core.proxy import problem_response

MAX_HEAD_BYTES: Final = 65_536
"""Request line and headers. What comes with the read that completes them is not counted."""

MAX_REQUEST_SECONDS: Final = 60.0
"""From a request's first byte, or a new connection, to its last byte."""


class BoundedConnection(HttpToolsProtocol):
    """A client's connection. uvicorn closes those that are idle between requests."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._receiving_since: float | None = self.loop.time()
        self._received = 0
        self._in_head = True

    def data_received(self, data: bytes) -> None:
        if self._receiving_since is None:
            self._receiving_since = self.loop.time()
            self._received = 0
        self._received += len(data)
        super().data_received(data)
        if self._in_head and self._received > MAX_HEAD_BYTES:
            self.send_400_response(
                f"The request line and headers may have {MAX_HEAD_BYTES // 1024} KiB in all."
            )

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self.parser.get_http_version() == "1.1" and [name for name, _ in self.headers].count(b"host") != 1:
            raise ValueError("a request names one host (RFC 9112 §3.2)")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._receiving_since = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """The same kind of answer as any other fault gets."""
        if self.transport.is_closing():
            return
        answer = problem_response(Problem(BAD_REQUEST, msg), str(uuid.uuid4()))
        body = answer["body"].encode()
        headers = answer["headers"] | {"Content-Length": str(len(body)), "Connection": "close"}
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode("ascii") + body)
        self.transport.close()

    def close_if_slow(self, now: float) -> None:
        if self._receiving_since is not None and now - self._receiving_since > MAX_REQUEST_SECONDS:
            self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Not worth a line in the log: an offer of another protocol may be passed over (RFC 9110 §7.8)."""


def close_slow(connections: Iterable[object], now: float) -> None:
    """Close those whose request does not come to an end; `now` is the event loop's time."""
    for connection in list(connections):
        if isinstance(connection, BoundedConnection):
            connection.close_if_slow(now)
