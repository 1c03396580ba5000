"""Webhook endpoints of every kind, on this machine; each notes the requests it gets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"

Talk = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


class Request(NamedTuple):
    """Header names are in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """A listener on 127.0.0.1 that answers as its `talk` does."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.port = 0

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/hook?key=1"


def answer(response: bytes) -> Talk:
    """Sends this and closes."""

    async def talk(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(response)
        await writer.drain()

    return talk


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """An endpoint for as long as the block lasts."""
    endpoint = Endpoint()
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            request = await _read(reader)
            endpoint.requests.append(request)
            await talk(request, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        for task in serving:
            if task is not None:
                task.cancel()
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
    return Request(line, headers, await reader.readexactly(int(headers["content-length"])))
