"""`orders` without events: nothing in the outbox, nobody who reads it. What bench.outbox compares with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orders_cli as cli
from orders_host import relay
from orders_host.sqlite import SqliteOrderRepository


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
