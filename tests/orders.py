"""Orders for tests: plausible ones, of which a test says only what matters to it."""

import itertools
import os
from typing import Final

from msgspec.structs import replace

from orders_core.access import CUSTOMER, STAFF, Role
from orders_core.models import (
    LineItem,
    Order,
    OrderChange,
    OrderContent,
    OrderRemoval,
    OrderStatus,
    StatusEntry,
    place,
)
from orders_core.order_numbers import id_for

MUGS: Final = OrderContent(items=(LineItem("A-1", 2, 950, "Mug"),), currency="EUR")
LAMPS: Final = OrderContent(
    items=(LineItem("B-7", 1, 4_999), LineItem("B-8", 3, 150, "Bulb")),
    currency="EUR",
    notes="Ring twice",
    metadata={"channel": "web", "ñ": "ü"},
)

_ticks = itertools.count()


def moment(second: int) -> str:
    """The same day, `second` seconds after midnight."""
    return f"2026-01-31T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z"


def an_order(
    customer_id: str = "ana",
    status: OrderStatus = OrderStatus.PENDING,
    at: str | None = None,
    content: OrderContent = MUGS,
    order_id: str | None = None,
    fingerprint: str = "",
) -> Order:
    """A new order, each a second younger than the one before, unless told otherwise."""
    order = place(
        order_id or id_for(os.urandom(7)),
        customer_id,
        content,
        at=at or moment(next(_ticks)),
        by=customer_id,
        fingerprint=fingerprint,
    )
    if status is OrderStatus.PENDING:
        return order
    return replace(
        order, status=status, history=(*order.history, StatusEntry(status, order.created_at, "staff"))
    )


def a_change(
    order: Order,
    content: OrderContent | None = None,
    status: OrderStatus | None = None,
    owner: str | None = None,
    role: Role = STAFF,
    customer_id: str | None = None,
    versions: tuple[int, ...] | None = None,
) -> OrderChange:
    """A change by staff; by a customer if it has an owner."""
    role = CUSTOMER if owner else role
    return OrderChange(
        order_id=order.order_id,
        content=content or order.content,
        at=moment(next(_ticks)),
        by=owner or "staff",
        editable_in=role.editable_in,
        settable=role.settable,
        status=status,
        owner=owner,
        customer_id=customer_id,
        versions=versions,
    )


def a_removal(
    order: Order, owner: str | None = None, versions: tuple[int, ...] | None = None
) -> OrderRemoval:
    return OrderRemoval(order.order_id, moment(next(_ticks)), owner or "staff", owner, versions)
