"""GET /v1/events: Server-Sent Events of the orders that one may see."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator, Iterator, Mapping, MutableMapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from tests.blackbox.client import Client, problem
from tests.events.own_host import OwnHost
from tests.hosts import ANA, LUIS, STAFF, Host
from tests.orders import an_order
from tests.real_parts.process import stop, wait_for_exit

from orders_core.problems import Problem
from orders_host import sse, streaming
from orders_host.authorizer import Reason, Unauthorized
from orders_host.proxy import HttpRequest
from orders_host.relay import ORDERS_DB
from orders_host.relay.feed import Feed
from orders_host.routing import Authorize, Call, Claims
from orders_host.sqlite import SqliteOrderRepository
from orders_host.sse import MAX_PER_CALLER, PATH, EventStreams
from orders_host.streaming import Streamed, send_stream


class Event(NamedTuple):
    id: int
    type: str
    data: dict[str, Any]


def read(response: httpx.Response) -> Iterator[Event]:
    """The events of a stream as they come, parsed as the standard has it."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))
            fields = {}


@contextmanager
def streaming_events(host: Host, email: str, **headers: str) -> Iterator[Iterator[Event]]:
    sent = {"Authorization": f"Bearer {host.tokens(email)['id']}", "x-api-key": host.api_key, **headers}
    with httpx.stream("GET", f"{host.origin}{PATH}", headers=sent, timeout=30) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        yield read(response)


@contextmanager
def signed_in(host: Host, email: str) -> Iterator[Client]:
    with closing(Client(host, host.tokens(email)["id"])) as client:
        yield client


def test_staff_sees_every_change_as_the_orders_history_shows_it(embedded_host: Host) -> None:
    with signed_in(embedded_host, STAFF) as staff, streaming_events(embedded_host, STAFF) as events:
        order = staff.move(staff.create(), "CONFIRMED")
        staff.move(order, "CANCELLED")
        staff.send("DELETE", f"/v1/orders/{order['order_id']}")
        seen: list[Event] = []
        while len(seen) < 4:
            event = next(events)
            if event.data["order_id"] == order["order_id"]:
                seen.append(event)
        assert [event.type for event in seen] == [
            "OrderCreated",
            "OrderStatusChanged",
            "OrderStatusChanged",
            "OrderDeleted",
        ]
        assert [event.data["version"] for event in seen] == [1, 2, 3, 4]
        assert sorted(event.id for event in seen) == [event.id for event in seen]


def test_a_customer_sees_its_own_orders_only(embedded_host: Host) -> None:
    with (
        signed_in(embedded_host, LUIS) as luis,
        signed_in(embedded_host, ANA) as ana,
        streaming_events(embedded_host, ANA) as events,
    ):
        luis.create()
        order = ana.create()
        event = next(event for event in events if event.data["order_id"] == order["order_id"])
        assert event.data["order"]["customer_id"] == ana.sub
        luis.create()
        last = ana.create()
        for event in events:
            assert event.data["order"]["customer_id"] == ana.sub
            if event.data["order_id"] == last["order_id"]:
                break


def test_an_internal_comment_is_seen_by_staff_only(embedded_host: Host) -> None:
    secret = "Claims a broken cup each time"
    with (
        signed_in(embedded_host, STAFF) as staff,
        signed_in(embedded_host, ANA) as ana,
        streaming_events(embedded_host, STAFF) as for_staff,
        streaming_events(embedded_host, ANA) as for_ana,
    ):
        order = ana.create()
        staff.expect(201, staff.send("POST", f"/v1/orders/{order['order_id']}/comments", {"text": secret}))
        told, untold = (
            next(
                event.data
                for event in events
                if (event.data["order_id"], event.data["version"]) == (order["order_id"], 2)
            )
            for events in (for_staff, for_ana)
        )
    assert (told["changed"], told["order"]["comments"][0]["text"]) == (["comments"], secret)
    assert untold["changed"] == []
    assert "comments" not in untold["order"]


def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(embedded_host: Host) -> None:
    with signed_in(embedded_host, STAFF) as staff:
        with streaming_events(embedded_host, STAFF) as events:
            first = staff.create()
            seen = next(event for event in events if event.data["order_id"] == first["order_id"])
        while_away = [staff.create() for _ in range(5)]
        with streaming_events(embedded_host, STAFF, **{"Last-Event-ID": str(seen.id)}) as events:
            last = staff.create()
            got = []
            for event in events:
                got.append(event)
                if event.data["order_id"] == last["order_id"]:
                    break
    ids = [event.id for event in got]
    assert ids == sorted(set(ids))
    assert seen.id not in ids
    expected = {order["order_id"] for order in (*while_away, last)}
    assert expected <= {event.data["order_id"] for event in got}
    assert first["order_id"] not in {event.data["order_id"] for event in got}


def test_it_refuses_as_the_api_does(embedded_host: Host) -> None:
    with closing(Client(embedded_host)) as nobody:
        problem(nobody.send("GET", PATH), 401, "unauthorized")
    with signed_in(embedded_host, ANA) as ana:
        document = problem(ana.send("GET", PATH, headers={"Last-Event-ID": "x"}), 400, "invalid-input")
        assert document["errors"][0]["header"] == "Last-Event-ID"
        response = ana.send("POST", PATH, {})
        problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "GET, OPTIONS"


