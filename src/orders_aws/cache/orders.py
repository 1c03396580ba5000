"""OrderCache of orders in Redis or Valkey: found, leased, kept and forgotten.

A copy is of this release's shape and of one run of the server. A server that starts again may bring
back what was in it before, and has missed removals meanwhile: copies from an earlier run are ignored.
"""

import os
import zlib
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

import msgspec

from orders_aws.cache.redis_client import CacheUnavailable, RedisClient
from orders_core.models import Order

TTL_SECONDS: Final = 60
"""The longest that a copy lives, and so the longest that one can be out of date when its removal failed."""

LEASE_SECONDS: Final = 10
"""The longest that a read of the store may take and still be kept."""

_LATE_AT_ONCE: Final = 200

_LEASE: Final = b"lease:"
_TAKE_LEASE: Final = (
    "local found = redis.call('GET', KEYS[1])"
    " if found and string.sub(found, 1, 6) == 'lease:' then return 0 end"
    " redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return 1"
)

_REPLACE_LEASE: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1]"
    " then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end return 1"
)

# Two releases may run side by side. A copy that the other one made may lack what this one would read.
_SHAPE: Final = b"%08x" % zlib.crc32(repr(msgspec.inspect.type_info(Order)).encode())


class Lease(NamedTuple):
    """The right to keep a copy under a key, until a writer removes the key."""

    key: str
    token: bytes
    server: bytes


class OrderCache:
    """Every method but `forget` raises CacheUnavailable when the cache does not do what it is asked."""

    def __init__(self, cache: RedisClient, namespace: str) -> None:
        self._cache = cache
        self._namespace = namespace
        self._late: dict[str, float] = {}
        self._lock = Lock()

    def find(self, order_id: str) -> Order | None:
        """The copy, if there is one that can be trusted."""
        self._forget_late()
        (value,), server = self._cache.call(("GET", self._key(order_id)))
        mark = _mark(server)
        if not isinstance(value, bytes) or not value.startswith(mark):
            return None
        try:
            return msgspec.msgpack.decode(memoryview(value)[len(mark) :], type=Order)
        except msgspec.MsgspecError:
            return None

    def lease(self, order_id: str) -> Lease | None:
        """Announce a copy, before the store is asked for the order; None while another reader does."""
        key, token = self._key(order_id), _LEASE + os.urandom(12)
        (taken,), server = self._cache.call(("EVAL", _TAKE_LEASE, 1, key, token, 1000 * LEASE_SECONDS))
        return Lease(key, token, server) if taken == 1 else None

    def block(self, order_id: str) -> None:
        """Remove a copy and let none be kept for LEASE_SECONDS, or until `forget`.

        Before a write: a writer that is killed before it can forget the order leaves no copy behind.
        """
        token = _LEASE + os.urandom(12)
        self._cache.call(("SET", self._key(order_id), token, "PX", 1000 * LEASE_SECONDS))

    def keep(self, order: Order, lease: Lease) -> None:
        """Put the copy in the lease's place; if that is gone, a later reader or writer came between."""
        # Marked with the run that gave the lease: the one that this reaches may be a later one.
        copy = _mark(lease.server) + msgspec.msgpack.encode(order)
        self._cache.call(("EVAL", _REPLACE_LEASE, 1, lease.key, lease.token, copy, 1000 * TTL_SECONDS))

    def forget(self, order_id: str) -> bool:
        """Remove whatever there is, and say whether that worked. If not, no copy is trusted until it does."""
        key = self._key(order_id)
        try:
            self._cache.call(("DEL", key))
        except CacheUnavailable:
            with self._lock:
                # A reader that has a lease already may still keep its copy.
                self._late[key] = monotonic() + LEASE_SECONDS + TTL_SECONDS
            return False
        return True

    def _forget_late(self) -> None:
        if not self._late:
            return
        with self._lock:
            now = monotonic()
            self._late = {key: until for key, until in self._late.items() if until > now}
            some = list(self._late)[:_LATE_AT_ONCE]
            self._cache.call(*(("DEL", key) for key in some))
            for key in some:
                del self._late[key]
            if self._late:
                raise CacheUnavailable("there is more to forget")

    def _key(self, order_id: str) -> str:
        return f"{self._namespace}:{order_id}"


def _mark(server: bytes) -> bytes:
    return _SHAPE + server[:16]
