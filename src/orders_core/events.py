"""The event model: one event for each write, with an id that the same write always gets.

Consumers see each event at least once, in order within one order; they deduplicate by `id`.
Stores keep events as they are declared here; what clients see of them is `schemas.OrderEventView`.
"""

from typing import Final, Literal

from msgspec import Struct, structs

from orders_core.models import Order, OrderContent, OrderStatus

SOURCE: Final = "orders-api"
"""`source` in the EventBridge envelope."""

_RECORDED: Final = ("returns", "payments", "shipments", "comments")
"""What is recorded of an order beside its content, by what it is called in `changed`."""

EventType = Literal[
    "OrderCreated", "OrderUpdated", "OrderStatusChanged", "OrderDeleted", "OrderPersonalDataErased"
]


class OrderEvent(Struct, frozen=True):
    """Something that happened to an order: `order` is the order after it; before it, if it was deleted.

    `actor` is the `sub` of the user who did it; None where the store can't tell.
    """

    id: str
    type: EventType
    time: str
    actor: str | None
    order_id: str
    version: int
    changed: list[str]
    previous_status: OrderStatus | None
    order: Order


def event_for_write(old: Order | None, new: Order) -> OrderEvent:
    """The event of an order that was created (no `old`) or changed."""
    return OrderEvent(
        id=f"{new.order_id}:{new.version}",
        type=_type_of(old, new),
        time=new.updated_at,
        actor=new.updated_by,
        order_id=new.order_id,
        version=new.version,
        changed=_changed(old, new) if old else [],
        previous_status=old.status if old else None,
        order=new,
    )


def event_for_delete(old: Order, at: str, by: str | None) -> OrderEvent:
    """The event of an order that was deleted."""
    return OrderEvent(
        id=f"{old.order_id}:{old.version + 1}",
        type="OrderDeleted",
        time=at,
        actor=by,
        order_id=old.order_id,
        version=old.version + 1,
        changed=[],
        previous_status=old.status,
        order=old,
    )


def _type_of(old: Order | None, new: Order) -> EventType:
    if old is None:
        return "OrderCreated"
    if old.erased_at != new.erased_at:
        return "OrderPersonalDataErased"
    return "OrderUpdated" if old.status == new.status else "OrderStatusChanged"


def _changed(old: Order, new: Order) -> list[str]:
    fields = [
        field.name
        for field in structs.fields(OrderContent)
        if getattr(old.content, field.name) != getattr(new.content, field.name)
    ]
    if old.content.total_amount != new.content.total_amount:
        fields.append("total_amount")
    fields += [name for name in _RECORDED if getattr(old, name) != getattr(new, name)]
    return fields if old.status == new.status else [*fields, "status"]
