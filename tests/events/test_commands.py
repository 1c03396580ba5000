"""`orders events` and `orders webhook`: what an operator sees of events and does about webhooks."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from standardwebhooks import Webhook as Verifier
from tests.events.endpoints import OK, answer, listening
from tests.orders import LAMPS, a_change, an_order

from orders_cli.commands import orders
from orders_contract.event_schemas import documents
from orders_core.models import OrderStatus
from orders_host.relay import EVENTS_DB, ORDERS_DB
from orders_host.relay.store import Delivery, EventStore
from orders_host.sqlite import SqliteOrderRepository

DOCS = Path(__file__).parents[2] / "docs/events"

Run = Callable[..., str]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as repository:
        yield repository


@pytest.fixture
def run(tmp_path: Path, shop: SqliteOrderRepository) -> Run:
    """Runs a command on the shop's directory and returns what it prints."""

    def command(*argv: str) -> str:
        result = invoke(tmp_path, *argv)
        if result.exception is not None:
            raise result.exception
        return result.output

    return command


def invoke(folder: Path, *argv: str) -> Result:
    return CliRunner().invoke(orders, [*argv, "--data-dir", str(folder)], standalone_mode=False)


def test_the_latest_events_one_a_line(run: Run, shop: SqliteOrderRepository) -> None:
    order = an_order()
    shop.create(order)
    shop.update(a_change(order, content=LAMPS))
    shop.update(a_change(order, content=LAMPS, status=OrderStatus.CONFIRMED))
    placed, changed, moved = run("events").splitlines()
    assert placed.split()[2:] == ["OrderCreated", f"{order.order_id}:1", "19.00", "EUR"]
    assert changed.endswith("items, notes, metadata, total_amount")
    assert moved.endswith("PENDING → CONFIRMED")


def test_the_events_of_one_order_as_json(run: Run, shop: SqliteOrderRepository) -> None:
    order = an_order()
    shop.create(order)
    shop.create(an_order())
    shop.update(a_change(order, content=LAMPS))
    events = [json.loads(line) for line in run("events", "--order", order.order_id, "--json").splitlines()]
    assert [event["id"] for event in events] == [f"{order.order_id}:1", f"{order.order_id}:2"]


