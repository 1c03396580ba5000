"""All open connections: how many there may be, whose place a newcomer takes, how much they leave unread."""

import logging
import resource
from collections.abc import Callable
from typing import Final, Protocol

from orders_host.addresses import network_of
from orders_host.sparing import SparingLog

MAX_PER_ADDRESS: Final = 512
"""Connections of one client address, or of one /64 of IPv6."""

MAX_DESCRIPTORS: Final = 65_536
"""No more are asked of the operating system; on some there is no limit at all."""

RESERVED_DESCRIPTORS: Final = 192
"""For files, webhooks, and what else is opened while all connections are taken."""

MAX_UNREAD_BYTES: Final = 32 * 1_048_576
"""What all clients together may leave unread of their answers."""

STALLED_SECONDS: Final = 10.0
MIN_READ_BYTES: Final = 16_384
"""A client that does not read so much of what waits for it in `STALLED_SECONDS` is cut off."""

_log = logging.getLogger(__name__)


class Connection(Protocol):
    """What the table asks of a connection."""

    @property
    def last_active(self) -> float:
        """When something last came in or was answered; the event loop's time."""

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""

    @property
    def unread_bytes(self) -> int:
        """What was written to it and not taken by the operating system yet."""

    def close_if_slow(self, now: float) -> None:
        """Close it if its request does not come to an end."""

    def abort(self) -> None:
        """Close it at once; what was not sent is lost."""


class ConnectionTable:
    """The host's open connections. Not more than `max_total`, nor `max_per_address` of one client.

    A newcomer beyond that takes the place of the idle connection that was silent longest, among those of
    its own address or else of the address that has most. So a client that holds
    connections without using them loses those, and other clients lose none.

    A connection of a trusted proxy counts for the client whose request it carries, and between requests for
    the proxy, which may have as many as there are places.
    """

    def __init__(
        self,
        max_total: int,
        max_per_address: int = MAX_PER_ADDRESS,
        is_proxy: Callable[[str], bool] | None = None,
    ) -> None:
        self._max_total = max_total
        self._max_per_address = min(max_per_address, max_total)
        self._is_proxy = is_proxy or (lambda _: False)
        self._by_address: dict[str, set[Connection]] = {}
        self._address_of: dict[Connection, str] = {}
        self._unread: dict[Connection, tuple[float, int]] = {}
        self._crowded = SparingLog(_log)
        self._stalled = SparingLog(_log)

    def __len__(self) -> int:
        return len(self._address_of)

    def enter(self, connection: Connection, address: str) -> bool:
        """Add a connection; False if there is no place for it, and none to be freed."""
        key = self._key(address)
        if self._is_crowded(key):
            if not self._evict_one_of(self._by_address[key]):
                return False
        elif len(self) >= self._max_total:
            self._crowded.warning("all %d connections are taken", self._max_total)
            if not any(self._evict_one_of(connections) for connections in self._likely_idle()):
                return False
        self._put(connection, key)
        return True

    def move(self, connection: Connection, address: str) -> bool:
        """Count an open connection for another address; False if there is no place for it, nor one freed."""
        key, before = self._key(address), self._address_of.get(connection)
        if before is None or before == key:
            return True
        if self._is_crowded(key) and not self._evict_one_of(self._by_address[key]):
            return False
        self._take(connection)
        self._put(connection, key)
        return True

    def leave(self, connection: Connection) -> None:
        """Remove a connection that is closed, if it is still there."""
        self._unread.pop(connection, None)
        if connection in self._address_of:
            self._take(connection)

    def paused(self, connection: Connection, now: float) -> None:
        """Note that a client does not keep up; of those that do so longest, cut off as many as it takes."""
        self._unread.setdefault(connection, (now, connection.unread_bytes))
        waiting = sum(each.unread_bytes for each in self._unread)
        for each in list(self._unread):
            if waiting <= MAX_UNREAD_BYTES or each is connection:
                return
            waiting -= each.unread_bytes
            self._cut_off(each)

    def sweep(self, now: float) -> None:
        """Close what is too slow in sending or in reading. Call it about once a second."""
        for connection in list(self._address_of):
            connection.close_if_slow(now)
            unread = connection.unread_bytes
            if not unread:
                self._unread.pop(connection, None)
                continue
            since, before = self._unread.setdefault(connection, (now, unread))
            if now - since >= STALLED_SECONDS:
                if before - unread < MIN_READ_BYTES:
                    self._cut_off(connection)
                else:
                    self._unread[connection] = (now, unread)

    def abort_all(self) -> None:
        """Close all at once."""
        for connection in list(self._address_of):
            connection.abort()

    def _key(self, address: str) -> str:
        return address if self._is_proxy(address) else network_of(address)

    def _is_crowded(self, key: str) -> bool:
        number = len(self._by_address.get(key, ()))
        if number < self._max_per_address or self._is_proxy(key):
            return False
        self._crowded.warning("%s has %d connections, the most an address may have", key, number)
        return True

    def _likely_idle(self) -> list[set[Connection]]:
        """The connections of the address that has most, then those of proxies, among which idle ones are."""
        of_proxies = [each for key, each in self._by_address.items() if self._is_proxy(key)]
        return [max(self._by_address.values(), key=len), *of_proxies]

    def _put(self, connection: Connection, key: str) -> None:
        self._by_address.setdefault(key, set()).add(connection)
        self._address_of[connection] = key

    def _take(self, connection: Connection) -> None:
        key = self._address_of.pop(connection)
        self._by_address[key].remove(connection)
        if not self._by_address[key]:
            del self._by_address[key]

    def _cut_off(self, connection: Connection) -> None:
        self._stalled.warning("a client does not read its answer: %d bytes are lost", connection.unread_bytes)
        self._unread.pop(connection, None)
        connection.abort()

    def _evict_one_of(self, connections: set[Connection]) -> bool:
        """Close the idle one that was silent longest; False if none is idle."""
        idle = [each for each in connections if each.is_idle]
        if not idle:
            return False
        longest = min(idle, key=lambda each: each.last_active)
        self.leave(longest)
        longest.abort()
        return True


def raise_descriptor_limit() -> int:
    """Let this process open as many files as it may, and return how many connections that leaves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    limit = MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else min(soft, MAX_DESCRIPTORS)
    return max(limit - RESERVED_DESCRIPTORS, limit // 2)
