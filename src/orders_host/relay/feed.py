"""Follows the outbox of orders.db: every committed event of any process, in the order of the commits."""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

POLL_SECONDS: Final = 0.5
"""How often it looks for what other processes wrote; this one's commits wake it at once."""

_GATHER_SECONDS: Final = 0.02
_PAGE: Final = 256
_REMEMBERED: Final = 512
_NO_END: Final = 2**62
_BUSY_TIMEOUT_SECONDS: Final = 0.25

_SELECT: Final = (
    "SELECT sequence, CASE WHEN :since IS NULL OR CAST(document AS TEXT) ->> '$.time' >= :since"
    " THEN document END FROM outbox"
)
_OF_ALL_ORDERS: Final = f"{_SELECT} WHERE sequence > :after ORDER BY sequence LIMIT 1000"
# An order has few events; their index is by version, which grows with the sequence.
_OF_ONE_ORDER: Final = f"{_SELECT} WHERE order_id = :order AND sequence > :after ORDER BY version"

_log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A row of the outbox; `document` is the OrderEvent's JSON.

    All texts are empty if the document can't be read, so that no customer and no webhook gets it.
    """

    sequence: int
    event_id: str
    type: str
    order_id: str
    customer_id: str
    document: bytes


class _Order(msgspec.Struct):
    customer_id: str


class _Event(msgspec.Struct):
    """The little of an event that says who may and who wants to hear of it."""

    id: str
    type: str
    order_id: str
    order: _Order


class Feed:
    """Reads the outbox over a connection of its own, for all followers in this process.

    The latest entries are kept in memory, so that many followers cost one read.
    """

    def __init__(self, orders_db: Path) -> None:
        """Raises sqlite3.Error when the file, which must exist, can't be read."""
        self._connection = sqlite3.connect(
            orders_db, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA query_only = ON")
            self.last = self._newest()
        except BaseException:
            self._connection.close()
            raise
        self._recent: deque[Entry] = deque(maxlen=_REMEMBERED)
        self._remembers_after = self.last
        self._woken = asyncio.Event()
        self._followers: set[Callable[[], None]] = set()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def follow(self, told: Callable[[], None]) -> None:
        """Call `told` whenever there is something new, until `leave`."""
        self._followers.add(told)

    def leave(self, told: Callable[[], None]) -> None:
        """End what `follow` began."""
        self._followers.discard(told)

    def wake(self) -> None:
        """Look now: something was committed."""
        self._woken.set()

    def after(self, sequence: int, limit: int = _PAGE) -> list[Entry]:
        """The next entries behind a sequence number, oldest first; none, if there are none yet."""
        if sequence >= self._remembers_after:
            # From the newest: most who ask have all but the last few.
            behind = takewhile(lambda entry: entry.sequence > sequence, reversed(self._recent))
            return [*behind][::-1][:limit]
        return self._rows(sequence, self.last, limit)

    def search(self, since: str | None, order_id: str | None) -> Iterator[Entry]:
        """Yield all that happened since a time (RFC 3339 UTC with milliseconds) to this order, or to any.

        Raises sqlite3.Error. The outbox is read in slices: memory does not grow with it.
        """
        statement = _OF_ONE_ORDER if order_id else _OF_ALL_ORDERS
        bound: dict[str, object] = {"since": since, "order": order_id, "after": self._before(since)}
        while rows := self._connection.execute(statement, bound).fetchall():
            yield from (_entry(sequence, document) for sequence, document in rows if document is not None)
            bound["after"] = rows[-1][0]

    def _before(self, since: str | None) -> int:
        """Return a sequence number that no event since a time has, nor any that is smaller."""
        if since is None:
            return 0
        (first,) = self._connection.execute(
            "SELECT min(first_sequence) FROM outbox_day WHERE day >= ?", (since[:10],)
        ).fetchone()
        return self._newest() if first is None else int(first) - 1

    def latest(self, limit: int) -> list[Entry]:
        """The last entries there are, oldest first."""
        rows = self._connection.execute(
            "SELECT sequence, document FROM outbox WHERE sequence <= ? ORDER BY sequence DESC LIMIT ?",
            (self.last, limit),
        ).fetchall()
        return [_entry(sequence, document) for sequence, document in reversed(rows)]

    def count_after(self, sequence: int) -> int:
        """How many entries there are behind a sequence number; a restore leaves gaps between them."""
        (number,) = self._connection.execute(
            "SELECT count(*) FROM outbox WHERE sequence > ?", (sequence,)
        ).fetchone()
        return int(number)

    def entry(self, sequence: int) -> Entry | None:
        """One entry; None if it is not in the outbox."""
        found = self.after(sequence - 1, 1)
        return found[0] if found and found[0].sequence == sequence else None

    async def run(self) -> None:
        """Follow the outbox until cancelled."""
        while True:
            self._woken.clear()
            try:
                if self.look():
                    await asyncio.sleep(0)
                    continue
            except sqlite3.Error:
                _log.exception("the outbox can't be read; trying again")
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()
                    # Under load commits come every few milliseconds: one look finds the events of several.
                    await asyncio.sleep(_GATHER_SECONDS)

    def look(self) -> bool:
        """Read on, and call the followers if there is something new; return whether there was.

        Raises:
            sqlite3.Error: the file can't be read.
        """
        if not self._followers:
            return self._pass_over()
        fresh = self._rows(self.last, _NO_END, _PAGE)
        if not fresh:
            return False
        for entry in fresh:
            if len(self._recent) == _REMEMBERED:
                self._remembers_after = self._recent[0].sequence
            self._recent.append(entry)
        self.last = fresh[-1].sequence
        for told in list(self._followers):
            told()
        return True

    def _pass_over(self) -> bool:
        before, self.last = self.last, self._newest()
        self._recent.clear()
        self._remembers_after = self.last
        return self.last != before

    def _rows(self, after: int, up_to: int, limit: int) -> list[Entry]:
        rows = self._connection.execute(
            "SELECT sequence, document FROM outbox WHERE sequence > ? AND sequence <= ?"
            " ORDER BY sequence LIMIT ?",
            (after, up_to, limit),
        )
        return [_entry(sequence, document) for sequence, document in rows.fetchall()]

    def _newest(self) -> int:
        (newest,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM outbox").fetchone()
        return int(newest)


def _entry(sequence: int, document: bytes) -> Entry:
    try:
        event = msgspec.json.decode(document, type=_Event)
    except msgspec.DecodeError:
        _log.exception("event %s of the outbox can't be read and is passed over", sequence)
        return Entry(sequence, "", "", "", "", document)
    return Entry(sequence, event.id, event.type, event.order_id, event.order.customer_id, document)
