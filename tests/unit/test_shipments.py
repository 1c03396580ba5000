"""Shipments: never more of a line than was ordered, and the first of them makes the order SHIPPED."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.orders import an_order, moment

from orders_core import shipments
from orders_core.line_quantities import InvalidLines
from orders_core.models import IllegalState, LineItem, Order, OrderContent, OrderStatus, StatusEntry
from orders_core.shipment_models import FulfilmentStatus, Shipment, ShipmentLine

ITEMS = (LineItem("A-1", 3, 950), LineItem("B-7", 1, 4_999))
CONTENT = OrderContent(ITEMS, "EUR")


def processing() -> Order:
    return an_order(status=OrderStatus.PROCESSING, content=CONTENT)


def ship(order: Order, *quantities: tuple[int, int]) -> Order:
    number = f"{len(order.shipments) + 1}"
    lines = tuple(ShipmentLine(line, quantity) for line, quantity in quantities)
    shipment = Shipment(f"s{number}", "dhl", number, lines, shipped_at=moment(8), recorded_by="boss")
    return shipments.record(order, shipment, at=moment(9))


def test_a_shipment_is_kept_and_the_first_one_makes_the_order_shipped() -> None:
    before = processing()
    order = ship(before, (1, 2))
    assert order.shipments == (
        Shipment("s1", "dhl", "1", (ShipmentLine(1, 2),), shipped_at=moment(8), recorded_by="boss"),
    )
    assert (order.status, order.version) == (OrderStatus.SHIPPED, before.version + 1)
    assert (order.updated_at, order.updated_by) == (moment(9), "boss")
    assert order.history == (*before.history, StatusEntry(OrderStatus.SHIPPED, moment(9), "boss"))
    again = ship(order, (1, 1))
    assert (again.status, again.history) == (order.status, order.history)


@pytest.mark.parametrize("status", OrderStatus)
def test_goods_leave_once_an_order_is_processed(status: OrderStatus) -> None:
    order = an_order(status=status, content=CONTENT)
    if status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        assert len(ship(order, (1, 1)).shipments) == 1
        return
    with pytest.raises(IllegalState, match="once the order is PROCESSING") as caught:
        ship(order, (1, 1))
    assert caught.value.status is status


@pytest.mark.parametrize(
    ("quantities", "faulty"),
    [
        ([(0, 1)], {0}),
        ([(3, 1)], {0}),
        ([(1, 3)], {0}),
        ([(1, 1), (1, 1)], {1}),
        ([(2, 1), (1, 3), (9, 1)], {1, 2}),
    ],
)
def test_every_line_that_cannot_be_shipped_is_named(
    quantities: list[tuple[int, int]], faulty: set[int]
) -> None:
    order = ship(processing(), (1, 1))
    with pytest.raises(InvalidLines) as caught:
        ship(order, *quantities)
    assert caught.value.faults.keys() == faulty


def test_a_fault_says_how_much_can_still_be_shipped() -> None:
    with pytest.raises(InvalidLines) as caught:
        ship(ship(processing(), (1, 1)), (1, 3))
    assert caught.value.faults == {0: "of line 1 at most 2 can still be shipped, not 3"}


@pytest.mark.parametrize(
    ("shipped", "status"),
    [
        ([], "UNFULFILLED"),
        ([(1, 3)], "PARTIALLY_FULFILLED"),
        ([(1, 2), (2, 1)], "PARTIALLY_FULFILLED"),
        ([(1, 2), (2, 1), (1, 1)], "FULFILLED"),
    ],
)
def test_how_much_was_shipped_follows_from_the_shipments(shipped: list[tuple[int, int]], status: str) -> None:
    order = processing()
    for line in shipped:
        order = ship(order, line)
    assert shipments.status_of(order) is FulfilmentStatus(status)


def test_an_order_has_so_many_shipments_and_no_more() -> None:
    items = (LineItem("A-1", shipments.MAX_SHIPMENTS + 1, 950),)
    order = replace(processing(), content=OrderContent(items, "EUR"))
    for _ in range(shipments.MAX_SHIPMENTS):
        order = ship(order, (1, 1))
    with pytest.raises(IllegalState, match="at most 20 shipments"):
        ship(order, (1, 1))


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=3), max_size=8)
)
def test_no_more_leaves_than_was_ordered(parcels: list[list[tuple[int, int]]]) -> None:
    """Whatever is recorded in any order, what was shipped and what is left are what was ordered."""
    order = processing()
    for quantities in parcels:
        try:
            order = ship(order, *quantities)
        except InvalidLines as error:
            assert error.faults.keys() <= set(range(len(quantities)))
    shipped = dict.fromkeys((1, 2), 0)
    for each in order.shipments:
        for line in each.lines:
            shipped[line.line] += line.quantity
    left = shipments.unshipped(order)
    for number, item in enumerate(ITEMS, start=1):
        assert min(shipped[number], left[number]) >= 0
        assert shipped[number] + left[number] == item.quantity
    whole = shipments.status_of(order) is FulfilmentStatus.FULFILLED
    assert whole == (not any(left.values()))
