"""Calls the application for the gateway: how depends on the store behind it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar

from orders_core.proxy import ProxyEvent, ProxyResponse
from orders_core.schemas import MAX_BATCH
from orders_core.stores import Store, StoreUnavailable
from orders_host.held_telemetry import Held, HeldTelemetry
from orders_host.sqlite import SqliteOrderRepository
from orders_host.tracing import Trace, current

T = TypeVar("T")

ApplicationCall = Callable[[ProxyEvent], ProxyResponse]

_MAX_WRITES_PER_COMMIT: Final = 128
"""Writes that the loop does before it sees to others again."""

_BATCH: Final = "/v1/orders:batch"
_THREADS: Final = 64
_NO_ORDER: Final = "00000000-0000-0000-0000-000000000000"


GROWING_READS: Final = frozenset({"/v1/orders/stats"})
"""Resources whose answers take longer the more there is; all others read a page by an index."""

_GROWING_PARAMETERS: Final = frozenset({"q", "sort", "count", "payment_status", "fulfilment_status"})
"""Parameters of a listing that may make it read hundreds of orders, or entries of an index, for a page."""

_READING_THREADS: Final = 2
"""Threads of their own: long reads must not take those in which commits wait for the disk."""


class Invocation(Protocol):
    """Asks the application, and waits until its answer may be sent."""

    async def __call__(self, event: ProxyEvent) -> ProxyResponse:
        """The application's answer, once it may be told to the client.

        Raises:
            StoreUnavailable: there is none; whatever was written with it is undone.
        """

    async def probe(self) -> None:
        """Return if the store answers.

        Raises:
            StoreUnavailable: it does not.
        """


class _Write(NamedTuple):
    """A request that waits for its turn, the trace it belongs to, and who waits for its answer."""

    event: ProxyEvent
    trace: Trace | None
    answer: asyncio.Future[ProxyResponse]


class GroupCommit:
    """Over SQLite: reads are answered at once, writes that arrive while the disk is busy share a commit.

    Reads of a page and writes run on the event loop. COMMIT, which waits for the disk, runs in a thread, and
    so do reads that grow with the data, each with a connection of its thread. No answer to a write leaves
    before its commit is durable:

        loop     begin w1 w2 │ reads …  w3 w4 w5 wait  │ answer w1 w2; begin w3 w4 w5 │ …
        thread               │ COMMIT ················ │                              │ COMMIT …
    """

    def __init__(
        self,
        application: ApplicationCall,
        store: SqliteOrderRepository,
        committed: Callable[[], None],
        probe_relay: Callable[[], None] = lambda: None,
        telemetry: HeldTelemetry | None = None,
        verify: Callable[[], None] = lambda: None,
    ) -> None:
        """`committed` is called after each commit: there may be events to pass on.

        `probe_relay` raises StoreUnavailable while they can't be. `telemetry` is the application's own; it
        hears of writes when they are durable. `verify` raises StoreUnavailable when what is committed would
        be lost all the same.
        """
        self._probe_relay = probe_relay
        self._telemetry = telemetry or HeldTelemetry()
        self._verify = verify
        self._application = application
        self._store = store
        self._committed = committed
        self._waiting: list[_Write] = []
        self._worker: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._readers = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="read")

    async def __call__(self, event: ProxyEvent) -> ProxyResponse:
        """See `Invocation`."""
        if event["httpMethod"] == "GET":
            return await self._in_thread(event) if _grows(event) else self._application(event)
        answer: asyncio.Future[ProxyResponse] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(event, current.get(), answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _in_thread(self, event: ProxyEvent) -> ProxyResponse:
        # The context carries the trace into the thread.
        return await self.beside(partial(copy_context().run, self._application, event))

    async def beside(self, read: Callable[[], T]) -> T:
        """Return what a long read returns, which runs in a thread beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def probe(self) -> None:
        """See `Invocation.probe`."""
        self._verify()
        self._store.get(_NO_ORDER)
        self._probe_relay()

    async def exclusively(self, work: Callable[[], T]) -> T:
        """Run work in a thread between two batches of writes, and return its result.

        Don't cancel it: the thread would go on while others write.
        """
        async with self._turn:
            return await asyncio.to_thread(work)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = self._next()
                async with self._turn:
                    await self._together(batch)
        finally:
            self._worker = None

    def _next(self) -> list[_Write]:
        """Take the writes of the next commit from those that wait."""
        number = writes = 0
        for write in self._waiting:
            writes += MAX_BATCH if write.event["resource"] == _BATCH else 1
            if number and writes > _MAX_WRITES_PER_COMMIT:
                break
            number += 1
        taken = self._waiting[:number]
        del self._waiting[:number]
        return taken

    async def _together(self, batch: list[_Write]) -> None:
        held: list[Held] = []
        try:
            self._store.begin()
            with self._telemetry.holding(held):
                responses = [self._call(write) for write in batch]
            self._store.seal()
            await asyncio.to_thread(self._store.commit)
            self._verify()
            self._committed()
        except Exception as error:  # noqa: BLE001 - the next batch must find a store without a transaction
            with suppress(StoreUnavailable):  # then beginning the next fails, and is told as well
                self._store.rollback()
            self._telemetry.undone(held)
            # None of them is durable, so none of the answers, not even a refusal, may be told.
            for write in batch:
                if not write.answer.done():
                    write.answer.set_exception(error)
        else:
            self._telemetry.done(held)
            for write, response in zip(batch, responses, strict=True):
                if not write.answer.done():
                    write.answer.set_result(response)

    def _call(self, write: _Write) -> ProxyResponse:
        token = current.set(write.trace)
        try:
            return self._application(write.event)
        finally:
            current.reset(token)


def _grows(event: ProxyEvent) -> bool:
    if event["resource"] in GROWING_READS:
        return True
    return not _GROWING_PARAMETERS.isdisjoint(event["multiValueQueryStringParameters"] or ())


class Threaded:
    """Over a store on the network: each request has a thread to wait in."""

    def __init__(self, application: ApplicationCall, store: Store) -> None:
        self._application = application
        self._store = store
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="request")

    async def __call__(self, event: ProxyEvent) -> ProxyResponse:
        """See `Invocation`."""
        loop = asyncio.get_running_loop()
        # The context carries the trace into the thread.
        return await loop.run_in_executor(self._threads, copy_context().run, self._application, event)

    async def probe(self) -> None:
        """See `Invocation.probe`."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._store.get, _NO_ORDER)
