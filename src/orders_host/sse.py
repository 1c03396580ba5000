"""`GET /v1/events`: what happens to the orders that the caller may see, as Server-Sent Events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Final

import msgspec

from orders_core import problems
from orders_core.access import Caller, caller_from
from orders_core.events import OrderEvent
from orders_core.proxy import common_headers
from orders_core.schemas import event_view_of
from orders_host.api import api_route
from orders_host.authorizer import Unauthorized
from orders_host.proxy import HttpRequest
from orders_host.relay.feed import Entry, Feed
from orders_host.routing import Authorize, Call, Claims, Route
from orders_host.streaming import Streamed

PATH: Final = "/v1/events"
HEARTBEAT_SECONDS: Final = 15.0
MAX_PER_CALLER: Final = 8

_RETRY: Final = b"retry: 2000\n\n"
_PAGE: Final = 20

_decoder: Final = msgspec.json.Decoder(OrderEvent)


class EventStreams:
    """The event streams of this host. Each reads the feed at its client's own pace and queues nothing."""

    def __init__(self, feed: Feed | None, cors_allow_origin: str) -> None:
        """Without a feed there are no streams."""
        self.routes: list[Route] = []
        if feed is not None:
            self.routes.append(
                api_route(PATH, ["GET"], partial(self._start, feed), cors_allow_origin, streamed=True)
            )
        self._headers = common_headers(cors_allow_origin) | {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
        self._open: Counter[str] = Counter()
        self._news: set[asyncio.Event] = set()
        self._closed = False

    def close(self) -> None:
        """End all streams: the host stops, and their clients will come back."""
        self._closed = True
        for news in self._news:
            news.set()

    async def _start(self, feed: Feed, call: Call) -> Streamed:
        """Start behind the event that the header Last-Event-ID names; without it, with what comes.

        Raises:
            Problem: the header is no event's id, or the caller has too many streams.
        """
        caller = _caller(call.claims)
        position = _last_event_id(call.request, feed.last)
        if self._open[caller.sub] >= MAX_PER_CALLER:
            raise problems.throttled()
        return Streamed(self._headers, self._chunks(feed, caller, position, call.authorize))

    async def _chunks(
        self, feed: Feed, caller: Caller, position: int, authorize: Authorize
    ) -> AsyncGenerator[bytes, None]:
        if self._open[caller.sub] >= MAX_PER_CALLER:
            return  # many came at the same moment
        news = asyncio.Event()
        self._open[caller.sub] += 1
        self._news.add(news)
        feed.follow(news.set)
        try:
            yield _RETRY
            while not self._closed and await _still_valid(authorize):
                news.clear()
                entries = feed.after(position, _PAGE)
                if entries:
                    position = entries[-1].sequence
                    yield _shown(entries, caller)
                elif not await _happens(news, HEARTBEAT_SECONDS):
                    yield _heartbeat(position)
        finally:
            feed.leave(news.set)
            self._news.discard(news)
            self._open[caller.sub] -= 1


def _caller(claims: Claims) -> Caller:
    try:
        return caller_from(claims)
    except KeyError:
        raise problems.unauthorized() from None


def _last_event_id(request: HttpRequest, newest: int) -> int:
    text = request.headers.get("last-event-id")
    if text is None:
        return newest
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        detail = "must be the id of an event of this stream, a whole number"
        raise problems.invalid_input([{"header": "Last-Event-ID", "detail": detail}])
    return min(int(text), newest)


async def _still_valid(authorize: Authorize) -> bool:
    try:
        await authorize()
    except Unauthorized:
        return False
    return True


async def _happens(news: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()
    return news.is_set()


def _shown(entries: Iterable[Entry], caller: Caller) -> bytes:
    """The entries that the caller may see. A page of others' orders is an empty chunk."""
    visible = [entry for entry in entries if caller.owner in (None, entry.customer_id)]
    return b"".join([_event(entry, internal=caller.sees_internal) for entry in visible])


def _event(entry: Entry, *, internal: bool) -> bytes:
    data = _public(entry.document, internal=internal)
    return data and b"id: %d\nevent: %s\ndata: %s\n\n" % (entry.sequence, entry.type.encode(), data)


@lru_cache(maxsize=512)
def _public(document: bytes, *, internal: bool) -> bytes:
    """The event as customers see it, or staff; empty if it can't be read. Rendered once for all streams."""
    try:
        return msgspec.json.encode(event_view_of(_decoder.decode(document), internal=internal))
    except msgspec.MsgspecError:
        return b""


def _heartbeat(position: int) -> bytes:
    """An id without data is no event, but what the client resumes behind."""
    return b": still here\nid: %d\n\n" % position
