"""Answers that go on: sends them as they come, to clients that keep up, until either side has enough."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, NamedTuple

from orders_host.asgi import Receive, Send

SLOW_SECONDS: Final = 10.0
"""A client that takes nothing for so long is dropped."""


class Streamed(NamedTuple):
    """An answer of status 200 in chunks; the generator is closed when the client stops reading."""

    headers: dict[str, str]
    chunks: AsyncGenerator[bytes, None]


async def send_stream(
    send: Send, receive: Receive, answer: Streamed, more: dict[str, str], abort: Callable[[], None]
) -> int:
    """Send it until it ends, fails, the client goes, or is too slow; returns the bytes of the body.

    `abort` closes the connection of a client that is too slow: closed politely, it would stay open until
    the client has read what was sent. So it does when the answer fails: what is cut off must not look whole.
    """
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in {**answer.headers, **more}.items()
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    pump = asyncio.create_task(_pump(send, answer.chunks))
    gone = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        pump.cancel()
        gone.cancel()
        sent, _ = await asyncio.gather(pump, gone, return_exceptions=True)
        if isinstance(sent, Exception):
            abort()
    return sent if isinstance(sent, int) else 0


async def _pump(send: Send, chunks: AsyncGenerator[bytes, None]) -> int:
    sent = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            async with asyncio.timeout(SLOW_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
            # A long backlog must not keep all others waiting.
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
    return sent


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
