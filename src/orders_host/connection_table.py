"""All open connections: how many there may be, whose place a newcomer takes, how much they leave unread."""

import logging
import resource
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
    """

    def __init__(self, max_total: int, max_per_address: int | None = MAX_PER_ADDRESS) -> None:
        """`max_per_address` is None behind a proxy, whose connections all have its own address."""
        self._max_total = max_total
        self._max_per_address = min(max_per_address or max_total, max_total)
        self._by_address: dict[str, set[Connection]] = {}
        self._address_of: dict[Connection, str] = {}
        self._unread: dict[Connection, tuple[float, int]] = {}
        self._crowded = SparingLog(_log)
        self._stalled = SparingLog(_log)

    def __len__(self) -> int:
        return len(self._address_of)

    def enter(self, connection: Connection, address: str) -> bool:
        """Add a connection; False if there is no place for it, and none to be freed."""
        key = network_of(address)
        own = self._by_address.get(key, set())
        if len(own) >= self._max_per_address:
            self._crowded.warning("%s has %d connections, the most an address may have", key, len(own))
            if not self._evict_one_of(own):
                return False
        elif len(self) >= self._max_total:
            self._crowded.warning("all %d connections are taken", self._max_total)
            if not self._evict_one_of(max(self._by_address.values(), key=len)):
                return False
        self._by_address.setdefault(key, set()).add(connection)
        self._address_of[connection] = key
        return True

    def leave(self, connection: Connection) -> None:
        """Remove a connection that is closed, if it is still there."""
        self._unread.pop(connection, None)
        key = self._address_of.pop(connection, None)
        if key is not None:
            self._by_address[key].remove(connection)
            if not self._by_address[key]:
                del self._by_address[key]

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
