"""orders.db as a side of a migration: read page by page, so that memory does not grow with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from orders_core.models import Order, OrderStatus
from orders_core.stores import DayFigures
from orders_host import sqlite_file
from orders_host.sqlite_schema import MIGRATIONS
from orders_migration.digest import Digest, OrdersDigest
from orders_migration.records import EventRecord, Tombstone, actor_of, encode_order

_PAGE: Final = 500

_LAST_EVENT: Final = (
    "(SELECT document FROM outbox WHERE outbox.order_id = tombstone.order_id ORDER BY version DESC LIMIT 1)"
)


class Change(NamedTuple):
    """An event with its place in the order of the commits."""

    sequence: int
    event: EventRecord


class Counts(NamedTuple):
    """How many records there are of each kind."""

    events: int
    orders: int
    deleted: int


class FileSide:
    """One connection to orders.db, for one thread. The host may have it open at the same time."""

    def __init__(self, path: Path) -> None:
        """Open the file, which must exist.

        Raises:
            FileNotFoundError: there is none.
            SchemaTooNew, OSError, sqlite3.Error: it can't be opened.
        """
        if not path.is_file():
            raise FileNotFoundError(f"there is no {path}; `orders serve` makes it")
        self._connection = sqlite_file.open_file(path, MIGRATIONS)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def pinned(self) -> Iterator[int]:
        """See the file as it is now until the block ends; yields the sequence number of the newest event."""
        self._connection.execute("BEGIN")
        try:
            yield self.newest()
        finally:
            self._connection.execute("ROLLBACK")

    def newest(self) -> int:
        """The sequence number of the newest event; 0 if there is none."""
        (number,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM outbox").fetchone()
        return int(number)

    def counts(self) -> Counts:
        """Count everything."""
        tables = ("outbox", "orders", "tombstone")
        numbers = [
            self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - one of the names above
            for table in tables
        ]
        return Counts(*numbers)

    def events(self, after: tuple[str, int]) -> Iterator[EventRecord]:
        """The events of all orders, by order id and version, from behind one of them."""
        statement = (
            "SELECT order_id, version, document FROM outbox WHERE (order_id, version) > (?, ?)"
            " ORDER BY order_id, version LIMIT ?"
        )
        while page := self._connection.execute(statement, (*after, _PAGE)).fetchall():
            yield from (EventRecord(*row) for row in page)
            after = page[-1][:2]

    def orders(self, after: str) -> Iterator[Order]:
        """All orders by their ids, from behind one of them."""
        statement = "SELECT order_id, document FROM orders WHERE order_id > ? ORDER BY order_id LIMIT ?"
        while page := self._connection.execute(statement, (after, _PAGE)).fetchall():
            yield from (_decode(document) for _, document in page)
            after = page[-1][0]

    def tombstones(self, after: str) -> Iterator[Tombstone]:
        """What is left of deleted orders, by their ids, from behind one of them."""
        statement = (
            f"SELECT order_id, deleted_at, customer_id, {_LAST_EVENT} FROM tombstone"  # noqa: S608
            " WHERE order_id > ? ORDER BY order_id LIMIT ?"
        )
        while page := self._connection.execute(statement, (after, _PAGE)).fetchall():
            yield from map(_tombstone, page)
            after = page[-1][0]

    def changes(self, after: int, limit: int) -> list[Change]:
        """The events behind a sequence number, in the order of their commits."""
        rows = self._connection.execute(
            "SELECT sequence, order_id, version, document FROM outbox WHERE sequence > ?"
            " ORDER BY sequence LIMIT ?",
            (after, limit),
        )
        return [Change(row[0], EventRecord(*row[1:])) for row in rows]

    def state_of(self, order_ids: Sequence[str]) -> tuple[list[Order], list[Tombstone]]:
        """These orders as they are now, and what is left of those that were deleted."""
        marks = ", ".join("?" * len(order_ids))
        orders = self._connection.execute(
            f"SELECT document FROM orders WHERE order_id IN ({marks})",  # noqa: S608 - question marks
            order_ids,
        )
        tombstones = self._connection.execute(
            f"SELECT order_id, deleted_at, customer_id, {_LAST_EVENT}"  # noqa: S608 - question marks
            f" FROM tombstone WHERE order_id IN ({marks})",
            order_ids,
        )
        return [_decode(row[0]) for row in orders], list(map(_tombstone, tombstones))

    def events_of(self, order_id: str) -> list[EventRecord]:
        """The events of one order, by their versions."""
        rows = self._connection.execute(
            "SELECT order_id, version, document FROM outbox WHERE order_id = ? ORDER BY version", (order_id,)
        )
        return [EventRecord(*row) for row in rows]

    def figures(self) -> list[DayFigures]:
        """The figures of all days, also those that came back to nothing."""
        rows = self._connection.execute(
            "SELECT day, status, currency, orders, amount_high, amount_low FROM daily_figures"
        )
        return [
            DayFigures(day, OrderStatus(status), currency, orders, (high << 32) + low)
            for day, status, currency, orders, high, low in rows
        ]

    def digest(self, into: Digest | OrdersDigest) -> None:
        """Take all records into a digest."""
        for row in self._connection.execute("SELECT order_id, version, document FROM outbox"):
            into.add("event", *row)
        for (document,) in self._connection.execute("SELECT document FROM orders"):
            order = _decode(document)
            into.add("order", order.order_id, order.version, encode_order(order))
        for row in self._connection.execute("SELECT order_id, deleted_at, customer_id, NULL FROM tombstone"):
            tombstone = _tombstone(row)
            into.add("deleted", tombstone.order_id, 0, tombstone.compared)


def _tombstone(row: tuple[str, str, str, bytes | None]) -> Tombstone:
    order_id, deleted_at, customer_id, last_event = row
    return Tombstone(order_id, deleted_at, customer_id, actor_of(last_event))


def _decode(document: bytes) -> Order:
    return msgspec.json.decode(document, type=Order)
