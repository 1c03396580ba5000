"""Writes that share a commit: all of them are durable before any is answered, or none of them happened."""

import asyncio
import json
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.api import ANA, LUIS, STAFF, Caller, Recorder
from tests.orders import an_order

from orders_core.application import Application
from orders_core.models import OrderStatus
from orders_core.proxy import ProxyEvent, ProxyResponse
from orders_core.stores import OrderQuery, StoreUnavailable
from orders_host.held_telemetry import HeldTelemetry
from orders_host.invocation import GroupCommit
from orders_host.sqlite import SqliteOrderRepository

MUGS = {"items": [{"product_id": "A-1", "quantity": 3, "unit_price": "9.50"}]}
Answers = list[ProxyResponse | BaseException]


class Disk(SqliteOrderRepository):
    """A store whose commits can be made to wait, or to fail."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.spins = threading.Event()
        self.spins.set()
        self.committing = threading.Event()
        self.fails = False
        self.commits = 0

    def commit(self) -> None:
        self.committing.set()
        self.spins.wait()
        if self.fails:
            raise StoreUnavailable("SQLite: disk I/O error")
        super().commit()
        self.commits += 1

    def may_have_pages(self, number: int) -> None:
        """Lets the file grow so far and no further: a full disk."""
        self._writer.execute(f"PRAGMA max_page_count = {number}")

    def pages(self) -> int:
        (number,) = self._writer.execute("PRAGMA page_count").fetchone()
        return int(number)

    def is_sound(self) -> bool:
        return bool(self._writer.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    store = Disk(tmp_path / "orders.db")
    yield store
    store.close()


def event(
    method: str,
    resource: str,
    body: object = None,
    caller: Caller = ANA,
    headers: dict[str, str] | None = None,
    **parameters: str,
) -> ProxyEvent:
    return {
        "httpMethod": method,
        "resource": resource,
        "path": resource,
        "headers": {"content-type": "application/json", **(headers or {})},
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "path": resource,
            "authorizer": {"claims": caller.claims},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def create(number: int = 0) -> ProxyEvent:
    return event("POST", "/v1/orders", MUGS | {"metadata": {"number": str(number)}})


def get(order_id: str) -> ProxyEvent:
    return event("GET", "/v1/orders/{order_id}", order_id=order_id)


def run(store: Disk, play: Callable[[GroupCommit], Awaitable[Answers]]) -> Answers:
    async def with_loop() -> Answers:
        return await play(GroupCommit(Application(store, Recorder()), store, lambda: None))

    return asyncio.run(with_loop())


def together(store: Disk, *events: ProxyEvent) -> Answers:
    """The answers to requests that arrive at the same time."""

    async def play(invocation: GroupCommit) -> Answers:
        return list(await asyncio.gather(*map(invocation, events), return_exceptions=True))

    return run(store, play)


def statuses(answers: Answers) -> list[int]:
    assert not [answer for answer in answers if isinstance(answer, BaseException)], answers
    return [answer["statusCode"] for answer in answers if not isinstance(answer, BaseException)]


def stored(store: Disk) -> int:
    return len(store.list_orders(OrderQuery(None), 1_000).orders)


def test_writes_at_the_same_time_share_a_commit(disk: Disk) -> None:
    assert statuses(together(disk, *map(create, range(50)))) == [201] * 50
    assert disk.commits == 1
    assert stored(disk) == 50


def test_nothing_is_answered_or_seen_before_it_is_durable(disk: Disk) -> None:
    async def play(invocation: GroupCommit) -> Answers:
        disk.spins.clear()
        write = asyncio.create_task(
            invocation(event("POST", "/v1/orders", MUGS, headers={"idempotency-key": "k"}))
        )
        await asyncio.to_thread(disk.committing.wait)
        listed = await invocation(event("GET", "/v1/orders"))
        assert json.loads(listed["body"])["orders"] == []
        assert not write.done()
        disk.spins.set()
        created = await write
        return [created, await invocation(get(json.loads(created["body"])["order_id"]))]

    created, read = run(disk, play)
    assert statuses([created, read]) == [201, 200]


def test_a_commit_that_fails_is_told_to_everybody_in_it(disk: Disk) -> None:
    disk.fails = True
    answers = together(disk, *map(create, range(20)))
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 20
    assert stored(disk) == 0
    disk.fails = False
    assert statuses(together(disk, create())) == [201]
    assert stored(disk) == 1


def test_even_a_refusal_is_not_told_of_what_is_not_durable(disk: Disk) -> None:
    """It may have been refused because of a write beside it, which is gone."""
    disk.fails = True
    bad = event("POST", "/v1/orders", {})
    assert [type(answer) for answer in together(disk, create(), bad)] == [StoreUnavailable] * 2


def test_on_a_full_disk_what_is_acknowledged_is_stored_and_nothing_else(disk: Disk) -> None:
    assert statuses(together(disk, *map(create, range(20)))) == [201] * 20
    disk.may_have_pages(disk.pages() + 3)
    answers = together(disk, *map(create, range(100)))
    acknowledged = [answer for answer in answers if isinstance(answer, dict) and answer["statusCode"] == 201]
    refused = [answer for answer in answers if answer not in acknowledged]
    assert refused
    for answer in refused:
        assert isinstance(answer, StoreUnavailable) or answer["statusCode"] == 503  # type: ignore[index]
    assert stored(disk) == 20 + len(acknowledged)
    assert disk.is_sound()
    disk.may_have_pages(1_000_000)
    assert statuses(together(disk, *map(create, range(100)))) == [201] * 100


@pytest.mark.parametrize("fails", [False, True])
def test_an_order_counts_as_placed_when_it_is_durable_and_not_before(disk: Disk, fails: bool) -> None:
    telemetry = Recorder()
    held = HeldTelemetry(telemetry)
    disk.fails = fails
    disk.spins.clear()

    async def play() -> None:
        invocation = GroupCommit(Application(disk, held), disk, lambda: None, telemetry=held)
        write = asyncio.create_task(invocation(create()))
        await asyncio.to_thread(disk.committing.wait)
        assert telemetry.observations == []
        disk.spins.set()
        await asyncio.gather(write, return_exceptions=True)

    asyncio.run(play())
    (observation,) = telemetry.observations
    assert (observation.status, len(observation.placed)) == ((503, 0) if fails else (201, 1))
    assert observation.problem == ("store-unavailable" if fails else None)


def test_reading_goes_on_while_the_disk_is_full(disk: Disk) -> None:
    (created,) = together(disk, create())
    assert not isinstance(created, BaseException)
    disk.may_have_pages(disk.pages())
    together(disk, *map(create, range(50)))
    assert statuses(together(disk, get(json.loads(created["body"])["order_id"]))) == [200]


def test_a_crash_undoes_the_commit_it_was_in_and_no_other(disk: Disk) -> None:
    class Crashing(Application):
        def __call__(self, event: ProxyEvent, context: object = None) -> ProxyResponse:
            answer = super().__call__(event, context)
            if event["headers"] and "x-crash" in event["headers"]:
                raise ZeroDivisionError
            return answer

    async def play(invocation: GroupCommit) -> Answers:
        crash = event("POST", "/v1/orders", MUGS, headers={"x-crash": "yes"})
        first = await asyncio.gather(invocation(create()), invocation(crash), return_exceptions=True)
        return [*first, await invocation(create())]

    async def with_loop() -> Answers:
        return await play(GroupCommit(Crashing(disk, Recorder()), disk, lambda: None))

    one, two, three = asyncio.run(with_loop())
    assert isinstance(one, ZeroDivisionError)
    assert isinstance(two, ZeroDivisionError)
    assert statuses([three]) == [201]
    assert stored(disk) == 1


def test_a_client_that_goes_away_takes_nobody_with_it(disk: Disk) -> None:
    async def play(invocation: GroupCommit) -> Answers:
        tasks = [asyncio.create_task(invocation(create(number))) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    first, gone, last = run(disk, play)
    assert isinstance(gone, asyncio.CancelledError)
    assert statuses([first, last]) == [201, 201]


def test_of_changes_to_one_version_in_one_commit_one_wins(disk: Disk) -> None:
    order = an_order(ANA.sub)
    disk.create(order)
    changes = [
        event(
            "PUT",
            "/v1/orders/{order_id}",
            MUGS | {"notes": str(number)},
            headers={"if-match": '"1"'},
            order_id=order.order_id,
        )
        for number in range(20)
    ]
    answers = statuses(together(disk, *changes))
    assert sorted(answers) == [200] + [412] * 19
    assert disk.commits == 1


def test_a_write_that_reads_first_sees_the_writes_beside_it(disk: Disk) -> None:
    """Three returns of one unit each, and one more than there are units."""
    order = an_order(ANA.sub, OrderStatus.DELIVERED)
    disk.create(order)
    body = {"lines": [{"line": 1, "quantity": 1}], "reason": "broken"}
    returned = [
        event("POST", "/v1/orders/{order_id}/returns", body, order_id=order.order_id) for _ in range(3)
    ]
    # The order has two of them.
    assert statuses(together(disk, *returned)) == [201, 201, 400]
    assert disk.commits == 1
    now = disk.get(order.order_id)
    assert now is not None
    assert (len(now.returns), now.version) == (2, 3)


def test_retries_with_one_key_in_one_commit_make_one_order(disk: Disk) -> None:
    retries = [event("POST", "/v1/orders", MUGS, headers={"idempotency-key": "k"}) for _ in range(10)]
    answers = together(disk, *retries)
    assert statuses(answers) == [201] * 10
    assert stored(disk) == 1


def test_each_write_has_its_event_in_order(disk: Disk) -> None:
    order = an_order(ANA.sub)
    disk.create(order)
    touch = [
        event("PUT", "/v1/orders/{order_id}", MUGS, caller=caller, order_id=order.order_id)
        for caller in (ANA, LUIS, STAFF, ANA)
    ]
    assert statuses(together(disk, *touch)) == [200, 404, 200, 200]
    assert [found.version for found in disk.list_events(order.order_id, 10)] == [1, 2, 3, 4]


def test_a_batch_of_orders_is_one_commit(disk: Disk) -> None:
    (answer,) = together(disk, event("POST", "/v1/orders:batch", {"orders": [MUGS] * 100}))
    assert statuses([answer]) == [200]
    assert (stored(disk), disk.commits) == (100, 1)


def test_batches_wait_for_a_commit_of_their_own(disk: Disk) -> None:
    """The loop does no more writes at a time than before there were batches."""
    batch = event("POST", "/v1/orders:batch", {"orders": [MUGS] * 5})
    assert statuses(together(disk, create(), batch, batch, create(), create())) == [201, 200, 200, 201, 201]
    assert (stored(disk), disk.commits) == (13, 2)


def test_of_a_batch_that_is_not_durable_nothing_is_there(disk: Disk) -> None:
    disk.fails = True
    (answer,) = together(disk, event("POST", "/v1/orders:batch", {"orders": [MUGS] * 2}))
    assert isinstance(answer, StoreUnavailable)
    assert stored(disk) == 0
