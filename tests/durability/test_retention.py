"""What remains of deleted orders goes after a time, in slices, and never while a webhook needs it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.api import Recorder
from tests.durability.test_group_commit import create
from tests.orders import a_removal, an_order

from orders_core.application import Application
from orders_core.models import Order
from orders_core.stores import OrderWasDeleted
from orders_host import retention
from orders_host.check import check
from orders_host.invocation import GroupCommit
from orders_host.options import InvalidOption, Options
from orders_host.relay import EVENTS_DB, ORDERS_DB, Relay
from orders_host.relay.store import Delivery, EventStore
from orders_host.retention import Retention
from orders_host.sqlite import Pruned, SqliteOrderRepository
from orders_webhooks.webhook import subscribe

KEEP_DAYS = 400
LONG_AGO = "2020-01-01T00:00:00.000Z"
NOW = "2099-01-01T00:00:00.000Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as opened:
        yield opened


@pytest.fixture
def webhooks(tmp_path: Path) -> Iterator[EventStore]:
    with closing(EventStore(tmp_path / EVENTS_DB)) as opened:
        yield opened


def pruned(folder: Path, store: SqliteOrderRepository) -> Pruned:
    async def run() -> Pruned:
        commits = GroupCommit(Application(store, Recorder()), store, lambda: None)
        return await Retention(store, folder / EVENTS_DB, commits.exclusively, KEEP_DAYS).prune()

    return asyncio.run(run())


def deleted(store: SqliteOrderRepository, at: str) -> Order:
    order = an_order()
    store.create(order)
    store.delete(replace(a_removal(order), at=at))
    return order


def sequences(store: SqliteOrderRepository, order: Order) -> list[int]:
    rows = store._reader.execute("SELECT sequence FROM outbox WHERE order_id = ?", (order.order_id,))
    return [row[0] for row in rows]


def test_events_and_tombstones_of_orders_deleted_long_ago_go(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    lately = deleted(store, NOW)
    living = an_order()
    store.create(living)
    assert pruned(tmp_path, store) == Pruned(orders=1, events=2, next_after=None)
    assert store.list_events(old.order_id, 10) == []
    assert [event.version for event in store.list_events(lately.order_id, 10)] == [1, 2]
    assert [event.version for event in store.list_events(living.order_id, 10)] == [1]
    assert check(tmp_path).findings == []


def test_the_id_of_an_order_is_free_again_only_then(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    store.create(an_order())
    with pytest.raises(OrderWasDeleted):
        store.create(old)
    pruned(tmp_path, store)
    store.create(old)
    assert store.get(old.order_id) == old
    assert check(tmp_path).findings == []


def test_an_event_stays_until_every_webhook_has_come_past_it(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    store.create(an_order())
    reached = sequences(store, old)[-1]
    behind = subscribe("https://behind.example/", (), time.time())
    ahead = subscribe("https://ahead.example/", (), time.time())
    webhooks.add(behind, reached - 1)
    webhooks.add(ahead, reached + 1)
    assert pruned(tmp_path, store).orders == 0
    webhooks.take_in(behind.webhook_id, [], reached)
    assert pruned(tmp_path, store).orders == 1


def test_an_event_stays_while_it_is_to_be_delivered_or_could_be_replayed(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    store.create(an_order())
    first, last = sequences(store, old)
    webhook = subscribe("https://shop.example/", (), time.time())
    webhooks.add(webhook, last)
    delivery = Delivery(first, old.order_id, 0)
    webhooks.take_in(webhook.webhook_id, [(first, old.order_id)], last)
    assert pruned(tmp_path, store).orders == 0
    webhooks.give_up(webhook.webhook_id, delivery, "it answered 500", time.time())
    assert pruned(tmp_path, store).orders == 0, "a dead letter can be replayed"
    webhooks.remove(webhook.webhook_id)
    assert pruned(tmp_path, store).orders == 1


def test_the_newest_event_of_all_stays_so_that_no_webhook_is_beyond_it(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    webhook = subscribe("https://shop.example/", (), time.time())
    webhooks.add(webhook, sequences(store, old)[-1])
    assert pruned(tmp_path, store).orders == 0
    assert check(tmp_path).findings == []
    store.create(an_order())
    assert pruned(tmp_path, store).orders == 1
    assert check(tmp_path).findings == []


def test_a_slice_is_bounded_and_what_is_still_needed_is_passed_over(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "MAX_ORDERS_A_SLICE", 3)
    monkeypatch.setattr(retention, "_BETWEEN_SLICES_SECONDS", 0)
    orders = [deleted(store, LONG_AGO) for _ in range(10)]
    store.create(an_order())
    webhook = subscribe("https://shop.example/", (), time.time())
    kept = orders[4]
    webhooks.add(webhook, 10**6)
    webhooks.take_in(webhook.webhook_id, [(sequences(store, kept)[0], kept.order_id)], 10**6)
    slices: list[int] = []
    real = store.prune_deleted

    def counted(*arguments: object) -> Pruned:
        result = real(*arguments)  # type: ignore[arg-type]
        slices.append(result.orders)
        return result

    monkeypatch.setattr(store, "prune_deleted", counted)
    assert pruned(tmp_path, store).orders == 9
    assert len(slices) == 4
    assert max(slices) == 3


def test_writes_take_turns_with_it(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    """A slice and a batch never share a transaction, so that neither undoes the other."""
    deleted(store, LONG_AGO)
    store.create(an_order())

    async def run() -> list[str]:
        order: list[str] = []
        commits = GroupCommit(Application(store, Recorder()), store, lambda: order.append("batch"))

        def work() -> Pruned:
            assert not store._writer.in_transaction
            order.append("slice")
            return store.prune_deleted(NOW, ("", ""), 10, lambda _: False)

        await asyncio.gather(*(commits.exclusively(work) for _ in range(3)), commits(create()))
        return order

    assert sorted(asyncio.run(run())) == ["batch", "slice", "slice", "slice"]


def test_the_host_prunes_in_the_background_and_the_relay_goes_on(
    tmp_path: Path, store: SqliteOrderRepository, webhooks: EventStore
) -> None:
    old = deleted(store, LONG_AGO)
    store.create(an_order())

    async def run() -> None:
        commits = GroupCommit(Application(store, Recorder()), store, lambda: None)
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def exclusively(work: Callable[[], Pruned]) -> Pruned:
            result = await commits.exclusively(work)
            loop.call_soon(done.set)
            return result

        with closing(Relay(tmp_path)) as relay:
            pruning = Retention(store, tmp_path / EVENTS_DB, exclusively, KEEP_DAYS)
            async with relay.running(), pruning.running(), asyncio.timeout(20):
                await done.wait()

    asyncio.run(run())
    assert sequences(store, old) == []


@pytest.mark.parametrize("days", [1, 6])
def test_a_retention_so_short_that_retries_would_place_orders_again_is_refused(days: int) -> None:
    with pytest.raises(InvalidOption, match="write 7 or more, or 0 to keep everything"):
        Options(keep_events_days=days).check()
    Options(keep_events_days=0).check()
    Options(keep_events_days=7).check()
