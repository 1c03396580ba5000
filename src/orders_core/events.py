"""The event model: one event for each write, with an id that the same write always gets.

Consumers see each event at least once, in order within one order; they deduplicate by `id`.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, structs

from orders_core.models import Order, OrderContent, OrderStatus
from orders_core.schemas import OrderView, Timestamp, view_of

SOURCE: Final = "orders-api"
"""`source` in the EventBridge envelope."""

EventType = Literal["OrderCreated", "OrderUpdated", "OrderStatusChanged", "OrderDeleted"]


class OrderEvent(Struct, frozen=True):
    """Something that happened to an order."""

    id: Annotated[str, Meta(description="`{order_id}:{version}`: the same write always has the same id.")]
    type: EventType
    time: Timestamp
    actor: Annotated[
        str | None, Meta(description="The `sub` of whoever did it; null where the store can't tell.")
    ]
    order_id: str
    version: Annotated[int, Meta(ge=1, description="Grows by one with each event of an order.")]
    changed: Annotated[list[str], Meta(description="The fields of the order that are no longer the same.")]
    previous_status: OrderStatus | None
    order: Annotated[
        OrderView, Meta(description="The order after it happened; before it, if it was deleted.")
    ]


class Envelope(Struct, frozen=True, kw_only=True, rename={"detail_type": "detail-type"}):
    """What EventBridge hands on: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html."""

    version: str
    id: Annotated[str, Meta(description="The bus's own; a replayed event has another. Use `detail.id`.")]
    source: Literal["orders-api"]
    detail_type: EventType
    time: Timestamp
    account: str
    region: str
    resources: list[str]
    detail: OrderEvent


class EventPage(Struct, frozen=True):
    """Some of an order's events, oldest first."""

    events: list[OrderEvent]
    count: Annotated[int, Meta(description="The number of events on this page.")]
    next_cursor: Annotated[str | None, Meta(description="The `cursor` of the next page; null on the last.")]


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
        order=view_of(new),
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
        order=view_of(old),
    )


def _type_of(old: Order | None, new: Order) -> EventType:
    if old is None:
        return "OrderCreated"
    return "OrderUpdated" if old.status == new.status else "OrderStatusChanged"


def _changed(old: Order, new: Order) -> list[str]:
    fields = [
        field.name
        for field in structs.fields(OrderContent)
        if getattr(old.content, field.name) != getattr(new.content, field.name)
    ]
    if old.content.total_amount != new.content.total_amount:
        fields.append("total_amount")
    if old.returns != new.returns:
        fields.append("returns")
    return fields if old.status == new.status else [*fields, "status"]
