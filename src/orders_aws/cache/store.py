"""Orders by id from Redis or Valkey, in front of another store; the cache may fail, the answer may not.

A reader that finds nothing leaves a lease (a random token) under the order's key before it asks the store,
and may replace only that lease with what it read. Other readers leave the lease alone: they wait a moment
for the copy, and then ask the store without keeping what it says. A write puts a lease of its own under the
key before and removes the key after, so no copy that was read before it can come after it:

    reader   lease ─ read v1 ───────────────────────── replace lease with v1: refused, it is gone
    writer              block ─ write v2 ─ remove key

A writer that is killed after its write leaves its lease, which ends by itself.
https://www.usenix.org/system/files/conference/nsdi13/nsdi13-final170_update.pdf, section 3.2.1
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import Final

from orders_aws.cache.circuit_breaker import CircuitBreaker
from orders_aws.cache.orders import Lease, OrderCache
from orders_aws.cache.redis_client import CacheUnavailable, RedisClient
from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange, OrderRemoval
from orders_core.stores import CreateRefused, DayFigures, OrderQuery, Page, Position, Store, WebhookRegistry
from orders_core.telemetry import CacheResult

_WAITS_SECONDS: Final = (0.005, 0.01)
"""How long a reader waits for another's copy: about as long as a read of DynamoDB takes, then once more."""


class CachedOrderRepository:
    """`Store` that reads orders by id from the cache, and passes everything else on."""

    def __init__(
        self,
        inner: Store,
        cache: RedisClient,
        namespace: str,
        observe: Callable[[CacheResult, float], None],
        breaker: CircuitBreaker | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`namespace` sets the keys of one table apart from another's.

        `observe` is told how each read by id fared, and the seconds that the cache took of it.
        """
        self._inner = inner
        self.accounts = inner.accounts
        self._copies = OrderCache(cache, namespace)
        self._observe = observe
        self._breaker = breaker or CircuitBreaker()
        self._wait = wait

    @property
    def webhooks(self) -> WebhookRegistry:
        """See `Store`."""
        return self._inner.webhooks

    def get(self, order_id: str) -> Order | None:
        """Return the order from the cache, or from the store and keep a copy."""
        started = perf_counter()
        result, order, lease = self._find_or_lease(order_id)
        spent = perf_counter() - started
        if result != "hit":
            order = self._inner.get(order_id)
            started = perf_counter()
            self._keep(order, lease)
            spent += perf_counter() - started
        self._observe(result, spent)
        return order

    def create(self, order: Order) -> None:
        """Store a new order; nothing is cached under a new id."""
        # Only what was read is ever kept, and a removal is forgotten: there is nothing under a new id.
        self._inner.create(order)

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        """Store new orders, as `create` does."""
        return self._inner.create_all(orders)

    def update(self, change: OrderChange) -> Order:
        """Apply the change and invalidate the order's copy."""
        with self._forgetting(change.order_id):
            return self._inner.update(change)

    def save(self, order: Order, expected_version: int) -> None:
        """Store the order and invalidate its copy."""
        with self._forgetting(order.order_id):
            self._inner.save(order, expected_version)

    def delete(self, removal: OrderRemoval) -> None:
        """Delete the order and invalidate its copy."""
        with self._forgetting(removal.order_id):
            self._inner.delete(removal)

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """Ask the store; listings are not cached."""
        return self._inner.list_orders(query, limit, after)

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        """Ask the store; numbers are not cached."""
        return self._inner.count_orders(query, up_to)

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        """Ask the store; events are not cached."""
        return self._inner.list_events(order_id, limit, after_version)

    def rewrite_event(self, event: OrderEvent) -> None:
        """Tell the store; events are not cached."""
        self._inner.rewrite_event(event)

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        """Ask the store; listings are not cached."""
        return self._inner.list_deleted(customer_id, limit, after)

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        """Ask the store; figures are not cached."""
        return self._inner.daily_figures(first, last)

    def _find(self, order_id: str) -> tuple[CacheResult, Order | None]:
        if not self._breaker.permits():
            return "bypass", None
        try:
            order = self._copies.find(order_id)
        except CacheUnavailable:
            self._breaker.failed()
            return "bypass", None
        self._breaker.succeeded()
        return ("hit" if order else "miss"), order

    def _find_or_lease(self, order_id: str) -> tuple[CacheResult, Order | None, Lease | None]:
        """The copy, or the right to make it; neither when another reader does not come with it in time."""
        result, order = self._find(order_id)
        # Not the breaker's business: a cache that is full still tells what it has.
        with suppress(CacheUnavailable):
            for seconds in _WAITS_SECONDS:
                if result != "miss":
                    break
                if (lease := self._copies.lease(order_id)) is not None:
                    return result, None, lease
                self._wait(seconds)
                result, order = self._find(order_id)
        return result, order, None

    def _keep(self, order: Order | None, lease: Lease | None) -> None:
        if order is not None and lease is not None:
            with suppress(CacheUnavailable):
                self._copies.keep(order, lease)

    @contextmanager
    def _forgetting(self, order_id: str) -> Iterator[None]:
        """Also when the write fails: one that got no answer may have been done."""
        self._block(order_id)
        try:
            yield
        finally:
            # Without asking the breaker: what is not forgotten now, another process may still read.
            if self._copies.forget(order_id):
                self._breaker.succeeded()

    def _block(self, order_id: str) -> None:
        # Its failures are not counted: a cache that refuses writes still tells what it has.
        if self._breaker.is_closed:
            with suppress(CacheUnavailable):
                self._copies.block(order_id)
