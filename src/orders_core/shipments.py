"""Shipments: which goods of an order left, never more than were ordered.

The API moves no goods: staff, or a service in its name, records what was handed to a carrier.
"""

from typing import Final

from msgspec.structs import replace

from orders_core import line_quantities
from orders_core.models import IllegalState, Order, OrderStatus, StatusEntry
from orders_core.shipment_models import FulfilmentStatus, Shipment

SHIPS_IN: Final = (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
"""The statuses in which goods leave. With the first shipment an order that is PROCESSING becomes SHIPPED,
so that its lines change no more and it can't be cancelled."""

MAX_SHIPMENTS: Final = 20
"""Shipments stay on their order, and an item of DynamoDB has at most 400 KB."""


def status_of(order: Order) -> FulfilmentStatus:
    """How much of the order was shipped."""
    if not order.shipments:
        return FulfilmentStatus.UNFULFILLED
    some_left = any(unshipped(order).values())
    return FulfilmentStatus.PARTIALLY_FULFILLED if some_left else FulfilmentStatus.FULFILLED


def find(order: Order, shipment_id: str) -> Shipment | None:
    """The order's shipment with this id."""
    return next((each for each in order.shipments if each.shipment_id == shipment_id), None)


def unshipped(order: Order) -> dict[int, int]:
    """What is left to ship of each line, by its number."""
    shipped = ((line.line, line.quantity) for each in order.shipments for line in each.lines)
    return line_quantities.left_of(order, shipped)


def record(order: Order, shipment: Shipment, *, at: str) -> Order:
    """The order with a new shipment, which was recorded `at`; SHIPPED if it was PROCESSING.

    Raises:
        IllegalState: the order's goods don't leave in its status, or it has MAX_SHIPMENTS already.
        InvalidLines: a line that is not there or is named twice, or more than is left of it.
    """
    if order.status not in SHIPS_IN:
        raise IllegalState(
            f"Goods are shipped once the order is {SHIPS_IN[0]}; this one is {order.status}.", order.status
        )
    if len(order.shipments) >= MAX_SHIPMENTS:
        raise IllegalState(f"An order can have at most {MAX_SHIPMENTS} shipments.", order.status)
    quantities = [(line.line, line.quantity) for line in shipment.lines]
    line_quantities.check(quantities, unshipped(order), "shipped")
    order = replace(
        order,
        shipments=(*order.shipments, shipment),
        version=order.version + 1,
        updated_at=at,
        updated_by=shipment.recorded_by,
    )
    if order.status is not OrderStatus.PROCESSING:
        return order
    entry = StatusEntry(OrderStatus.SHIPPED, at, shipment.recorded_by)
    return replace(order, status=entry.status, history=(*order.history, entry))
