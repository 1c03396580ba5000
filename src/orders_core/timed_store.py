"""Measures what one request asks of the store, and how long it waits for it."""

from collections.abc import Callable, Sequence
from time import perf_counter, time
from typing import NamedTuple, ParamSpec, TypeVar

from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange, OrderRemoval
from orders_core.stores import (
    Accounts,
    CreateRefused,
    DayFigures,
    OrderQuery,
    Page,
    Position,
    Store,
    WebhookRegistry,
)

P = ParamSpec("P")
R = TypeVar("R")


class StoreCall(NamedTuple):
    """A method of the store, the Unix time at which it was called, and the seconds that it took."""

    name: str
    start: float
    seconds: float


class TimedStore:
    """`Store` that passes everything on and takes note of each call."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.calls: list[StoreCall] = []

    @property
    def accounts(self) -> Accounts:
        """What else is held of customers; it is not measured."""
        return self._inner.accounts

    @property
    def webhooks(self) -> WebhookRegistry:
        """The endpoints that are told of events; they are not measured."""
        return self._inner.webhooks

    @property
    def seconds(self) -> float:
        """The time that all calls took together."""
        return sum(call.seconds for call in self.calls)

    def create(self, order: Order) -> None:
        """See `OrderRepository.create`."""
        self._timed(self._inner.create, order)

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        """See `OrderRepository.create_all`."""
        return self._timed(self._inner.create_all, orders)

    def get(self, order_id: str) -> Order | None:
        """See `OrderRepository.get`."""
        return self._timed(self._inner.get, order_id)

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """See `OrderRepository.list_orders`."""
        return self._timed(self._inner.list_orders, query, limit, after)

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        """See `OrderRepository.count_orders`."""
        return self._timed(self._inner.count_orders, query, up_to)

    def update(self, change: OrderChange) -> Order:
        """See `OrderRepository.update`."""
        return self._timed(self._inner.update, change)

    def save(self, order: Order, expected_version: int) -> None:
        """See `OrderRepository.save`."""
        self._timed(self._inner.save, order, expected_version)

    def delete(self, removal: OrderRemoval) -> None:
        """See `OrderRepository.delete`."""
        self._timed(self._inner.delete, removal)

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        """See `EventRepository.list_events`."""
        return self._timed(self._inner.list_events, order_id, limit, after_version)

    def rewrite_event(self, event: OrderEvent) -> None:
        """See `ErasureRepository.rewrite_event`."""
        self._timed(self._inner.rewrite_event, event)

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        """See `ErasureRepository.list_deleted`."""
        return self._timed(self._inner.list_deleted, customer_id, limit, after)

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        """See `StatisticsRepository.daily_figures`."""
        return self._timed(self._inner.daily_figures, first, last)

    def _timed(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        start, started = time(), perf_counter()
        try:
            return call(*args, **kwargs)
        finally:
            self.calls.append(StoreCall(call.__name__, start, perf_counter() - started))