def test_sigterm_ends_streams_and_the_host_with_them(tmp_path: Path) -> None:
    own = OwnHost(tmp_path)
    server = own.start()
    try:
        headers = {"Authorization": own.authorization}
        with httpx.stream("GET", f"{own.url}{PATH}", headers=headers, timeout=30) as response:
            os.kill(server.pid, signal.SIGTERM)
            # It ends, and properly: a broken chunked body would raise.
            assert list(read(response)) == []
        # By itself, and not after the half minute that a server would wait for a stream without an end.
        assert wait_for_exit(server, seconds=20) in (0, -signal.SIGTERM)
    finally:
        stop(server)


# --- what takes too long, or too much, to be seen from outside ---


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as repository:
        yield repository


@pytest.fixture
def feed(tmp_path: Path, shop: SqliteOrderRepository) -> Iterator[Feed]:
    with closing(Feed(tmp_path / ORDERS_DB)) as opened:
        yield opened


def a_request(**headers: str) -> HttpRequest:
    return HttpRequest("id", "GET", PATH, headers, "", "127.0.0.1", "http")


async def opened(
    streams: EventStreams, claims: Claims, authorize: Authorize | None = None, **headers: str
) -> AsyncGenerator[bytes, None]:
    async def always() -> Claims:
        return claims

    (route,) = streams.routes
    answer = await route.answer(Call(a_request(**headers), {}, claims, b"", authorize or always))
    assert isinstance(answer, Streamed)
    return answer.chunks


def test_the_stream_ends_with_the_token(feed: Feed, shop: SqliteOrderRepository) -> None:
    claims = {"sub": "ana"}
    valid = True

    async def authorize() -> Mapping[str, str]:
        if not valid:
            raise Unauthorized(Reason.EXPIRED)
        return claims

    async def run() -> None:
        nonlocal valid
        chunks = await opened(EventStreams(feed, "*"), claims, authorize)
        assert await anext(chunks) == b"retry: 2000\n\n"
        shop.create(an_order("ana"))
        feed.look()
        assert b"OrderCreated" in await anext(chunks)
        valid = False
        shop.create(an_order("ana"))
        feed.look()
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)

    asyncio.run(run())


def test_a_heartbeat_moves_the_client_on_over_what_is_not_its_own(
    feed: Feed, shop: SqliteOrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)

    async def run() -> None:
        chunks = await opened(EventStreams(feed, "*"), {"sub": "ana"})
        await anext(chunks)
        shop.create(an_order("luis"))
        feed.look()
        assert await anext(chunks) == b""
        assert await anext(chunks) == b": still here\nid: 1\n\n"
        await chunks.aclose()

    asyncio.run(run())


def test_a_caller_has_a_few_streams_at_most(feed: Feed) -> None:
    async def run() -> None:
        streams = EventStreams(feed, "*")
        several = [await opened(streams, {"sub": "ana"}) for _ in range(MAX_PER_CALLER)]
        for chunks in several:
            await anext(chunks)
        with pytest.raises(Problem) as refused:
            await opened(streams, {"sub": "ana"})
        assert refused.value.kind.status == 429
        await opened(streams, {"sub": "luis"})
        await several[0].aclose()
        await opened(streams, {"sub": "ana"})
        for chunks in several[1:]:
            await chunks.aclose()

    asyncio.run(run())


def test_a_stream_without_a_feed_does_not_exist() -> None:
    assert EventStreams(None, "*").routes == []


Message = MutableMapping[str, Any]


async def counting(limit: int, closed: asyncio.Event) -> AsyncGenerator[bytes, None]:
    try:
        for number in range(limit):
            yield b"%d\n" % number
    finally:
        closed.set()


def test_a_client_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued for it either: the next chunk is made when the one before it is gone."""
    monkeypatch.setattr(streaming, "SLOW_SECONDS", 0.05)
    taken: list[Message] = []

    async def send(message: Message) -> None:
        if len(taken) == 3:
            await asyncio.Event().wait()
        taken.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    async def run() -> None:
        closed, aborted = asyncio.Event(), asyncio.Event()
        await send_stream(send, receive, Streamed({}, counting(1000, closed)), {}, aborted.set)
        await closed.wait()
        assert aborted.is_set()  # its place is free only when its connection is

    asyncio.run(run())
    assert [message.get("body") for message in taken[1:]] == [b"0\n", b"1\n"]


def test_a_client_that_leaves_ends_the_stream() -> None:
    async def run() -> None:
        closed, left = asyncio.Event(), asyncio.Event()

        async def send(message: Message) -> None:
            if message.get("body") == b"5\n":
                left.set()
            await asyncio.sleep(0)

        async def receive() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        await send_stream(
            send, receive, Streamed({}, counting(10**9, closed)), {}, lambda: pytest.fail("it was cut off")
        )
        await closed.wait()

    asyncio.run(run())
