"""Removes what remains of orders that were deleted long ago: their events and their tombstones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from sqlite3 import Connection, Error
from typing import Final

from orders_core.stores import StoreUnavailable
from orders_core.timestamps import to_text
from orders_host import sqlite_file
from orders_host.sqlite import Pruned, SqliteOrderRepository

MAX_ORDERS_A_SLICE: Final = 50
"""Orders that one transaction looks at. Writes wait for a slice, reads wait for none."""

_ROUND_SECONDS: Final = 3600.0
_BETWEEN_SLICES_SECONDS: Final = 0.05

_log = logging.getLogger(__name__)


Exclusively = Callable[[Callable[[], Pruned]], Awaitable[Pruned]]
"""Runs work in a thread, while nothing else writes to the orders."""


class Retention:
    """Prunes orders.db in slices, about once an hour.

    Events of orders that exist are kept: they are the order's history. So are events that a webhook has not
    had yet, has to be tried with again or did not get: until it gets them, or is removed.
    """

    def __init__(
        self, store: SqliteOrderRepository, events_db: Path, exclusively: Exclusively, keep_days: int
    ) -> None:
        """Prune what was deleted more than `keep_days` ago; 0 keeps everything."""
        self._store = store
        self._events_db = events_db
        self._exclusively = exclusively
        self._keep_days = keep_days
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Prune in the background; at the end, a slice under way is waited for."""
        task = asyncio.create_task(self._run()) if self._keep_days else None
        try:
            yield
        finally:
            self._stopping.set()
            if task:
                await task

    async def prune(self) -> Pruned:
        """Remove all that may go now, and return how much that was.

        Raises:
            StoreUnavailable, sqlite3.Error: a file can't be read or written.
        """
        before = to_text(datetime.now(UTC) - timedelta(days=self._keep_days))
        total = Pruned(0, 0, None)
        place = ("", "")
        with closing(sqlite_file.connect(self._events_db)) as connection:
            needed = partial(_is_needed, connection)
            while not self._stopping.is_set():
                work = partial(self._store.prune_deleted, before, place, MAX_ORDERS_A_SLICE, needed)
                pruned = await self._exclusively(work)
                total = Pruned(total.orders + pruned.orders, total.events + pruned.events, None)
                if pruned.next_after is None:
                    break
                place = pruned.next_after
                await self._pause(_BETWEEN_SLICES_SECONDS)
        return total

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pruned = await self.prune()
                if pruned.orders:
                    _log.info("removed %d events of %d deleted orders", pruned.events, pruned.orders)
            except (StoreUnavailable, Error) as error:
                _log.warning("deleted orders can't be pruned now; trying again later: %s", error)
            await self._pause(_ROUND_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _is_needed(events: Connection, sequences: Sequence[int]) -> bool:
    """Whether a webhook still has to get, or could be given again, one of these events."""
    (reached,) = events.execute("SELECT min(cursor) FROM webhook").fetchone()
    if reached is not None and max(sequences, default=0) > reached:
        return True
    return any(
        events.execute(
            # CROSS JOIN keeps this order of tables: a few webhooks, and one row of each by its key.
            f"SELECT 1 FROM webhook CROSS JOIN {table} USING (webhook_id) WHERE sequence = ? LIMIT 1",  # noqa: S608
            (sequence,),
        ).fetchone()
        for table in ("delivery", "dead_letter")
        for sequence in sequences
    )
