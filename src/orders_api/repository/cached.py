"""Orders by id from Redis or Valkey, in front of another store; the cache may fail, the answer may not.

Who finds nothing leaves a lease (a random token) under the order's key before it asks the store, and
may replace only that lease with what it read. A write removes whatever is under the key before it is
acknowledged, so no copy that was read before it can come after it:

    reader   lease ─ read v1 ────────────────────── replace lease with v1: refused, it is gone
    writer                    write v2 ─ remove key

https://www.usenix.org/system/files/conference/nsdi13/nsdi13-final170_update.pdf, section 3.2.1
"""

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic, perf_counter
from typing import Final, Literal, NamedTuple

import msgspec

from orders_api.events.model import OrderEvent
from orders_api.models import Order, OrderChange, OrderRemoval
from orders_api.repository import DayFigures, OrderQuery, Page, Position, Store
from orders_api.repository.circuit_breaker import CircuitBreaker
from orders_api.repository.redis_client import CacheUnavailable, RedisClient

TTL_SECONDS: Final = 60
"""The longest that a copy lives, and so the longest that one can be out of date when its removal failed."""

LEASE_SECONDS: Final = 10
"""The longest that a read of the store may take and still be kept."""

_REPLACE_LEASE: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1]"
    " then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end return 1"
)

# Two releases may run side by side. A copy that the other one made may lack what this one would read.
_SHAPE: Final = b"%08x" % zlib.crc32(repr(msgspec.inspect.type_info(Order)).encode())

Result = Literal["hit", "miss", "bypass"]


class Lookup(NamedTuple):
    """How a read by id fared in the cache, and how long it was busy with it."""

    result: Result
    seconds: float


class CachedOrderRepository:
    """`Store` that reads orders by id from the cache, and passes everything else on."""

    def __init__(
        self,
        inner: Store,
        cache: RedisClient,
        namespace: str,
        observe: Callable[[Lookup], None],
        breaker: CircuitBreaker | None = None,
    ) -> None:
        """`namespace` sets the keys of one table apart from another's."""
        self._inner = inner
        self._copies = _Copies(cache, namespace)
        self._breaker = breaker or CircuitBreaker()
        self._observe = observe

    def get(self, order_id: str) -> Order | None:
        started = perf_counter()
        result, order, lease = self._look_up(order_id)
        spent = perf_counter() - started
        if result != "hit":
            order = self._inner.get(order_id)
            started = perf_counter()
            if order is not None and lease is not None:
                self._keep(order, lease)
            spent += perf_counter() - started
        self._observe(Lookup(result, spent))
        return order

    def create(self, order: Order) -> None:
        # Only what exists is ever copied, and a removal is forgotten: nothing is kept under a new id.
        self._inner.create(order)

    def update(self, change: OrderChange) -> Order:
        with self._forgetting(change.order_id):
            return self._inner.update(change)

    def save(self, order: Order, expected_version: int) -> None:
        with self._forgetting(order.order_id):
            self._inner.save(order, expected_version)

    def delete(self, removal: OrderRemoval) -> None:
        with self._forgetting(removal.order_id):
            self._inner.delete(removal)

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        return self._inner.list_orders(query, limit, after)

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        return self._inner.list_events(order_id, limit, after_version)

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        return self._inner.daily_figures(first, last)

    def _look_up(self, order_id: str) -> "tuple[Result, Order | None, _Lease | None]":
        if not self._breaker.permits():
            return "bypass", None, None
        try:
            self._copies.forget_late()
            order = self._copies.find(order_id)
        except CacheUnavailable:
            self._breaker.failed()
            return "bypass", None, None
        self._breaker.succeeded()
        if order is not None:
            return "hit", order, None
        return "miss", None, self._lease(order_id)

    def _lease(self, order_id: str) -> "_Lease | None":
        try:
            return self._copies.lease(order_id)
        except CacheUnavailable:
            # A cache that is full still answers what it has.
            return None

    def _keep(self, order: Order, lease: "_Lease") -> None:
        try:
            self._copies.keep(order, lease)
        except CacheUnavailable:
            return

    @contextmanager
    def _forgetting(self, order_id: str) -> Iterator[None]:
        """Also when the write fails: one that got no answer may have been done."""
        try:
            yield
        finally:
            # Not for the breaker to prevent: what is not forgotten now, others may read.
            if self._copies.forget(order_id):
                self._breaker.succeeded()


class _Lease(NamedTuple):
    key: str
    token: bytes
    server: bytes


class _Copies:
    """The copies of orders in the cache. A copy is of this release's shape and of one run of the server.

    A server that starts again may bring back what was in it before, and has missed what was forgotten
    meanwhile; whatever an earlier run was told is no copy.
    """

    def __init__(self, cache: RedisClient, namespace: str) -> None:
        self._cache = cache
        self._namespace = namespace
        self._late: dict[str, float] = {}
        self._lock = Lock()

    def find(self, order_id: str) -> Order | None:
        (value,), server = self._cache.call(("GET", self._key(order_id)))
        mark = _mark(server)
        if not isinstance(value, bytes) or not value.startswith(mark):
            return None
        return msgspec.msgpack.decode(memoryview(value)[len(mark) :], type=Order)

    def lease(self, order_id: str) -> _Lease:
        key, token = self._key(order_id), os.urandom(12)
        _, server = self._cache.call(("SET", key, token, "PX", 1000 * LEASE_SECONDS))
        return _Lease(key, token, server)

    def keep(self, order: Order, lease: _Lease) -> None:
        # Marked with the run that gave the lease: the one that this reaches may be a later one.
        copy = _mark(lease.server) + msgspec.msgpack.encode(order)
        self._cache.call(("EVAL", _REPLACE_LEASE, 1, lease.key, lease.token, copy, 1000 * TTL_SECONDS))

    def forget(self, order_id: str) -> bool:
        """Remove the copy; whether that is certain. If not, `forget_late` comes before the next `find`."""
        key = self._key(order_id)
        try:
            self._cache.call(("DEL", key))
        except CacheUnavailable:
            with self._lock:
                self._late[key] = monotonic() + TTL_SECONDS
            return False
        return True

    def forget_late(self) -> None:
        """Remove what could not be removed in time.

        Raises:
            CacheUnavailable: it still can't, so nothing that is found can be trusted.
        """
        if not self._late:
            return
        with self._lock:
            now = monotonic()
            late = [key for key, expires in self._late.items() if expires > now]
            if late:
                self._cache.call(*(("DEL", key) for key in late))
            self._late.clear()

    def _key(self, order_id: str) -> str:
        return f"{self._namespace}:{order_id}"


def _mark(server: bytes) -> bytes:
    return b"%b:%b:" % (_SHAPE, server)
