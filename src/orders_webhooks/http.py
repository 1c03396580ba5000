"""Sends one POST to an address that was looked up and checked once: no redirects, no waiting without end."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from orders_webhooks.addresses import Target

CONNECT_TIMEOUT_SECONDS: Final = 5.0
TOTAL_TIMEOUT_SECONDS: Final = 15.0
MAX_HEAD_BYTES: Final = 16_384

_MAX_INFORMATIONAL: Final = 5
_CLOSE_TIMEOUT_SECONDS: Final = 1.0


class WebhookResponse(NamedTuple):
    """Status and headers (names in lower case) of a response; its body is not read."""

    status: int
    headers: dict[str, str]


class NoReply(Exception):
    """There is no answer; the message says what happened instead."""


Resolver = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Look up the addresses of a host in a thread of its own, so that a slow name server delays no other.

    Raises:
        OSError: there are none.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(found: list[str] | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def look_up() -> None:
        found = _addresses(host, port)
        with suppress(RuntimeError):  # the loop is closed, so the caller is gone too
            loop.call_soon_threadsafe(settle, found)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    return await answer


async def post(
    target: Target, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
) -> WebhookResponse:
    """One POST over a new connection to the first address that takes it; certificate and Host are the name's.

    Raises:
        NoReply: no connection, a bad certificate, an answer that is no HTTP; not for slowness.
    """
    try:
        return await _post(target, addresses, _head(target, headers, body) + body)
    except asyncio.IncompleteReadError:
        raise NoReply("the connection was closed without an answer") from None
    except asyncio.LimitOverrunError:
        raise NoReply(f"the answer's headers exceed {MAX_HEAD_BYTES} bytes") from None
    except ssl.SSLCertVerificationError as error:
        raise NoReply(f"its certificate is not valid: {error.verify_message}") from None
    except OSError as error:
        raise NoReply(f"the connection failed: {error.strerror or type(error).__name__}") from None


async def _post(target: Target, addresses: Sequence[str], message: bytes) -> WebhookResponse:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            reader, writer = await _connect(target, addresses)
    except TimeoutError:
        raise NoReply(f"no connection within {CONNECT_TIMEOUT_SECONDS:.0f} s") from None
    try:
        writer.write(message)
        await writer.drain()
        for _ in range(_MAX_INFORMATIONAL):
            reply = _parse(await reader.readuntil(b"\r\n\r\n"))
            if reply.status >= 200:
                return reply
        raise NoReply("it answers with informational responses only")
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _connect(
    target: Target, addresses: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return await _open(target, address)
    return await _open(target, last)


async def _open(target: Target, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if not target.tls:
        return await asyncio.open_connection(address, target.port, limit=MAX_HEAD_BYTES)
    return await asyncio.open_connection(
        address,
        target.port,
        limit=MAX_HEAD_BYTES,
        ssl=_tls(),
        server_hostname=target.host,
        ssl_shutdown_timeout=_CLOSE_TIMEOUT_SECONDS,
    )


_contexts: Final[list[ssl.SSLContext]] = []


def _tls() -> ssl.SSLContext:
    # Made when it is first needed: reading the certificates takes 20 ms.
    if not _contexts:
        _contexts.append(ssl.create_default_context())
    return _contexts[0]


def _head(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    every = {"Host": target.authority, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in every.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _parse(head: bytes) -> WebhookResponse:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not (rest[:3].isascii() and rest[:3].isdigit()):
        raise NoReply("the answer is no HTTP")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
    }
    return WebhookResponse(int(rest[:3]), headers)


def _addresses(host: str, port: int) -> list[str] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error if isinstance(error, OSError) else OSError(str(error))
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
