"""The relay over real files: at least once, in order within an order, and nobody waits for another."""

import asyncio
import sqlite3
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.events.endpoints import OK, answer, listening
from tests.orders import LAMPS, MUGS, a_change, a_removal, an_order

from orders_core.models import Order
from orders_host.relay import EVENTS_DB, ORDERS_DB, Relay, registry
from orders_host.relay.store import MAX_ATTEMPTS_KEPT, Attempt, EventStore
from orders_host.relay.worker import AT_ONCE
from orders_host.sqlite import SqliteOrderRepository
from orders_webhooks import schedule
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message
from orders_webhooks.webhook import Webhook, enabled, subscribe

PATIENCE_SECONDS = 20

Answers = Callable[[str, Message], Awaitable[DeliveryResult]]


class Subscribers:
    """Stands in for the network: notes what each webhook is sent, and answers as it is told."""

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers = answers
        self.got: defaultdict[str, list[str]] = defaultdict(list)
        self.under_way = 0
        self.most_at_once = 0
        self._changed = asyncio.Event()

    async def __call__(self, webhook: Webhook, message: Message) -> DeliveryResult:
        self.got[webhook.webhook_id].append(message.id)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        self._changed.set()
        try:
            await asyncio.sleep(0)  # a network would let others have their turn too
            return await self.answers(webhook.webhook_id, message) if self.answers else DeliveryResult(None)
        finally:
            self.under_way -= 1

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not happened():
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as repository:
        yield repository


@pytest.fixture
def webhooks(tmp_path: Path, shop: SqliteOrderRepository) -> Iterator[EventStore]:
    """events.db as a command has it open."""
    with closing(EventStore(tmp_path / EVENTS_DB)) as store:
        yield store


@asynccontextmanager
async def relaying(folder: Path, subscribers: Subscribers) -> AsyncIterator[Relay]:
    with closing(Relay(folder, subscribers)) as relay:
        async with relay.running():
            yield relay


def add(webhooks: EventStore, *events: str) -> str:
    added = subscribe("https://shop.example.com/", events, time.time())
    webhooks.add(added, 0)
    return added.webhook_id


def changes(shop: SqliteOrderRepository, orders: int, each: int) -> list[Order]:
    """Orders with `each` changes, one after the other in turns."""
    placed = [an_order() for _ in range(orders)]
    for order in placed:
        shop.create(order)
    for round_ in range(each - 1):
        for order in placed:
            shop.update(a_change(order, content=MUGS if round_ % 2 else LAMPS))
    return placed


def versions(ids: list[str], order: Order) -> list[int]:
    return [int(version) for of, _, version in (one.partition(":") for one in ids) if of == order.order_id]


def now_failing(ids: set[str]) -> Answers:
    """Fails for these events, whoever gets them."""

    async def answers(_: str, message: Message) -> DeliveryResult:
        return DeliveryResult("it answered 500" if message.id in ids else None)

    return answers


def test_every_event_in_order_within_each_order(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)
    orders = changes(shop, orders=20, each=10)

    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(tmp_path, subscribers):
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 200)
        for order in orders:
            assert versions(subscribers.got[webhook], order) == list(range(1, 11))
        assert 1 < subscribers.most_at_once <= AT_ONCE

    asyncio.run(run())


def test_a_commit_wakes_it_and_other_processes_are_seen(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)

    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(tmp_path, subscribers) as relay:
            shop.create(an_order())
            relay.feed.wake()
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)
            shop.create(an_order())  # nobody wakes it
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 2)

    asyncio.run(run())


def test_an_event_that_fails_holds_up_its_own_order_only(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)
    stuck, *others = changes(shop, orders=5, each=4)
    poison = f"{stuck.order_id}:2"

    async def run() -> None:
        subscribers = Subscribers(now_failing({poison}))
        async with relaying(tmp_path, subscribers):
            await subscribers.until(
                lambda: all(versions(subscribers.got[webhook], order) == [1, 2, 3, 4] for order in others)
            )
            assert versions(subscribers.got[webhook], stuck) == [1, 2]

    asyncio.run(run())
    assert webhooks.backlog(webhook).waiting == 3
    assert webhooks.backlog(webhook).failing == 1


