"""The relay: brings the outbox's events to all subscribers, at least once, in order within an order."""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Final

from orders_host.data_dir import EVENTS_DB, ORDERS_DB
from orders_host.options import InvalidOption
from orders_host.relay.faults import Faults
from orders_host.relay.feed import POLL_SECONDS, Feed
from orders_host.relay.registry import RelayedWebhooks
from orders_host.relay.store import EventStore
from orders_host.relay.worker import DeliveryAttempt, Worker
from orders_webhooks.attempt import attempt

__all__ = ["EVENTS_DB", "ORDERS_DB", "Relay", "open_feed"]

_GRACE_SECONDS: Final = 3.0

_BUSY_TIMEOUT_SECONDS: Final = 0.05
"""The relay runs on the event loop: it tries again later instead of waiting for another process's write."""

_log = logging.getLogger(__name__)


def open_feed(data_dir: Path) -> Feed:
    """The events of a host that may be running or not.

    Raises:
        InvalidOption: nothing was ever served from this directory, or it can't be read.
    """
    path = data_dir / ORDERS_DB
    try:
        if not path.is_file():
            raise FileNotFoundError(f"there is no {ORDERS_DB}; `orders serve` makes it")
        return Feed(path)
    except (OSError, sqlite3.Error) as error:
        raise InvalidOption(f"can't be used: {error}", data_dir=data_dir) from error


class Relay:
    """A worker for each webhook, and the feed that they and the event streams follow."""

    def __init__(
        self,
        data_dir: Path,
        attempt_: DeliveryAttempt = attempt,
        count_fault: Callable[[], None] = lambda: None,
    ) -> None:
        """Open both files; orders.db must exist.

        Raises SchemaTooNew, OSError or sqlite3.Error.
        """
        self._store = EventStore(data_dir / EVENTS_DB, _BUSY_TIMEOUT_SECONDS, synchronous="NORMAL")
        self._faults = Faults(count_fault)
        self._now = _SteadyClock()
        try:
            self.feed = Feed(data_dir / ORDERS_DB)
        except BaseException:
            self._store.close()
            raise
        self._store.forget_beyond(self.feed.last)
        # A connection of its own: the relay looks for changes that others make.
        self._managed = EventStore(data_dir / EVENTS_DB, _BUSY_TIMEOUT_SECONDS)
        self.webhooks = RelayedWebhooks(self.feed, self._managed)
        self._attempt = attempt_
        self._workers: dict[str, tuple[Worker, asyncio.Task[None]]] = {}
        self._lock = data_dir / "relay.lock"

    def probe(self) -> None:
        """Return if all parts of the relay work.

        Raises:
            StoreUnavailable: one does not; the message says which, and why.
        """
        self._faults.probe()

    def close(self) -> None:
        """Close the files."""
        self.feed.close()
        self._managed.close()
        self._store.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay in the background; at the end, attempts under way have a moment to finish."""
        tasks = [
            asyncio.create_task(self._again_and_again("the feed of events", self.feed.run)),
            asyncio.create_task(self._again_and_again("the relay", self._deliver)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, part: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a part until it is cancelled; whatever ends it is told, and it starts again."""
        while True:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - a task that ends in silence delivers nothing
                self._faults.failed(part, error)
            await asyncio.sleep(POLL_SECONDS)

    async def _deliver(self) -> None:
        async with self._alone():
            try:
                await self._supervise()
            finally:
                self.feed.leave(self._wake)
                await self._stop_workers()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """While no other process delivers from these files: two would mix up the order of events.

        The lock is SQLite's, which every system frees when its holder dies.
        """
        # SQLite would make it readable by all. Only a new file: closing one frees this process's locks on it.
        with suppress(FileExistsError):
            os.close(os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(self._lock, timeout=0, isolation_level=None)) as lock:
            waits = False
            while not _locked(lock):
                if not waits:
                    _log.warning("another process delivers the events of this directory; waiting for it")
                waits = True
                await asyncio.sleep(POLL_SECONDS)
            yield

    async def _supervise(self) -> None:
        """Start and wake the workers whenever a command has changed the webhooks."""
        self._faults.works("the relay")
        self._wake()
        seen = -1
        while True:
            try:
                changes = self._store.changes_of_others()
                if changes != seen or any(task.done() for _, task in self._workers.values()):
                    self._start_workers()
                    seen = changes
                self._faults.works(EVENTS_DB)
            except sqlite3.Error as error:
                self._faults.failed(EVENTS_DB, error)
            await asyncio.sleep(POLL_SECONDS)

    def _wake(self) -> None:
        for worker, _ in self._workers.values():
            worker.wake()

    def _start_workers(self) -> None:
        self._workers = {
            webhook_id: (worker, task)
            for webhook_id, (worker, task) in self._workers.items()
            if not task.done()
        }
        for webhook_id in self._store.ids():
            if webhook_id not in self._workers:
                worker = Worker(webhook_id, self._store, self.feed, self._attempt, self._faults, self._now)
                self._workers[webhook_id] = worker, asyncio.create_task(worker.run())
        self._wake()
        # Follow the feed only while there are webhooks: without, a write costs its row in the outbox only.
        (self.feed.follow if self._workers else self.feed.leave)(self._wake)

    async def _stop_workers(self) -> None:
        workers = list(self._workers.values())
        await asyncio.gather(*(worker.settle(_GRACE_SECONDS) for worker, _ in workers))
        for _, task in workers:
            task.cancel()
        await asyncio.gather(*(task for _, task in workers), return_exceptions=True)


def _locked(lock: sqlite3.Connection) -> bool:
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


class _SteadyClock:
    """Unix time as it goes on from the first call, whatever is done to the machine's clock meanwhile."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def __call__(self) -> float:
        elapsed = asyncio.get_running_loop().time()
        if self._ahead is None:
            self._ahead = time.time() - elapsed
        return self._ahead + elapsed
