"""Every statement that the host issues finds its rows by an index: no scan, and nothing is sorted."""

import itertools
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace
from tests.orders import MUGS, a_change, a_removal, an_order, moment

from orders_core.models import Order, OrderStatus
from orders_core.stores import (
    NEWEST_FIRST,
    OrderQuery,
    Position,
    Sort,
    SortField,
    SortKey,
    UnsupportedQuery,
)
from orders_host import sqlite
from orders_host.listing import is_sorted_in_memory
from orders_host.relay import EVENTS_DB, ORDERS_DB
from orders_host.relay.feed import Feed
from orders_host.relay.store import Delivery, EventStore
from orders_host.retention import _is_needed
from orders_host.sqlite import SqliteOrderRepository
from orders_webhooks.webhook import subscribe

FROM: Final = moment(0)
TO: Final = moment(80_000)
AN_ID: Final = "00000000-0000-4000-8000-000000000000"
AFTER: Final = Position(moment(40_000), AN_ID)

STATUSES: Final[tuple[tuple[OrderStatus, ...], ...]] = (
    (),
    (OrderStatus.PENDING,),
    (OrderStatus.PENDING, OrderStatus.CONFIRMED, OrderStatus.SHIPPED),
)

Bounds = tuple[SortKey, SortKey, SortKey, str | None]
SORTS: Final[dict[Sort, Bounds]] = {
    Sort(field, descending): (10, 1_000, 100_000, "EUR")
    if field is SortField.TOTAL_AMOUNT
    else (FROM, AFTER.key, TO, None)
    for field in SortField
    for descending in (False, True)
}
"""Every order of a listing, with its lower bound, a position, its upper bound and the currency."""

# Tables of a few rows, all of which are wanted.
SMALL: Final = {"webhook", "epoch", "main.search_config", "CONSTANT ROW"}

LISTINGS: Final = [
    (
        OrderQuery(customer, statuses, first, last, sort=sort, currency=currency),
        Position(key, AN_ID) if from_a_position else None,
    )
    for sort, (lowest, key, highest, currency) in SORTS.items()
    for customer, statuses, first, last, from_a_position in itertools.product(
        (None, "ana"), STATUSES, (None, lowest), (None, highest), (False, True)
    )
]
# A customer's orders in another order are sorted: no more than MAX_SORTED.
INDEXED: Final = [listing for listing in LISTINGS if not is_sorted_in_memory(listing[0])]
SORTED: Final = [listing for listing in LISTINGS if is_sorted_in_memory(listing[0])]

BY_TIME: Final = [listing for listing in LISTINGS if listing[0].sort.field is SortField.CREATED_AT]
SEARCHES: Final = [
    (OrderQuery(customer, q="mug 7KQ2", sort=sort), after)
    for customer in (None, "ana")
    for sort in (NEWEST_FIRST, Sort(descending=False))
    for after in (None, AFTER)
]


@pytest.fixture
def issued() -> list[str]:
    """The statements that were issued, with the values that were bound."""
    return []


def plan_of(statement: str, connection: sqlite3.Connection) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def is_slow(step: str, statement: str) -> bool:
    if scanned := re.match(r"SCAN (.+?)(?: USING|$)", step):
        # An index that is read from its end is bounded by LIMIT, and so is what is counted of it.
        bounded = ("USING" in step or scanned[1].startswith("(subquery")) and " LIMIT " in statement
        # FTS5 reads the rows with the words (M), from the newest.
        matched = "VIRTUAL TABLE INDEX" in step and "M" in step.rpartition(":")[2]
        return not bounded and not matched and scanned[1] not in SMALL
    return "TEMP B-TREE" in step or "AUTOMATIC" in step


def slow_among(statements: list[str], connection: sqlite3.Connection) -> list[tuple[str, list[str]]]:
    plans = [
        (statement, plan_of(statement, connection))
        for statement in statements
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
    ]
    assert plans
    return [(statement, plan) for statement, plan in plans if any(is_slow(step, statement) for step in plan)]


def with_orders(path: Path) -> SqliteOrderRepository:
    store = SqliteOrderRepository(path)
    store.begin()
    for number in range(400):
        store.create(an_order("ana" if number % 2 else "luis", at=moment(number * 200)))
    store.commit()
    return store


@pytest.mark.parametrize("analyzed", [False, True], ids=["as created", "after ANALYZE"])
def test_the_orders(tmp_path: Path, issued: list[str], analyzed: bool) -> None:
    with closing(with_orders(tmp_path / ORDERS_DB)) as store:
        if analyzed:
            store._writer.execute("ANALYZE")
        for connection in (store._writer, store._reader):
            connection.set_trace_callback(issued.append)
        for query, after in INDEXED:
            store.list_orders(query, 20, after)
            store.count_orders(query, 10_001)
        for query, after in SEARCHES:
            store.list_orders(query, 20, after)
        every_write(store)
        store.list_events("x", 20)
        store.daily_figures("2026-01-01", "2026-12-31")
        for place in (("", ""), (moment(1), "x")):
            store.prune_deleted(moment(10**8), place, 50, lambda _: False)
        assert slow_among(issued, store._writer) == []


