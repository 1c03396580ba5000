"""Every order of a listing: complete, no duplicates, sorted, also while others write between its pages."""

import itertools
import uuid
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.orders import a_removal, an_order, moment

from orders_core.models import LineItem, Order, OrderContent, OrderStatus
from orders_core.stores import (
    OrderQuery,
    OrderRepository,
    Position,
    Sort,
    SortField,
    SortKey,
    UnsupportedQuery,
)

SORTS = [Sort(field, descending) for field in SortField for descending in (False, True)]
STATUSES = list(OrderStatus)[:3]

_seconds = st.integers(0, 6)


@st.composite
def placed(draw: st.DrawFn, customer: str) -> Order:
    """An order with few times and totals to have, so that many have the same."""
    created, later = draw(_seconds), draw(_seconds)
    total, currency = draw(st.integers(0, 5)), draw(st.sampled_from(["EUR", "EUR", "USD"]))
    order = an_order(
        customer,
        draw(st.sampled_from(STATUSES)),
        moment(created),
        OrderContent((LineItem("A-1", 1, 100 * total),), currency),
    )
    return replace(order, updated_at=moment(created + later))


def expected(orders: list[Order], query: OrderQuery) -> list[Order]:
    """What a listing holds, told in plain words."""
    low, high = query.lowest, query.highest
    kept = [
        order
        for order in orders
        if query.customer_id in (None, order.customer_id)
        and (not query.statuses or order.status in query.statuses)
        and query.currency in (None, order.content.currency)
        and (low is None or not _below(query.sort.field.key_of(order), low))
        and (high is None or not _below(high, query.sort.field.key_of(order)))
    ]
    return sorted(kept, key=_place(query), reverse=query.sort.descending)


def _below(one: SortKey, other: SortKey) -> bool:
    return one < other if isinstance(one, str) and isinstance(other, str) else int(one) < int(other)


def _place(query: OrderQuery) -> Callable[[Order], tuple[SortKey, str]]:
    return lambda order: (query.sort.field.key_of(order), order.order_id)


def pages(orders: OrderRepository, query: OrderQuery, limit: int, between: Callable[[], None]) -> list[Order]:
    found: list[Order] = []
    after: Position | None = None
    for _ in range(200):
        page = orders.list_orders(query, limit, after)
        assert len(page.orders) <= limit
        found += page.orders
        after = page.next_after
        if after is None:
            return found
        between()
    raise AssertionError("the listing does not end")


def same(found: list[Order], wanted: list[Order], sort: Sort) -> None:
    """The same orders, sorted; DynamoDB leaves open which comes first of those with the same key."""
    assert [sort.field.key_of(order) for order in found] == [sort.field.key_of(order) for order in wanted]
    assert sorted(found, key=lambda order: order.order_id) == sorted(wanted, key=lambda order: order.order_id)


def refuses(orders: OrderRepository, sort: Sort) -> bool:
    """Whether a store has no such order; then it says which ones it has."""
    try:
        orders.list_orders(OrderQuery("ana", sort=sort, currency="EUR"), 1)
    except UnsupportedQuery as error:
        assert sort.field is not SortField.CREATED_AT
        assert error.parameter == "sort"
        assert error.detail.startswith("is created_at or -created_at on AWS")
        return True
    return False


@st.composite
def queries(draw: st.DrawFn, sort: Sort, customer: str, of_one: bool) -> OrderQuery:
    is_total = sort.field is SortField.TOTAL_AMOUNT
    totals, times = st.integers(0, 500), st.integers(0, 12).map(moment)
    keys: st.SearchStrategy[SortKey] = totals if is_total else times
    bounds = draw(st.tuples(st.none() | keys, st.none() | keys))
    return OrderQuery(
        customer if of_one else None,
        tuple(sorted(draw(st.sets(st.sampled_from(STATUSES))), key=list(OrderStatus).index)),
        bounds[0],
        bounds[1],
        sort=sort,
        currency="EUR" if is_total else None,
    )


kinds = st.sampled_from(["place", "change", "delete"])
every_sort = pytest.mark.parametrize("sort", SORTS, ids=lambda sort: f"{'-' * sort.descending}{sort.field}")
anyones = pytest.mark.parametrize("of_one", [True, False], ids=["a customer's", "everyone's"])
thorough = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@anyones
@every_sort
@given(st.data())
@thorough
def test_it_is_complete_sorted_and_shows_each_order_once(
    orders: OrderRepository, sort: Sort, of_one: bool, data: st.DataObject
) -> None:
    if refuses(orders, sort):
        return
    customer = uuid.uuid4().hex
    there = data.draw(st.lists(placed(customer), max_size=14))
    for order in there:
        orders.create(order)
    query = data.draw(queries(sort, customer, of_one))
    found = pages(orders, query, data.draw(st.integers(1, 6)), lambda: None)
    # Those of other examples are in the store, too.
    same([order for order in found if order.customer_id == customer], expected(there, query), sort)


@every_sort
@given(st.data())
@thorough
def test_writes_between_its_pages_disturb_nothing(
    orders: OrderRepository, sort: Sort, data: st.DataObject
) -> None:
    if refuses(orders, sort):
        return
    customer = uuid.uuid4().hex
    now = {order.order_id: order for order in data.draw(st.lists(placed(customer), min_size=4, max_size=14))}
    for order in now.values():
        orders.create(order)
    before, touched, clock = dict(now), set[str](), itertools.count(20)
    writes = iter(data.draw(st.lists(st.tuples(st.integers(0, 13), kinds, placed(customer)), max_size=20)))

    def write() -> None:
        number, kind, other = next(writes, (0, "none", None))
        if other is None:
            return
        pick = [*now][number % len(now)]
        touched.add(pick)
        match kind:
            case "place":
                orders.create(other)
                touched.add(other.order_id)
            case "change":
                changed = replace(
                    now[pick],
                    status=other.status,
                    content=replace(now[pick].content, items=other.content.items),
                    updated_at=moment(next(clock)),
                    version=now[pick].version + 1,
                )
                orders.save(changed, now[pick].version)
                now[pick] = changed
            case "delete" if now[pick].status is OrderStatus.PENDING and len(now) > 1:
                orders.delete(a_removal(now.pop(pick)))

    is_total = sort.field is SortField.TOTAL_AMOUNT
    query = OrderQuery(customer, sort=sort, currency="EUR" if is_total else None)
    found = pages(orders, query, data.draw(st.integers(1, 4)), write)
    keys = [sort.field.key_of(order) for order in found]
    assert keys == sorted(keys, reverse=sort.descending)
    versions = [(order.order_id, order.version) for order in found]
    assert len(set(versions)) == len(versions)
    untouched = [order for order in expected(list(before.values()), query) if order.order_id not in touched]
    same([order for order in found if order.order_id not in touched], untouched, sort)
    if sort.field is SortField.CREATED_AT:
        # It never changes, so no order moves: each is shown once, as it is when its page is read.
        ids = [order.order_id for order in found]
        assert len(set(ids)) == len(ids)
        assert set(now) <= set(ids)
