"""What a data directory holds of one customer: exported as one document, or erased from every file.

Erasing goes on where it was when it is run again, and other processes may use the files meanwhile: each order
is written by itself, and each part of the search index, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from orders_core.erasure import Actor, Counts, HeldOrder, Place, erase_some, export_some
from orders_core.schemas import event_view_of, view_of
from orders_core.timestamps import utc_now
from orders_host.audit import THIS_MACHINE
from orders_host.data_dir import GATEWAY_DB, ORDERS_DB
from orders_host.database import Database
from orders_host.erased_customers import ErasedCustomer, ToScrub
from orders_host.sqlite import SqliteOrderRepository
from orders_host.user_pool.erasure import UserRecords

_PATIENCE_SECONDS: Final = 15.0
"""How long to wait until no reader sees a file as it was before."""

_POLL_SECONDS: Final = 0.05

Progress = Callable[[Counts], None]
"""Called with what was erased so far."""


class StillRead(Exception):
    """A reader, such as a backup, holds a file as it was before: its log can't be cut yet."""


class Erased(NamedTuple):
    """What was erased, or would be: of orders and events, and what else by its name."""

    orders: Counts
    others: dict[str, int]

    @property
    def total(self) -> int:
        """The number of all of it."""
        return self.orders.orders + self.orders.events + sum(self.others.values())


class Customers:
    """The customers of one data directory."""

    def __init__(self, data_dir: Path, store: SqliteOrderRepository, database: Database) -> None:
        self._data_dir = data_dir
        self._store = store
        self._database = database
        self._records = UserRecords(database, data_dir)

    def customer_id(self, name: str) -> str:
        """The id of a customer by `sub` or e-mail address; the name itself if it is not in the user pool."""
        return self._records.customer_id(name) or name

    def has_orders(self, customer_id: str) -> bool:
        """Whether there is an order of the customer, deleted or not."""
        held, _ = export_some(self._store, customer_id)
        return bool(held or self._store.list_deleted(customer_id, 1, ""))

    def export(self, customer_id: str) -> dict[str, object]:
        """All that is held of a customer."""
        orders: list[dict[str, object]] = []
        place: Place | None = Place()
        while place is not None:
            held, place = export_some(self._store, customer_id, place)
            orders += map(_shown, held)
        exported: dict[str, object] = {"customer_id": customer_id, "exported_at": utc_now()}
        return exported | self._records.export(customer_id) | {"orders": orders}

    def count(self, customer_id: str) -> Erased:
        """What erasing the customer would change."""
        counts = self._walk(customer_id, lambda _: None, dry_run=True)
        return Erased(counts, self._records.count(customer_id))

    def erase(self, customer_id: str, progress: Progress = lambda _: None) -> Erased:
        """Erase a customer from all files.

        Raises:
            StillRead: all is erased, but a file's log has earlier states of it; run it again.
            StoreUnavailable, sqlite3.Error, OSError: a file can't be read or written.
        """
        others = self._records.count(customer_id)
        self._records.begin_erasing(customer_id)
        counts = self._walk(customer_id, progress, dry_run=False)
        self._records.erase(customer_id)
        self.scrub()
        return Erased(counts, others)

    def scrub(self) -> None:
        """Leave no trace in the files of what is no longer in their tables.

        Raises:
            StillRead: a log that is being read has some.
        """
        to_scrub = ToScrub(self._data_dir)
        since = to_scrub.since()
        begin = True
        while not self._store.forget_words(begin=begin):
            begin = False
        for name, empty_log in (
            (ORDERS_DB, self._store.empty_log),
            (GATEWAY_DB, self._database.empty_log),
        ):
            _insist(name, empty_log)
        to_scrub.done(since)

    def _walk(self, customer_id: str, progress: Progress, *, dry_run: bool) -> Counts:
        total = Counts()
        place: Place | None = Place()
        while place is not None:
            actor = Actor(THIS_MACHINE, utc_now())
            counts, place = erase_some(self._store, customer_id, actor, place, dry_run=dry_run)
            total = total.plus(counts)
            progress(total)
        return total


@contextmanager
def open_customers(data_dir: Path) -> Iterator[Customers]:
    """The customers of a directory whose host may be running.

    Raises:
        SchemaTooNew, StoreUnavailable, OSError, sqlite3.Error: a file can't be opened.
    """
    with ExitStack() as stack:
        database = Database(data_dir / GATEWAY_DB)
        stack.callback(database.close)
        store = SqliteOrderRepository(data_dir / ORDERS_DB)
        stack.callback(store.close)
        yield Customers(data_dir, store, database)


def erase_again(data_dir: Path, customers: Iterable[ErasedCustomer]) -> None:
    """Erase from restored files whom their backup still had.

    Raises:
        SchemaTooNew, StoreUnavailable, OSError, sqlite3.Error: a file can't be read or written.
    """
    with open_customers(data_dir) as restored:
        for each in customers:
            if restored.count(each.customer_id).total:
                restored.erase(each.customer_id)


def _shown(held: HeldOrder) -> dict[str, object]:
    return {
        "order": view_of(held.order, internal=True) if held.order else None,
        "events": [event_view_of(event, internal=True) for event in held.events],
    }


def _insist(name: str, empty_log: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not empty_log():
        if time.monotonic() > until:
            raise StillRead(
                f"{name} is being read as it was before, by a backup for one: run this again later."
            )
        time.sleep(_POLL_SECONDS)
