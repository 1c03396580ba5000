"""Orders in one SQLite file: WAL, synchronous=FULL, the order and its event in one transaction.

One connection writes, others read, one for each thread, so that a reader never waits and never sees what
is not durable yet. A host may put many writes between `begin` and `commit`: they share one commit.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from orders_core import models
from orders_core.events import OrderEvent, event_for_delete, event_for_write
from orders_core.models import Order, OrderChange, OrderNotFound, OrderRemoval, OrderStatus
from orders_core.stores import (
    Accounts,
    CreateRefused,
    DayFigures,
    NoAccounts,
    OrderExists,
    OrderQuery,
    OrderWasDeleted,
    Page,
    Position,
    SortField,
    StoreUnavailable,
    UnsupportedQuery,
    WebhookRegistry,
    no_webhooks,
)
from orders_host import listing, search_index, sqlite_file
from orders_host.sqlite_schema import MIGRATIONS

MAX_HITS_A_PAGE: Final = 1_000
"""Orders that one page looks at where no index has just those that are asked for: by words, or how far they
are paid and shipped."""

MAX_SORTED: Final = 2_000
"""Orders of one customer that are sorted in memory for a page: some milliseconds, in a thread."""


class Pruned(NamedTuple):
    """What a slice removed, and where the next one starts: deletion time and id; None if it was the last."""

    orders: int
    events: int
    next_after: tuple[str, str] | None


class SqliteOrderRepository:
    """`Store` in one SQLite file. One thread at a time writes; any number of threads may read."""

    def __init__(
        self,
        path: Path,
        accounts: Accounts | None = None,
        webhooks: Callable[[], WebhookRegistry] = no_webhooks,
    ) -> None:
        """Open the file, create or migrate it.

        Raises:
            SchemaTooNew: the file needs a later release.
            OSError, StoreUnavailable: it can't be opened.
        """
        with _unavailable_when_it_fails():
            self._writer = sqlite_file.open_file(path, MIGRATIONS)
            if search_index.is_missing(self._writer):
                with sqlite_file.transaction(self._writer):
                    search_index.fill(self._writer)
            self._path = path
            self._readers = threading.local()
            self._opened: list[sqlite3.Connection] = []
            (self._epoch,) = self._reader.execute("SELECT number FROM epoch").fetchone()
        self.accounts = accounts or NoAccounts()
        self._webhooks = webhooks
        self._shared = False
        self._to_index: list[tuple[search_index.Step, Order]] = []

    @property
    def webhooks(self) -> WebhookRegistry:
        """See `Store`."""
        return self._webhooks()

    def close(self) -> None:
        """Close all connections; no thread may be using one."""
        while self._opened:
            self._opened.pop().close()
        self._readers = threading.local()
        self._writer.close()

    @property
    def _reader(self) -> sqlite3.Connection:
        """This thread's connection for reading: a long read in one thread holds up none in another."""
        reader: sqlite3.Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = sqlite_file.connect(self._path)
            self._opened.append(reader)
            reader.execute("PRAGMA query_only = ON")
            self._readers.connection = reader
        return reader

    def create(self, order: Order) -> None:
        """See `OrderRepository.create`."""
        with self._write():
            content = order.content
            row = self._writer.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING RETURNING order_id",
                (
                    order.order_id,
                    order.customer_id,
                    order.status,
                    order.created_at,
                    content.currency,
                    content.total_amount,
                    _encode(order),
                    content.external_reference,
                    order.updated_at,
                ),
            ).fetchone()
            if row is None:
                raise OrderExists(self._stored(order.order_id))
            try:
                self._publish(event_for_write(None, order))
            except sqlite3.IntegrityError:
                # No such order, but events of one: it was deleted.
                raise OrderWasDeleted(order.order_id) from None
            self._count(order, 1)
            self._to_index.append((search_index.add, order))

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        """See `OrderRepository.create_all`; in the host's transaction, and so by one commit."""
        return [self._refusal(order) for order in orders]

    def _refusal(self, order: Order) -> CreateRefused | None:
        try:
            self.create(order)
        except (OrderExists, OrderWasDeleted, StoreUnavailable) as refused:
            return refused
        return None

    def get(self, order_id: str) -> Order | None:
        """See `OrderRepository.get`."""
        # A write that starts with a read must see the writes before it.
        connection = self._writer if self._shared else self._reader
        with _unavailable_when_it_fails():
            row = connection.execute("SELECT document FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        return _decode(row[0]) if row else None

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """See `OrderRepository.list_orders`."""
        if query.q is not None:
            return self._search(query, limit, after)
        if query.is_by_progress:
            return self._list_by_progress(query, limit, after)
        with _unavailable_when_it_fails():
            self._require_sortable(query)
            rows = self._reader.execute(*listing.page(query, limit + 1, after)).fetchall()
        orders = [_decode(row[0]) for row in rows[:limit]]
        return Page(orders, query.position_of(orders[-1]) if len(rows) > limit else None)

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        """See `OrderRepository.count_orders`; not for a search by words."""
        with _unavailable_when_it_fails():
            self._require_sortable(query)
            (number,) = self._reader.execute(*listing.count(query, up_to)).fetchone()
        return int(number)

    def _require_sortable(self, query: OrderQuery) -> None:
        if not listing.is_sorted_in_memory(query):
            return
        everything = OrderQuery(query.customer_id)
        (number,) = self._reader.execute(*listing.count(everything, MAX_SORTED + 1)).fetchone()
        if number > MAX_SORTED:
            detail = (
                f"is {SortField.CREATED_AT} or -{SortField.CREATED_AT} for a customer with more than"
                f" {MAX_SORTED:,} orders: no index has them in another order"
            )
            raise UnsupportedQuery("sort", detail)

    def _search(self, query: OrderQuery, limit: int, after: Position | None) -> Page:
        """A page of the orders with these words; it looks at MAX_HITS_A_PAGE and may be short."""
        orders: list[Order] = []
        last: Position | None = None
        more = False
        with _unavailable_when_it_fails():
            hits = search_index.hits(self._reader, query, after, MAX_HITS_A_PAGE + 1)
            for number, (created_at, order_id, status, document) in enumerate(hits):
                more = number == MAX_HITS_A_PAGE or len(orders) == limit
                if more:
                    break
                last = Position(created_at, order_id)
                order = _decode(document) if _is_within(query, status, created_at) else None
                if order and _has_all(query, order):
                    orders.append(order)
        return Page(orders, last if more else None)

    def _list_by_progress(self, query: OrderQuery, limit: int, after: Position | None) -> Page:
        """A page of the orders that are so far; it looks at MAX_HITS_A_PAGE of a listing and may be short."""
        orders: list[Order] = []
        last: Position | None = None
        more = False
        with _unavailable_when_it_fails():
            self._require_sortable(query)
            rows = self._reader.execute(*listing.page(query, MAX_HITS_A_PAGE + 1, after))
            for number, row in enumerate(rows):
                more = number == MAX_HITS_A_PAGE or len(orders) == limit
                if more:
                    break
                order = _decode(row[0])
                last = query.position_of(order)
                if query.has_progress(order):
                    orders.append(order)
            rows.close()
        return Page(orders, last if more else None)

    def update(self, change: OrderChange) -> Order:
        """See `OrderRepository.update`."""
        with self._write():
            old = self._stored(change.order_id)
            new = models.change(old, change)
            self._replace(old, new)
        return new

    def save(self, order: Order, expected_version: int) -> None:
        """See `OrderRepository.save`."""
        with self._write():
            old = self._stored(order.order_id)
            models.check_version(old, (expected_version,))
            self._replace(old, order)

    def delete(self, removal: OrderRemoval) -> None:
        """See `OrderRepository.delete`."""
        with self._write():
            old = self._stored(removal.order_id)
            models.check_removal(old, removal)
            self._writer.execute("DELETE FROM orders WHERE order_id = ?", (removal.order_id,))
            self._writer.execute(
                "INSERT INTO tombstone VALUES (?, ?, ?)", (removal.order_id, removal.at, old.customer_id)
            )
            self._to_index.append((search_index.remove, old))
            self._count(old, -1)
            self._publish(event_for_delete(old, removal.at, removal.by))

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        """See `EventRepository.list_events`."""
        connection = self._writer if self._shared else self._reader
        with _unavailable_when_it_fails():
            rows = connection.execute(
                "SELECT document FROM outbox WHERE order_id = ? AND version > ? ORDER BY version LIMIT ?",
                (order_id, after_version, limit),
            ).fetchall()
        return [msgspec.json.decode(row[0], type=OrderEvent) for row in rows]

    def rewrite_event(self, event: OrderEvent) -> None:
        """See `ErasureRepository.rewrite_event`."""
        with self._write():
            self._writer.execute(
                "UPDATE outbox SET document = ? WHERE order_id = ? AND version = ?",
                (msgspec.json.encode(event), event.order_id, event.version),
            )

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        """See `ErasureRepository.list_deleted`."""
        connection = self._writer if self._shared else self._reader
        with _unavailable_when_it_fails():
            rows = connection.execute(
                "SELECT order_id FROM tombstone WHERE customer_id = ? AND order_id > ?"
                " ORDER BY order_id LIMIT ?",
                (customer_id, after, limit),
            ).fetchall()
        return [row[0] for row in rows]

    def forget_words(self, *, begin: bool) -> bool:
        """Rewrite a part of the search index without the words that were taken out; whether it was the last.

        `begin` starts from the first part. Call it while nothing else writes; any thread may.
        """
        with self._write():
            return search_index.merge(self._writer, begin=begin)

    def empty_log(self) -> bool:
        """Bring everything from the write-ahead log into the file, and cut the log to nothing.

        Returns:
            Whether it is: not while a reader still sees an earlier state of the file.
        """
        with _unavailable_when_it_fails():
            return sqlite_file.empty_log(self._writer)

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        """See `StatisticsRepository.daily_figures`."""
        with _unavailable_when_it_fails():
            rows = self._reader.execute(
                "SELECT day, status, currency, orders, amount_high, amount_low FROM daily_figures"
                " WHERE day BETWEEN ? AND ? AND orders > 0 ORDER BY day, status, currency",
                (first, last),
            ).fetchall()
        return [
            DayFigures(day, OrderStatus(status), currency, orders, (high << 32) + low)
            for day, status, currency, orders, high, low in rows
        ]

    def prune_deleted(
        self, before: str, after: tuple[str, str], limit: int, is_needed: Callable[[Sequence[int]], bool]
    ) -> Pruned:
        """Remove events and tombstones of some orders that were deleted before a time, in one transaction.

        Call it while nothing else writes; any thread may. `after` is the `next_after` of the slice before.
        An order stays if `is_needed` says so of its events' sequence numbers, or if it has the newest event
        of all: how far a webhook has come is never beyond the newest event.
        """
        with self._write():
            found = self._writer.execute(
                "SELECT deleted_at, order_id FROM tombstone WHERE deleted_at < ?"
                " AND (deleted_at, order_id) > (?, ?) ORDER BY deleted_at, order_id LIMIT ?",
                (before, *after, limit),
            ).fetchall()
            (newest,) = self._writer.execute("SELECT max(sequence) FROM outbox").fetchone()
            orders = events = 0
            for _, order_id in found:
                rows = self._writer.execute(
                    "SELECT sequence FROM outbox WHERE order_id = ? ORDER BY version", (order_id,)
                ).fetchall()
                sequences = [row[0] for row in rows]
                if newest in sequences or is_needed(sequences):
                    continue
                self._writer.execute("DELETE FROM outbox WHERE order_id = ?", (order_id,))
                self._writer.execute("DELETE FROM tombstone WHERE order_id = ?", (order_id,))
                orders += 1
                events += len(sequences)
        return Pruned(orders, events, found[-1] if len(found) == limit else None)

    def begin(self) -> None:
        """Open a transaction that all writes until `seal` share."""
        with _unavailable_when_it_fails():
            self._writer.execute("BEGIN IMMEDIATE")
        self._to_index.clear()
        self._shared = True

    def seal(self) -> None:
        """Take no more writes into the transaction; from now on `get` reads what is durable."""
        self._shared = False

    def commit(self) -> None:
        """Make all writes since `begin` durable. It waits for a disk: after `seal` another thread may do so.

        Raises:
            StoreUnavailable: they are not; `rollback` before anything else is written.
        """
        self._shared = False
        with _unavailable_when_it_fails():
            self._index()
            self._writer.execute("COMMIT")

    def rollback(self) -> None:
        """Undo all writes since `begin`, if they are not undone already."""
        self._shared = False
        self._to_index.clear()
        with _unavailable_when_it_fails():
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One write: all of it or nothing, in the host's transaction if there is one."""
        shared = self._shared
        if shared and not self._writer.in_transaction:
            # What a full disk has rolled back must not go on in parts.
            raise StoreUnavailable("SQLite: the transaction was rolled back")
        indexed = len(self._to_index)
        with _unavailable_when_it_fails():
            self._writer.execute("SAVEPOINT one_write" if shared else "BEGIN IMMEDIATE")
            try:
                yield
                if not shared:
                    self._index()
            except BaseException:
                del self._to_index[indexed:]
                # Some errors (a full disk) have rolled everything back already.
                if self._writer.in_transaction:
                    for statement in (
                        ("ROLLBACK TO one_write", "RELEASE one_write") if shared else ("ROLLBACK",)
                    ):
                        self._writer.execute(statement)
                raise
            self._writer.execute("RELEASE one_write" if shared else "COMMIT")

    def _index(self) -> None:
        """Bring the words of what was written into the search index.

        Not before the end of a transaction: at each savepoint FTS5 would write a part of its own.
        """
        for step, order in self._to_index:
            step(self._writer, order)
        self._to_index.clear()

    def _stored(self, order_id: str) -> Order:
        row = self._writer.execute("SELECT document FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        if row is None:
            raise OrderNotFound(order_id)
        return _decode(row[0])

    def _replace(self, old: Order, new: Order) -> None:
        self._writer.execute(
            "UPDATE orders SET status = ?, currency = ?, total = ?, document = ?, external_reference = ?,"
            " updated_at = ? WHERE order_id = ?",
            (
                new.status,
                new.content.currency,
                new.content.total_amount,
                _encode(new),
                new.content.external_reference,
                new.updated_at,
                new.order_id,
            ),
        )
        if _counted_as(old) != _counted_as(new):
            self._count(old, -1)
            self._count(new, 1)
        if search_index.differ(old, new):
            self._to_index += [(search_index.remove, old), (search_index.add, new)]
        self._publish(event_for_write(old, new))

    def _count(self, order: Order, orders: int) -> None:
        """Add an order to the figures of its day (1), or take it out (-1)."""
        *place, amount = _counted_as(order)
        self._writer.execute(
            "INSERT INTO daily_figures VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " orders = orders + excluded.orders, amount_high = amount_high + excluded.amount_high,"
            " amount_low = amount_low + excluded.amount_low",
            (
                *place,
                orders,
                orders * (amount >> 32),
                orders * (amount & 0xFFFF_FFFF),
            ),
        )

    def _publish(self, event: OrderEvent) -> None:
        if self._epoch:
            # What was written after the backup may have had this version, and an event with its id.
            event = replace(event, id=f"{event.id}:{self._epoch}")
        sequence = self._writer.execute(
            "INSERT INTO outbox (order_id, version, document) VALUES (?, ?, ?)",
            (event.order_id, event.version, msgspec.json.encode(event)),
        ).lastrowid
        self._writer.execute(
            "INSERT INTO outbox_day VALUES (?, ?) ON CONFLICT DO NOTHING", (event.time[:10], sequence)
        )


def _is_within(query: OrderQuery, status: str, created_at: str) -> bool:
    return query.is_within(created_at) and (not query.statuses or status in query.statuses)


def _has_all(query: OrderQuery, order: Order) -> bool:
    same_reference = query.external_reference in (None, order.content.external_reference)
    return same_reference and query.has_progress(order)


def _counted_as(order: Order) -> tuple[str, str, str, int]:
    """Where an order counts among the daily figures (day, status, currency), and its amount."""
    return order.created_at[:10], order.status, order.content.currency, order.content.total_amount


@contextmanager
def _unavailable_when_it_fails() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"SQLite: {error}") from error


def _encode(order: Order) -> bytes:
    return msgspec.json.encode(order)


def _decode(document: bytes) -> Order:
    return msgspec.json.decode(document, type=Order)
