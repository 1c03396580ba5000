"""`orders` without events: nothing in the outbox, nobody who reads it. What bench.outbox compares with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from orders_api.repository.sqlite import SqliteOrderRepository
from orders_gateway import cli, relay


@asynccontextmanager
async def idle(_: object) -> AsyncIterator[None]:
    yield


def nothing(*_: object) -> None:
    pass


store: Any = SqliteOrderRepository
relays: Any = relay.Relay
store._publish = nothing
relays.running = idle
cli.main()
