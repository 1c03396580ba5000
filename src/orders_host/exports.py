"""`GET /v1/orders/export`: all orders of a listing as one stream, for staff.

Read in slices, each in a thread and only when the client has taken the one before: memory does not grow with
the number of orders, and a client that is slow holds up no other.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from orders_contract import order_rows
from orders_core import problems
from orders_core.models import Order
from orders_core.operations.reports import export_query
from orders_core.parameter_table import FORMATS
from orders_core.proxy import Request, common_headers
from orders_core.schemas import view_of
from orders_core.stores import OrderQuery, Position, Store, UnsupportedQuery
from orders_host.api import api_route, to_event
from orders_host.routing import Authorize, Call
from orders_host.streaming import Streamed

PATH: Final = "/v1/orders/export"
MAX_PER_CALLER: Final = 2

_SLICE: Final = 100
"""Orders that are read at a time: some milliseconds of a thread."""


class Stopped(Exception):
    """An export that was begun can't go on: the host stops, or its caller has too many."""


class _Slice(NamedTuple):
    """Some of the orders, as they are sent, and where the next ones start; None after the last."""

    content: bytes
    next_after: Position | None


Beside = Callable[[Callable[[], _Slice]], Awaitable[_Slice]]
"""Runs a read beside the event loop."""


class OrderExports:
    """The exports of this host."""

    def __init__(self, store: Store, beside: Beside, cors_allow_origin: str) -> None:
        self.routes = [api_route(PATH, ["GET"], self._start, cors_allow_origin, streamed=True)]
        self._store = store
        self._beside = beside
        self._headers = common_headers(cors_allow_origin) | {"X-Accel-Buffering": "no"}
        self._open: Counter[str] = Counter()
        self._closed = False

    def close(self) -> None:
        """Break all exports off: the host stops."""
        self._closed = True

    async def _start(self, call: Call) -> Streamed:
        """Begin with the first slice, so that what is refused has an answer of its own.

        Raises:
            Problem: 400, 401, 403, or 429 for one more than MAX_PER_CALLER.
        """
        request = Request(to_event(PATH, call))
        query, format_ = export_query(request)
        caller = request.caller.sub
        if self._open[caller] >= MAX_PER_CALLER:
            raise problems.throttled()
        try:
            first = await self._read(query, format_, None)
        except UnsupportedQuery as error:
            raise problems.invalid_input([{"parameter": error.parameter, "detail": error.detail}]) from None
        headers = self._headers | {
            "Content-Type": f"{FORMATS[format_]}; charset=utf-8",
            "Content-Disposition": f'attachment; filename="orders.{format_}"',
        }
        return Streamed(headers, self._chunks(caller, query, format_, first, call.authorize))

    async def _chunks(
        self, caller: str, query: OrderQuery, format_: str, first: _Slice, authorize: Authorize
    ) -> AsyncGenerator[bytes, None]:
        if self._open[caller] >= MAX_PER_CALLER:
            raise Stopped  # many came at the same moment
        self._open[caller] += 1
        try:
            if format_ == "csv":
                yield order_rows.header().encode()
            part = first
            while True:
                if part.content:
                    yield part.content
                if part.next_after is None:
                    return
                if self._closed:
                    raise Stopped
                await authorize()
                part = await self._read(query, format_, part.next_after)
        finally:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]

    async def _read(self, query: OrderQuery, format_: str, after: Position | None) -> _Slice:
        return await self._beside(partial(_slice, self._store, query, _WRITERS[format_], after))


def _slice(
    store: Store, query: OrderQuery, write: Callable[[Order], bytes], after: Position | None
) -> _Slice:
    page = store.list_orders(query, _SLICE, after)
    return _Slice(b"".join(map(write, page.orders)), page.next_after)


def _as_line(order: Order) -> bytes:
    return msgspec.json.encode(view_of(order, internal=True)) + b"\n"


def _as_rows(order: Order) -> bytes:
    view: dict[str, Any] = msgspec.to_builtins(view_of(order))
    return order_rows.rows_of(view).encode()


_WRITERS: Final[dict[str, Callable[[Order], bytes]]] = {"ndjson": _as_line, "csv": _as_rows}
