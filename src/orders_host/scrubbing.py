"""Rewrites files in the background until they hold nothing of customers who were erased."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from sqlite3 import Error
from typing import Final

from orders_core.stores import StoreUnavailable
from orders_host.database import Database
from orders_host.erased_customers import ToScrub
from orders_host.sqlite import SqliteOrderRepository

_POLL_SECONDS: Final = 1.0
_BETWEEN_SLICES_SECONDS: Final = 0.02

_log = logging.getLogger(__name__)

Exclusively = Callable[[Callable[[], bool]], Awaitable[bool]]
"""Runs work in a thread, while nothing else writes to the orders."""


class Scrubbing:
    """Scrubs orders.db and gateway.db whenever a customer was erased, by this process or another one.

    Writes wait for a slice of some milliseconds, reads wait for none.
    """

    def __init__(
        self, store: SqliteOrderRepository, database: Database, data_dir: Path, exclusively: Exclusively
    ) -> None:
        self._store = store
        self._database = database
        self._to_scrub = ToScrub(data_dir)
        self._exclusively = exclusively
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Scrub in the background; at the end, a slice under way is waited for."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._stopping.set()
            await task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            since = self._to_scrub.since()
            if since is not None:
                try:
                    if await self._scrub():
                        self._to_scrub.done(since)
                        _log.info("the files hold nothing more of the customers who were erased")
                except (StoreUnavailable, Error, OSError) as error:
                    _log.warning("erased data can't be scrubbed from the files now; trying again: %s", error)
            await self._pause(_POLL_SECONDS)

    async def _scrub(self) -> bool:
        """Whether it was done: not when the host stops, or while a reader sees an earlier state."""
        begin = True
        while not await self._exclusively(partial(self._store.forget_words, begin=begin)):
            begin = False
            await self._pause(_BETWEEN_SLICES_SECONDS)
            if self._stopping.is_set():
                return False
        is_cut = await self._exclusively(self._store.empty_log)
        return is_cut and await asyncio.to_thread(self._database.empty_log)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