@pytest.mark.parametrize(("query", "after"), INDEXED, ids=repr)
def test_a_listing_reads_no_further_than_its_page(
    tmp_path_factory: pytest.TempPathFactory, query: OrderQuery, after: Position | None
) -> None:
    """Its index is bounded by all that was asked, so that none of the rows read is left out."""
    with closing(listed(tmp_path_factory)) as store:
        statements: list[str] = []
        store._reader.set_trace_callback(statements.append)
        store.list_orders(query, 20, after)
        column = {SortField.TOTAL_AMOUNT: "total"}.get(query.sort.field, query.sort.field.value)
        runs = [step for step in plan_of(statements[0], store._reader) if "orders" in step]
        by_status = query.statuses or query.sort.field is not SortField.CREATED_AT
        assert len(runs) == (len(query.statuses or OrderStatus) if by_status else 1)
        for run in runs:
            bounds = run.partition("(")[2]
            assert ("customer_id=?" in bounds) == (query.customer_id is not None)
            assert ("currency=?" in bounds) == (query.currency is not None)
            assert ("status=?" in bounds) == bool(by_status)
            after_low = after is not None and not query.sort.descending
            after_high = after is not None and query.sort.descending
            assert (">" in bounds) == (query.lowest is not None or after_low)
            assert ("<" in bounds) == (query.highest is not None or after_high)
            assert (f"({column},order_id)<(?,?)" in bounds) == after_high
            assert (f"({column},order_id)>(?,?)" in bounds) == after_low


@pytest.mark.parametrize(("query", "after"), SORTED, ids=repr)
def test_what_is_sorted_in_memory_is_one_customers(
    tmp_path_factory: pytest.TempPathFactory, query: OrderQuery, after: Position | None
) -> None:
    with closing(listed(tmp_path_factory)) as store:
        statements: list[str] = []
        store._reader.set_trace_callback(statements.append)
        store.list_orders(query, 20, after)
        counted, listing = (plan_of(statement, store._reader) for statement in statements)
        assert "SEARCH orders USING COVERING INDEX customer_index (customer_id=?)" in counted
        assert "SEARCH orders USING INDEX customer_index (customer_id=?)" in listing


def test_more_orders_of_a_customer_than_are_sorted_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MAX_SORTED", 3)
    by_total = OrderQuery("ana", sort=Sort(SortField.TOTAL_AMOUNT), currency="EUR")
    with closing(SqliteOrderRepository(tmp_path / ORDERS_DB)) as store:
        for _ in range(3):
            store.create(an_order("ana"))
        assert len(store.list_orders(by_total, 20).orders) == 3
        assert store.count_orders(by_total, 100) == 3
        store.create(an_order("ana"))
        for ask in (lambda: store.list_orders(by_total, 20), lambda: store.count_orders(by_total, 100)):
            with pytest.raises(UnsupportedQuery, match="for a customer with more than 3 orders"):
                ask()


@pytest.mark.parametrize(("query", "after"), BY_TIME, ids=repr)
def test_a_reference_is_looked_up_and_not_searched_for(
    tmp_path_factory: pytest.TempPathFactory, query: OrderQuery, after: Position | None
) -> None:
    with closing(listed(tmp_path_factory)) as store:
        statements: list[str] = []
        store._reader.set_trace_callback(statements.append)
        store.list_orders(replace(query, external_reference="WEB-1"), 20, after)
        (step,) = plan_of(statements[0], store._reader)
        assert step.startswith("SEARCH orders USING INDEX reference_index (external_reference=?")


def listed(factory: pytest.TempPathFactory) -> SqliteOrderRepository:
    return SqliteOrderRepository(factory.getbasetemp() / "listed.db")


def every_write(store: SqliteOrderRepository) -> None:
    order: Order = an_order("eva")
    store.create(order)
    assert store.get(order.order_id) == order
    changed = store.update(a_change(order, MUGS, status=OrderStatus.CANCELLED))
    changed = replace(changed, version=changed.version + 1)
    store.save(changed, changed.version - 1)
    store.delete(a_removal(changed))


def test_the_feed(tmp_path: Path, issued: list[str]) -> None:
    with closing(with_orders(tmp_path / ORDERS_DB)), closing(Feed(tmp_path / ORDERS_DB)) as feed:
        feed._connection.set_trace_callback(issued.append)
        feed.follow(lambda: None)
        feed.last = 0
        feed.look()
        feed.after(-1)
        feed.entry(3)
        for order_id in (None, "x"):
            list(feed.search(FROM, order_id))
        feed.latest(20)
        feed.count_after(3)
        assert slow_among(issued, feed._connection) == []


def test_the_webhooks(tmp_path: Path, issued: list[str]) -> None:
    webhook = subscribe("https://shop.example.com/", (), time.time())
    name, delivery = webhook.webhook_id, Delivery(1, "a", 0)
    with closing(EventStore(tmp_path / EVENTS_DB)) as store:
        store._connection.set_trace_callback(issued.append)
        store.add(webhook, 0)
        calls: list[Callable[[], object]] = [
            store.all,
            lambda: store.change(name, lambda before: before),
            lambda: store.cursor(name),
            lambda: store.take_in(name, [(1, "a"), (2, "a"), (3, "b")], 3),
            lambda: store.due(name, 1.0, 8),
            lambda: store.next_due(name, 1.0),
            lambda: store.try_again(name, delivery, 2.0),
            lambda: store.give_up(name, delivery, "x", 1.0),
            lambda: store.delivered(name, Delivery(2, "a", 0)),
            lambda: store.replay(name, [(1, "a")]),
            lambda: store.waiting(name),
            lambda: store.backlog(name),
            lambda: store.dead_letters(name),
            lambda: store.forget_beyond(2),
            lambda: store.remove(name),
        ]
        for call in calls:
            call()
        _is_needed(store._connection, [1, 2])
        assert slow_among(issued, store._connection) == []
