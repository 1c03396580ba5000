"""Orders are found by their words, from the moment they are written, as a clerk would look for them."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.api import ANA, LUIS, STAFF, Caller, Recorder
from tests.durability.test_group_commit import event
from tests.orders import LAMPS, a_change, a_removal, an_order, moment

from orders_core import order_numbers
from orders_core.application import Application
from orders_core.models import Contact, LineItem, Order, OrderContent, OrderStatus
from orders_core.stores import OrderQuery
from orders_host import search_index, sqlite
from orders_host.sqlite import SqliteOrderRepository

CONTENT = OrderContent(
    items=(LineItem("TEA-42", 1, 100, "Grüner Tee, 100 g"), LineItem("A-1", 2, 950, "Mug")),
    currency="EUR",
    metadata={"channel": "market stall"},
    external_reference="SHOP/2026-0815",
    contact=Contact(name="Ana María Pérez", email="ana.perez@example.com", phone="+34600000000"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteOrderRepository]:
    with closing(SqliteOrderRepository(tmp_path / "orders.db")) as opened:
        yield opened


def found(store: SqliteOrderRepository, q: str, **more: object) -> list[str]:
    query = OrderQuery(None, q=q)
    page = store.list_orders(replace(query, **more), 100)
    return [order.order_id for order in page.orders]


@pytest.mark.parametrize(
    "q",
    [
        "SHOP/2026-0815",
        "0815",
        "ana.perez@example.com",
        "perez",
        "PÉREZ maria",
        "grun",
        "tea-42",
        "tee mug",
        "market",
        "mar",
        "m",
    ],
)
def test_it_is_found_by(store: SqliteOrderRepository, q: str) -> None:
    order = an_order(content=CONTENT)
    store.create(order)
    store.create(an_order(content=replace(LAMPS, metadata={})))
    assert found(store, q) == [order.order_id]


def test_it_is_found_by_its_number_however_that_is_written(store: SqliteOrderRepository) -> None:
    order, other = an_order(), an_order()
    for each in (order, other):
        store.create(each)
    number = order_numbers.number_of(order.order_id)
    for text in (number, number.lower(), number.replace("-", ""), number.replace("-", " "), number[:4]):
        assert order.order_id in found(store, text)
    assert found(store, number.replace("-", "").lower()) == [order.order_id]


@pytest.mark.parametrize("q", ["34600000000", "perez lamp", "stallion", "zzz"])
def test_it_is_not_found_by(store: SqliteOrderRepository, q: str) -> None:
    store.create(an_order(content=CONTENT))
    assert found(store, q) == []


@pytest.mark.parametrize(
    "q", ['"', 'mug"', "mug OR lamp", "mug*", "NEAR(mug)", "words : mug", "-mug", "(mug", "a'b", "- mug"]
)
def test_nothing_in_a_query_is_an_operator(store: SqliteOrderRepository, q: str) -> None:
    store.create(an_order())
    found(store, q)


def test_it_reads_its_own_writes(store: SqliteOrderRepository) -> None:
    order = an_order()
    store.create(order)
    assert found(store, "mug") == [order.order_id]
    changed = store.update(a_change(order, LAMPS))
    assert found(store, "mug") == []
    assert found(store, "bulb") == [order.order_id]
    cancelled = store.update(a_change(changed, LAMPS, status=OrderStatus.CANCELLED))
    assert found(store, "bulb") == [order.order_id]
    store.delete(a_removal(cancelled))
    assert found(store, "bulb") == []


def test_what_is_undone_is_not_found(store: SqliteOrderRepository) -> None:
    store.begin()
    store.create(an_order())
    store.rollback()
    assert found(store, "mug") == []
    store.create(an_order())
    assert len(found(store, "mug")) == 1


def test_pages_run_from_the_newest_and_show_each_order_once(
    store: SqliteOrderRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MAX_HITS_A_PAGE", 4)
    orders = [an_order("ana" if number % 3 else "luis", at=moment(number)) for number in range(20)]
    for order in orders:
        store.create(order)
        if order.customer_id == "luis":
            store.update(a_change(order, order.content, status=OrderStatus.CANCELLED))
    assert walked(store, OrderQuery(None, q="mug")) == ids(reversed(orders))
    of_luis = [order for order in reversed(orders) if order.customer_id == "luis"]
    assert walked(store, OrderQuery("luis", q="mug")) == ids(of_luis)
    assert walked(store, OrderQuery(None, (OrderStatus.CANCELLED,), q="mug")) == ids(of_luis)
    within = OrderQuery(None, lowest=moment(5), highest=moment(9), q="mug")
    assert walked(store, within) == ids(reversed(orders[5:10]))


def walked(store: SqliteOrderRepository, query: OrderQuery) -> list[str]:
    collected: list[str] = []
    after = None
    for _ in range(100):
        page = store.list_orders(query, 3, after)
        assert len(page.orders) <= 3
        collected += ids(page.orders)
        after = page.next_after
        if after is None:
            return collected
    raise AssertionError("the search does not end")


def ids(orders: object) -> list[str]:
    return [order.order_id for order in orders]  # type: ignore[attr-defined]


def test_a_file_from_before_the_index_is_indexed_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    order: Order = an_order(content=CONTENT)
    with closing(SqliteOrderRepository(path)) as opened:
        opened.create(order)
        opened._writer.execute("DROP TABLE search")
        opened._writer.execute(search_index.CREATE)
        assert found(opened, "perez") == []
    with closing(SqliteOrderRepository(path)) as opened:
        assert found(opened, "perez") == [order.order_id]


def asked(store: SqliteOrderRepository, caller: Caller, **query: str) -> tuple[int, dict[str, object]]:
    request = event("GET", "/v1/orders", caller=caller)
    request["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
    answer = Application(store, Recorder())(request)
    return answer["statusCode"], json.loads(answer["body"])


def test_customers_find_their_own_orders_only(store: SqliteOrderRepository) -> None:
    for caller in (ANA, LUIS):
        store.create(an_order(caller.claims["sub"]))
    for caller, number in ((ANA, 1), (LUIS, 1), (STAFF, 2)):
        status, page = asked(store, caller, q="mug")
        assert (status, page["count"]) == (200, number)


def test_its_pages_are_followed_by_cursors_of_this_search(store: SqliteOrderRepository) -> None:
    for number in range(5):
        store.create(an_order(at=moment(number)))
    _, first = asked(store, STAFF, q="mug", limit="3", created_to=moment(4))
    _, second = asked(
        store, STAFF, q="mug", limit="3", created_to=moment(4), cursor=str(first["next_cursor"])
    )
    assert (first["count"], second["count"], second["next_cursor"]) == (3, 2, None)
    status, _ = asked(store, STAFF, q="lamp", limit="3", cursor=str(first["next_cursor"]))
    assert status == 400


@pytest.mark.parametrize("q", ["", "  ", "--", "x" * 101])
def test_a_search_needs_a_letter_or_a_digit(store: SqliteOrderRepository, q: str) -> None:
    status, problem = asked(store, STAFF, q=q)
    assert status == 400
    assert "must be up to 100 characters, and have a letter or a digit" in json.dumps(problem)