def test_following_prints_what_happens_next(
    tmp_path: Path, shop: SqliteOrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.create(an_order())
    order = an_order()
    naps = iter([lambda: shop.create(order)])

    def nap(_: float) -> None:
        """Instead of waiting: something happens, and then Ctrl-C is pressed."""
        happen = next(naps, None)
        if happen is None:
            raise KeyboardInterrupt
        happen()

    monkeypatch.setattr(time, "sleep", nap)
    result = invoke(tmp_path, "events", "--follow")
    assert isinstance(result.exception, click.Abort)
    assert order.order_id in result.output.splitlines()[-2]


def test_a_directory_without_orders_is_told_so(tmp_path: Path) -> None:
    assert "orders serve" in str(invoke(tmp_path, "events").exception)
    assert "orders serve" in str(invoke(tmp_path, "webhook", "list").exception)


def added(run: Run, url: str = "https://shop.example.com/hook", *options: str) -> dict[str, str]:
    document: dict[str, str] = json.loads(run("webhook", "add", url, "--json", *options))
    return document


def listed(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run("webhook", "list", "--json"))
    return rows


def test_a_webhook_is_added_listed_and_removed(run: Run, tmp_path: Path) -> None:
    webhook = added(run, "https://shop.example.com/hook", "--events", "order.created,order.deleted")
    assert webhook["secret"].startswith("whsec_")
    (row,) = listed(run)
    assert (row["id"], row["state"]) == (webhook["id"], "ok")
    assert row["events"] == ["order.created", "order.deleted"]
    assert webhook["secret"] not in run("webhook", "list")
    assert (tmp_path / EVENTS_DB).stat().st_mode & 0o077 == 0, "it holds secrets"
    run("webhook", "remove", webhook["id"])
    assert listed(run) == []


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["add", "http://shop.example.com/"], "--allow-http"),
        (["add", "https://10.0.0.1/"], "not a public address"),
        (["add", "https://shop.example.com/", "--events", "order.exploded"], "order.created"),
        (["add", "http://127.0.0.1/", "--allow-http", "--store", "dynamodb://t"], "https://"),
        (["remove", "wh_unknown"], "orders webhook list"),
        (["enable", "wh_unknown"], "orders webhook list"),
        (["test", "wh_unknown"], "orders webhook list"),
        (["replay", "wh_unknown"], "orders webhook list"),
        (["list", "--store", "redis://x"], "is not known"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(
    argv: list[str], said: str, tmp_path: Path, shop: SqliteOrderRepository
) -> None:
    assert said in str(invoke(tmp_path, "webhook", *argv).exception)


def test_a_new_webhook_gets_what_happens_from_then_on(
    run: Run, shop: SqliteOrderRepository, tmp_path: Path
) -> None:
    shop.create(an_order())
    webhook = added(run)
    shop.create(an_order())
    assert listed(run)[0]["waiting"] == 1
    with closing(EventStore(tmp_path / EVENTS_DB)) as store:
        assert store.cursor(webhook["id"]) == 1


def test_a_test_message_verifies_with_the_new_and_the_old_secret(run: Run) -> None:
    async def both() -> None:
        async with listening(answer(OK)) as endpoint:
            webhook = await asyncio.to_thread(added, run, endpoint.url(), "--allow-http")
            rotated = json.loads(
                await asyncio.to_thread(run, "webhook", "rotate-secret", webhook["id"], "--json")
            )
            assert rotated["secret"] != webhook["secret"]
            output = await asyncio.to_thread(run, "webhook", "test", webhook["id"])
            assert "took it" in output
        (request,) = endpoint.requests
        for secret in (webhook["secret"], rotated["secret"]):
            message: Any = Verifier(secret).verify(request.body, request.headers)
            assert message["type"] == "webhook.test"

    asyncio.run(both())


def test_a_test_message_that_is_not_taken_says_why(run: Run) -> None:
    async def refused() -> None:
        async with listening(answer(b"HTTP/1.1 500 No\r\n\r\n")) as endpoint:
            webhook = await asyncio.to_thread(added, run, endpoint.url(), "--allow-http")
            with pytest.raises(Exception, match="it answered 500"):
                await asyncio.to_thread(run, "webhook", "test", webhook["id"])

    asyncio.run(refused())


def test_replay_takes_dead_letters_an_order_or_all_since_a_time(
    run: Run, shop: SqliteOrderRepository, tmp_path: Path
) -> None:
    webhook = added(run)["id"]
    old, new = an_order(at="2026-01-01T00:00:00.000Z"), an_order(at="2026-02-01T00:00:00.000Z")
    for order in (old, new):
        shop.create(order)
    with closing(EventStore(tmp_path / EVENTS_DB)) as store:
        store.take_in(webhook, [(1, old.order_id)], 2)
        store.give_up(webhook, Delivery(1, old.order_id, 9), "it answered 500", time.time())
        assert listed(run)[0]["dead_letters"] == 1
        assert "1 event " in run("webhook", "replay", webhook)
        assert listed(run)[0]["dead_letters"] == 0
        assert due(store, webhook) == [1]
        assert "1 event " in run("webhook", "replay", webhook, "--order", new.order_id)
        assert due(store, webhook) == [1, 2]
        assert "1 event " in run("webhook", "replay", webhook, "--since", "2026-01-15T01:00:00+01:00")
        assert "2 events " in run("webhook", "replay", webhook, "--since", "2026-01-01T00:00:00Z")
        assert due(store, webhook) == [1, 2]


def due(store: EventStore, webhook: str) -> list[int]:
    return [delivery.sequence for delivery in store.due(webhook, time.time(), 10)]


def test_a_database_of_a_later_release_is_not_touched(run: Run, tmp_path: Path) -> None:
    added(run)
    with closing(sqlite3.connect(tmp_path / EVENTS_DB)) as raw:
        raw.execute("PRAGMA user_version = 99")
    assert "later one" in str(invoke(tmp_path, "webhook", "list").exception)


@pytest.mark.parametrize("name", documents())
def test_the_published_schemas_are_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text() == documents()[name], "run: orders events schema --output docs/events"


def test_the_folder_of_schemas_holds_no_others() -> None:
    assert {path.name for path in DOCS.iterdir()} == set(documents())
