"""Clients that come at once are accepted at once, however busy the open connections keep the loop."""

import asyncio
import socket
from collections.abc import Sequence

import uvloop

from orders_host.server import descriptors_of

CLIENTS = 64
MANY = 10_000


class Counting(asyncio.Protocol):
    """Counts the connections that were made."""

    made = 0

    def connection_made(self, _: asyncio.BaseTransport) -> None:
        Counting.made += 1


async def turns_until_accepted(listeners: Sequence[socket.socket]) -> int:
    """The turns of the loop that it takes to accept clients who have connected before the first."""
    Counting.made, turns = 0, 0
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Counting, sock=listener) for listener in listeners]
    clients = [socket.create_connection(listeners[0].getsockname()) for _ in range(CLIENTS)]
    while Counting.made < CLIENTS:
        await asyncio.sleep(0)
        turns += 1
    for client in clients:
        client.close()
    for server in servers:
        server.close()
    return turns


def turns(many: bool) -> int:
    with socket.create_server(("127.0.0.1", 0), backlog=CLIENTS) as listener:
        return uvloop.run(turns_until_accepted(descriptors_of(listener, MANY) if many else [listener]))


def test_all_are_accepted_in_a_few_turns() -> None:
    assert turns(many=True) < 10


def test_one_descriptor_accepts_one_in_a_turn() -> None:
    """When this fails, libuv accepts more than one in a turn, and `descriptors_of` can go."""
    assert turns(many=False) >= CLIENTS


def test_a_host_that_may_open_few_files_listens_with_few_of_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listeners = descriptors_of(listener, 320)
        assert len(listeners) == 20
        for duplicate in listeners[1:]:
            duplicate.close()