def test_a_hanging_webhook_delays_no_other(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    dead, alive = add(webhooks), add(webhooks)
    changes(shop, orders=30, each=3)

    async def hang(webhook_id: str, _: Message) -> DeliveryResult:
        if webhook_id == dead:
            await asyncio.Event().wait()
        return DeliveryResult(None)

    async def run() -> None:
        subscribers = Subscribers(hang)
        async with relaying(tmp_path, subscribers):
            await subscribers.until(lambda: len(subscribers.got[alive]) == 90)
            assert len(subscribers.got[dead]) == AT_ONCE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orders_host.relay._GRACE_SECONDS", 0.01)
        asyncio.run(run())
    assert webhooks.backlog(alive).waiting == 0
    assert webhooks.backlog(dead).waiting == 90


def test_misbehaving_endpoints_delay_no_other(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    """The same over sockets: one closes, one answers 500, one redirects, one never answers."""
    changes(shop, orders=10, each=2)

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\n\r\n"
    misbehaving = [answer(b""), answer(b"HTTP/1.1 500 No\r\n\r\n"), answer(redirect), never]

    async def run() -> None:
        async with listening(answer(OK)) as good:
            talks = [listening(talk) for talk in misbehaving]
            endpoints = [await talk.__aenter__() for talk in talks]
            for endpoint in (*endpoints, good):
                webhooks.add(subscribe(endpoint.url(), (), time.time(), allow_loopback=True), 0)
            with closing(Relay(tmp_path)) as relay:
                async with relay.running(), asyncio.timeout(PATIENCE_SECONDS):
                    while len(good.requests) < 20:
                        await asyncio.sleep(0.01)
            assert all(endpoint.requests for endpoint in endpoints)
            for talk in talks:
                await talk.__aexit__(None, None, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orders_host.relay._GRACE_SECONDS", 0.01)
        asyncio.run(run())
    *failing, good = webhooks.all()
    assert good.failures == 0
    assert [bool(each.failures) for each in failing] == [True, True, True, False]


def test_poison_becomes_a_dead_letter_and_its_order_goes_on(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "DELAYS_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(schedule, "PAUSE_SECONDS", 0.0)
    webhook = add(webhooks)
    (order,) = changes(shop, orders=1, each=3)
    poison = f"{order.order_id}:2"

    async def run() -> None:
        subscribers = Subscribers(now_failing({poison}))
        async with relaying(tmp_path, subscribers):
            await subscribers.until(lambda: f"{order.order_id}:3" in subscribers.got[webhook])
        assert versions(subscribers.got[webhook], order) == [1, 2, 2, 2, 3]

    asyncio.run(run())
    (letter,) = webhooks.dead_letters(webhook)
    assert (letter.order_id, letter.attempts, letter.error) == (order.order_id, 3, "it answered 500")
    assert webhooks.backlog(webhook) == (0, 0, 1)
    replay_the_dead_letters(tmp_path, webhooks, webhook, poison)


def replay_the_dead_letters(folder: Path, webhooks: EventStore, webhook: str, poison: str) -> None:
    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(folder, subscribers):
            dead = webhooks.dead_letters(webhook)
            webhooks.replay(webhook, [(each.sequence, each.order_id) for each in dead])
            await subscribers.until(lambda: subscribers.got[webhook] == [poison])

    asyncio.run(run())
    assert webhooks.backlog(webhook) == (0, 0, 0)


def test_an_event_that_nobody_can_send_is_poison_too(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "DELAYS_SECONDS", ())
    webhook = add(webhooks)
    order = an_order()
    shop.create(order)
    with closing(sqlite3.connect(tmp_path / ORDERS_DB)) as raw, raw:
        raw.execute("UPDATE outbox SET document = CAST(replace(document, '\"time\"', '\"when\"') AS BLOB)")
        raw.execute("INSERT INTO outbox (order_id, version, document) VALUES ('x', 1, CAST('{' AS BLOB))")
    shop.create(an_order())

    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(tmp_path, subscribers):
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)

    asyncio.run(run())
    assert [letter.order_id for letter in webhooks.dead_letters(webhook)] == [order.order_id]


def test_an_endpoint_that_fails_again_and_again_is_tried_one_at_a_time(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MAX_PAUSE_SECONDS", 3600.0)
    monkeypatch.setattr(schedule, "PAUSE_SECONDS", 3600.0)
    webhook = add(webhooks)
    changes(shop, orders=50, each=1)
    # Those under way together are one failure; then one at a time, until patience ends.
    expected = AT_ONCE + schedule.PATIENCE_FAILURES - 1

    async def fail(_: str, __: Message) -> DeliveryResult:
        return DeliveryResult("it answered 503")

    async def run() -> None:
        subscribers = Subscribers(fail)
        async with relaying(tmp_path, subscribers) as relay:
            await subscribers.until(lambda: len(subscribers.got[webhook]) >= expected)
            await follow_for_a_while(relay)
        assert len(subscribers.got[webhook]) == expected

    asyncio.run(run())


def test_an_endpoint_that_asks_for_a_break_gets_it(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)

    async def busy(_: str, __: Message) -> DeliveryResult:
        return DeliveryResult("it answered 429", retry_after=3600)

    async def run() -> None:
        subscribers = Subscribers(busy)
        async with relaying(tmp_path, subscribers) as relay:
            shop.create(an_order())
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)
            changes(shop, orders=20, each=1)
            await follow_for_a_while(relay)
        assert len(subscribers.got[webhook]) == 1

    asyncio.run(run())


async def follow_for_a_while(relay: Relay) -> None:
    """Give the relay a hundred occasions to do what it should not."""
    for _ in range(100):
        relay.feed.wake()
        relay._wake()
        await asyncio.sleep(0)


def test_a_disabled_webhook_gets_nothing_and_loses_nothing(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)

    async def gone(_: str, __: Message) -> DeliveryResult:
        return DeliveryResult("it answered 410", gone=True)

    async def run() -> None:
        subscribers = Subscribers(gone)
        async with relaying(tmp_path, subscribers) as relay:
            shop.create(an_order())
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)
            changes(shop, orders=10, each=1)
            await follow_for_a_while(relay)
            assert len(subscribers.got[webhook]) == 1
            subscribers.answers = None
            with_all_due(webhooks, webhook)
            await subscribers.until(lambda: len(set(subscribers.got[webhook])) == 11)

    asyncio.run(run())


def with_all_due(webhooks: EventStore, webhook: str) -> None:
    """Enabled again, as by a command, and no delay is waited for."""
    webhooks.change(webhook, enabled)
    webhooks._connection.execute("UPDATE delivery SET due_at = 0 WHERE due_at > 0")


def test_webhooks_come_change_and_go_while_it_runs(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(tmp_path, subscribers):
            first = add(webhooks)
            shop.create(an_order())
            await subscribers.until(lambda: len(subscribers.got[first]) == 1)
            webhooks.change(first, lambda before: replace(before, events=("order.deleted",)))
            second = add(webhooks)
            order = an_order()
            shop.create(order)
            await subscribers.until(lambda: len(subscribers.got[second]) == 2)
            shop.delete(a_removal(order))
            await subscribers.until(lambda: len(subscribers.got[first]) == 2)
            assert subscribers.got[first][1] == f"{order.order_id}:2"
            webhooks.remove(first)
            shop.create(an_order())
            await subscribers.until(lambda: len(subscribers.got[second]) == 4)
            assert len(subscribers.got[first]) == 2

    asyncio.run(run())


def test_it_goes_on_where_it_was_stopped(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    """Stopped in the middle again and again: everything arrives, in order, little of it twice."""
    webhook = add(webhooks)
    orders = changes(shop, orders=10, each=10)
    got: list[str] = []

    async def run() -> None:
        subscribers = Subscribers()
        subscribers.got[webhook] = got
        async with relaying(tmp_path, subscribers):
            enough = min(len(got) + 17, 100)
            await subscribers.until(lambda: len(got) >= enough)

    while len(set(got)) < 100:
        asyncio.run(run())
    for order in orders:
        assert list(dict.fromkeys(versions(got, order))) == list(range(1, 11))


def test_two_hosts_never_deliver_at_the_same_time(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)

    async def run() -> None:
        first, second = Subscribers(), Subscribers()
        async with relaying(tmp_path, first):
            shop.create(an_order())
            await first.until(lambda: len(first.got[webhook]) == 1)
            async with relaying(tmp_path, second) as waiting:
                shop.create(an_order())
                await follow_for_a_while(waiting)
                await first.until(lambda: len(first.got[webhook]) == 2)
        assert not second.got
        async with relaying(tmp_path, second):
            shop.create(an_order())
            await second.until(lambda: len(second.got[webhook]) == 1)

    asyncio.run(run())


def test_a_replaced_database_is_followed_from_its_start(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)
    webhooks.take_in(webhook, [(5_000, "an order of another database")], 5_000)

    async def run() -> None:
        subscribers = Subscribers()
        async with relaying(tmp_path, subscribers):
            shop.create(an_order())
            await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)

    asyncio.run(run())
    assert webhooks.cursor(webhook) == 1


def test_staff_sees_attempts_and_replays_what_was_given_up(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)
    (order,) = changes(shop, orders=1, each=2)

    async def run() -> None:
        subscribers = Subscribers(now_failing({f"{order.order_id}:1"}))
        async with relaying(tmp_path, subscribers) as relay:
            managed = relay.webhooks
            await until(lambda: bool(managed.deliveries(webhook).attempts))
            deliveries = managed.deliveries(webhook)
            (failed,) = deliveries.attempts
            assert (failed.event_id, failed.order_id) == (f"{order.order_id}:1", order.order_id)
            assert failed.error == "it answered 500"
            assert failed.next_attempt_at is not None
            assert failed.next_attempt_at > failed.at
            assert (deliveries.waiting, deliveries.failing, deliveries.dead_letters) == (2, 1, 0)

            (due,) = webhooks.due(webhook, time.time() + 3600, 1)
            webhooks.give_up(webhook, due, "it answered 500", time.time())
            await until(lambda: managed.deliveries(webhook).waiting == 0)
            assert managed.deliveries(webhook).dead_letters == 1
            subscribers.answers = None
            assert managed.replay(webhook, None, None).events == 1
            await until(lambda: managed.deliveries(webhook).waiting == 0)
            assert managed.deliveries(webhook).dead_letters == 0
            assert [each.error for each in managed.deliveries(webhook).attempts] == [None, None, failed.error]

    asyncio.run(run())


def test_a_replay_is_bounded_and_tells_where_to_go_on(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MAX_REPLAYED", 2)
    webhook = add(webhooks)
    (order,) = changes(shop, orders=1, each=3)
    with closing(Relay(tmp_path, Subscribers())) as relay:
        first = relay.webhooks.replay(webhook, "2020-01-01T00:00:00.000Z", order.order_id)
        assert (first.events, first.next_since) == (2, shop.list_events(order.order_id, 3)[2].time)
        assert relay.webhooks.replay(webhook, first.next_since, "0" * 36).events == 0
        assert relay.webhooks.replay(webhook, "2100-01-01T00:00:00.000Z", None).next_since is None


def test_only_the_latest_attempts_are_kept(webhooks: EventStore) -> None:
    webhook = add(webhooks)
    for sequence in range(MAX_ATTEMPTS_KEPT + 5):
        webhooks.note_attempt(webhook, Attempt(sequence, "an-order", float(sequence), None, None))
    kept = webhooks.attempts(webhook, 1_000)
    assert [each.sequence for each in kept] == list(range(MAX_ATTEMPTS_KEPT + 4, 4, -1))
    webhooks.remove(webhook)
    webhooks.note_attempt(webhook, kept[0])
    assert webhooks.attempts(webhook, 1_000) == []


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened():
            await asyncio.sleep(0.01)
