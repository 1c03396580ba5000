"""The relay never stops in silence: what fails is told, tried again, and keeps nothing else from working."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.events.test_relay import PATIENCE_SECONDS, Subscribers, add, changes
from tests.orders import an_order

from orders_core.stores import StoreUnavailable
from orders_host.relay import EVENTS_DB, ORDERS_DB, Relay
from orders_host.relay.store import EventStore
from orders_host.relay.worker import AT_ONCE
from orders_host.sqlite import SqliteOrderRepository
from orders_webhooks import schedule
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message
from orders_webhooks.webhook import Webhook, enabled


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as repository:
        yield repository


@pytest.fixture
def webhooks(tmp_path: Path, shop: SqliteOrderRepository) -> Iterator[EventStore]:
    with closing(EventStore(tmp_path / EVENTS_DB)) as store:
        yield store


def healthy(relay: Relay) -> bool:
    try:
        relay.probe()
    except StoreUnavailable:
        return False
    return True


async def until_healthy(relay: Relay, wanted: bool) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while healthy(relay) is not wanted:
            await asyncio.sleep(0.01)


def test_a_damaged_lock_is_told_and_mended_it_goes_on(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, caplog: pytest.LogCaptureFixture
) -> None:
    webhook = add(webhooks)
    shop.create(an_order())
    (tmp_path / "relay.lock").write_bytes(b"damaged" * 200)
    counted: list[None] = []

    async def run() -> None:
        subscribers = Subscribers()
        with closing(Relay(tmp_path, subscribers, lambda: counted.append(None))) as relay:
            async with relay.running():
                await until_healthy(relay, False)
                with pytest.raises(StoreUnavailable, match="relay: DatabaseError: file is not a database"):
                    relay.probe()
                (tmp_path / "relay.lock").unlink()
                await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)
                await until_healthy(relay, True)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert counted
    told = [record.message for record in caplog.records if record.message.startswith("the relay")]
    assert len(told) == 2  # once that it fails, once that it works again


def test_a_damaged_webhook_is_told_and_keeps_no_other_waiting(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    damaged, sound = add(webhooks), add(webhooks)
    with closing(sqlite3.connect(tmp_path / EVENTS_DB)) as raw, raw:
        raw.execute("UPDATE webhook SET document = x'00' WHERE webhook_id = ?", (damaged,))
    shop.create(an_order())

    async def run() -> None:
        subscribers = Subscribers()
        with closing(Relay(tmp_path, subscribers)) as relay:
            async with relay.running():
                await subscribers.until(lambda: len(subscribers.got[sound]) == 1)
                await until_healthy(relay, False)
                webhooks.remove(damaged)
                await until_healthy(relay, True)

    asyncio.run(run())


def test_attempts_that_fail_together_are_one_failure(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    webhook = add(webhooks)
    changes(shop, orders=AT_ONCE, each=1)
    together = asyncio.Event()

    async def run() -> None:
        async def fail(_: str, __: Message) -> DeliveryResult:
            await together.wait()
            return DeliveryResult("it answered 503")

        subscribers = Subscribers(fail)
        with closing(Relay(tmp_path, subscribers)) as relay:
            async with relay.running():
                await subscribers.until(lambda: subscribers.under_way == AT_ONCE)
                together.set()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while webhooks.backlog(webhook).failing < AT_ONCE:
                        await asyncio.sleep(0.01)

    asyncio.run(run())
    noted = webhooks.get(webhook)
    assert noted is not None
    assert noted.failures == 1


def test_a_clock_that_was_set_back_silences_no_webhook(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had noted before is in the future now."""
    monkeypatch.setattr(schedule, "MAX_RETRY_AFTER_SECONDS", 0.0)
    webhook = add(webhooks)
    (order,) = changes(shop, orders=1, each=1)
    tomorrow = time.time() + 86_400

    def failed_tomorrow(before: Webhook) -> Webhook:
        return replace(enabled(before), failures=9, last_failed_at=tomorrow)

    webhooks.change(webhook, failed_tomorrow)
    webhooks.take_in(webhook, [(1, order.order_id)], 1)
    (delivery,) = webhooks.due(webhook, 0.0, 1)
    webhooks.try_again(webhook, delivery, tomorrow)

    async def run() -> None:
        subscribers = Subscribers()
        with closing(Relay(tmp_path, subscribers)) as relay:
            async with relay.running():
                await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)

    asyncio.run(run())


def test_it_waits_for_no_other_process_that_writes(
    tmp_path: Path, shop: SqliteOrderRepository, webhooks: EventStore
) -> None:
    """An event is delivered once, though noting it has to wait, and the loop goes on meanwhile."""
    webhook = add(webhooks)
    shop.create(an_order())

    async def run() -> None:
        other = sqlite3.connect(tmp_path / EVENTS_DB, isolation_level=None)

        async def hold(_: str, __: Message) -> DeliveryResult:
            other.execute("BEGIN IMMEDIATE")
            return DeliveryResult(None)

        subscribers = Subscribers(hold)
        with closing(other), closing(Relay(tmp_path, subscribers)) as relay:
            async with relay.running():
                await subscribers.until(lambda: len(subscribers.got[webhook]) == 1)
                await asyncio.sleep(0.2)
                other.execute("ROLLBACK")
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while webhooks.waiting(webhook):
                        await asyncio.sleep(0.01)
        assert len(subscribers.got[webhook]) == 1

    asyncio.run(run())
