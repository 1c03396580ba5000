"""A store in memory that counts its calls and can be held up between its answer and its caller."""

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock

from msgspec.structs import replace

from orders_core import models
from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange, OrderNotFound, OrderRemoval, VersionMismatch
from orders_core.stores import (
    CreateRefused,
    DayFigures,
    NoAccounts,
    OrderExists,
    OrderQuery,
    Page,
    Position,
    WebhookRegistry,
    no_webhooks,
)


class MemoryStore:
    """`Store`; `meanwhile` is called after each read or write, before its caller learns of it."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self.accounts = NoAccounts()
        self._lock = Lock()
        self.calls: Counter[str] = Counter()
        self.meanwhile: Callable[[str], None] = lambda operation: None

    @property
    def webhooks(self) -> WebhookRegistry:
        return no_webhooks()

    def create(self, order: Order) -> None:
        with self._lock:
            if order.order_id in self._orders:
                raise OrderExists(self._orders[order.order_id])
            self._orders[order.order_id] = order
        self._done("create")

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        raise NotImplementedError

    def get(self, order_id: str) -> Order | None:
        with self._lock:
            order = self._orders.get(order_id)
        self._done("get")
        return order

    def update(self, change: OrderChange) -> Order:
        with self._lock:
            order = models.change(self._stored(change.order_id), change)
            self._orders[order.order_id] = order
        self._done("update")
        return order

    def save(self, order: Order, expected_version: int) -> None:
        with self._lock:
            current = self._stored(order.order_id)
            if current.version != expected_version:
                raise VersionMismatch(current.version)
            self._orders[order.order_id] = order
        self._done("save")

    def delete(self, removal: OrderRemoval) -> None:
        with self._lock:
            models.check_removal(self._stored(removal.order_id), removal)
            del self._orders[removal.order_id]
        self._done("delete")

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        self._done("list_orders")
        return Page(list(self._orders.values())[:limit], None)

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        self._done("count_orders")
        return min(len(self._orders), up_to)

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        self._done("list_events")
        return []

    def rewrite_event(self, event: OrderEvent) -> None:
        self._done("rewrite_event")

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        self._done("list_deleted")
        return []

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        self._done("daily_figures")
        return []

    def bump(self, order_id: str) -> int:
        """Give the order its next version, as another process would, and return it."""
        with self._lock:
            order = self._orders[order_id]
            self._orders[order_id] = replace(order, version=order.version + 1)
            return order.version + 1

    def _stored(self, order_id: str) -> Order:
        order = self._orders.get(order_id)
        if order is None:
            raise OrderNotFound(order_id)
        return order

    def _done(self, operation: str) -> None:
        self.calls[operation] += 1
        self.meanwhile(operation)
