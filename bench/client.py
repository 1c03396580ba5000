"""A closed-loop HTTP/1.1 load client: a connection sends its next request when the last one is answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import uvloop

Requests = Iterator[bytes]


@dataclass(frozen=True)
class Result:
    """What one run saw: latencies in seconds, ascending; responses by status; seconds of wall time."""

    latencies: Sequence[float]
    statuses: Counter[int]
    seconds: float
    bodies: Sequence[bytes] = ()

    @property
    def rate(self) -> float:
        """Responses a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in seconds that `share` (0–1) of the requests did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def request(
    method: str,
    target: str,
    *,
    host: str,
    token: str,
    body: bytes = b"",
    content_type: str = "application/json",
) -> bytes:
    """The bytes of one request, built before the clock starts."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {token}"]
    if body:
        head += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def run(
    host: str, port: int, requests: Sequence[Requests], *, seconds: float = 60, keep_bodies: bool = False
) -> Result:
    """Send each of `requests` over a connection of its own until it ends or `seconds` are over.

    Raises ConnectionError when the server closes a connection or sends a body without Content-Length.
    """
    return uvloop.run(_run(host, port, requests, seconds, keep_bodies))


async def _run(
    host: str, port: int, requests: Sequence[Requests], seconds: float, keep_bodies: bool
) -> Result:
    loop = asyncio.get_running_loop()
    connections = []
    for source in requests:
        factory = partial(_Connection, source, keep_bodies)
        _, connection = await loop.create_connection(factory, host, port)
        connections.append(connection)
    start = time.perf_counter()
    for connection in connections:
        connection.start(start + seconds)
    await asyncio.gather(*(connection.done for connection in connections))
    elapsed = time.perf_counter() - start
    return Result(
        latencies=sorted(latency for connection in connections for latency in connection.latencies),
        statuses=Counter(status for connection in connections for status in connection.statuses),
        seconds=elapsed,
        bodies=[body for connection in connections for body in connection.bodies],
    )


class _Connection(asyncio.Protocol):
    """One keep-alive connection with one request in flight."""

    def __init__(self, requests: Requests, keep_bodies: bool) -> None:
        self.requests = requests
        self.keep_bodies = keep_bodies
        self.latencies: list[float] = []
        self.statuses: list[int] = []
        self.bodies: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.expected = 0
        self.deadline = self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def start(self, deadline: float) -> None:
        self.deadline = deadline
        self.send(time.perf_counter())

    def send(self, now: float) -> None:
        message = next(self.requests, None) if now < self.deadline else None
        if message is None:
            self.finish()
            return
        self.sent = now
        self.transport.write(message)

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        if not self.expected and not self.read_head():
            return
        if len(self.buffer) < self.expected:
            return
        now = time.perf_counter()
        self.latencies.append(now - self.sent)
        self.statuses.append(int(self.buffer[9:12]))
        if self.keep_bodies:
            self.bodies.append(self.buffer[self.buffer.index(b"\r\n\r\n") + 4 :])
        self.buffer, self.expected = b"", 0
        self.send(now)

    def read_head(self) -> bool:
        """Learn how long the response is; False while its head is incomplete."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.buffer[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            self.finish(ConnectionError(f"a response without Content-Length: {head.decode()}"))
            return False
        self.expected = end + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.finish(ConnectionError(f"the server closed the connection: {error or 'end of stream'}"))

    def finish(self, error: Exception | None = None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
            self.transport.close()
