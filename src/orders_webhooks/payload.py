"""The body of a webhook's message: small enough for every receiver, and plain about what it leaves out."""

import uuid
from collections.abc import Callable
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from orders_core.models import OrderStatus
from orders_core.schemas import OrderEventView, OrderView
from orders_core.timestamps import Timestamp
from orders_webhooks.webhook import DOTTED

MAX_BODY_BYTES: Final = 20_000
"""Standard Webhooks: "keep payloads under 20 kB"."""

TEST_TYPE: Final = "webhook.test"


class WebhookData(Struct, frozen=True):
    """The event, as far as it fits."""

    order_id: str
    version: Annotated[int, Meta(ge=1, description="Grows by one with each event of an order.")]
    actor: str | None
    changed: list[str]
    previous_status: OrderStatus | None
    order: Annotated[
        OrderView, Meta(description="The order after it happened; before it, if it was deleted.")
    ]
    left_out: Annotated[
        list[str],
        Meta(description="Fields of `order` that are empty here because they are too large: read the order."),
    ]


class WebhookBody(Struct, frozen=True):
    """What a webhook receives. The message's id is in the header `webhook-id`."""

    type: Annotated[str, Meta(extra_json_schema={"enum": list(DOTTED.values())})]
    timestamp: Annotated[Timestamp, Meta(description="When it happened.")]
    data: WebhookData


_TRIMS: Final[dict[str, Callable[[OrderView], OrderView]]] = {
    "items": lambda order: replace(order, items=[]),
    "returns": lambda order: replace(order, returns=[]),
    "payments": lambda order: replace(order, payments=[]),
    "shipments": lambda order: replace(order, shipments=[]),
    "comments": lambda order: replace(order, comments=[]),
    "discounts": lambda order: replace(order, discounts=[]),
    "taxes": lambda order: replace(order, taxes=[]),
    "metadata": lambda order: replace(order, metadata={}),
    "notes": lambda order: replace(order, notes=None),
    "shipping_address": lambda order: replace(order, shipping_address=None),
    "billing_address": lambda order: replace(order, billing_address=None),
    "contact": lambda order: replace(order, contact=None),
}
"""What goes first when an order is too large; what is left without all of these always fits."""


class Message(NamedTuple):
    """What is sent. The same event has the same id, so that receivers can tell when they get it again."""

    id: str
    body: bytes


def message_of(event: OrderEventView) -> Message:
    """The message of an event, with a body of MAX_BODY_BYTES at most."""
    return Message(event.id, _body_of(event))


def trial_message(now: str) -> Message:
    """A message that says of itself that nothing has happened. `now` is RFC 3339 UTC."""
    body = {"type": TEST_TYPE, "timestamp": now, "data": {"message": "This is a test."}}
    return Message(f"test:{uuid.uuid4()}", msgspec.json.encode(body))


def without_large_fields(event: OrderEventView, max_bytes: int) -> OrderEventView:
    """The event itself if its JSON has `max_bytes` at most; else without what goes first, and marked so."""
    return _trimmed(event, lambda trimmed: len(msgspec.json.encode(trimmed)) <= max_bytes)


def _body_of(event: OrderEventView) -> bytes:
    trimmed = _trimmed(event, lambda trimmed: len(_encode(trimmed)) <= MAX_BODY_BYTES)
    return _encode(trimmed)


def _trimmed(event: OrderEventView, fits: Callable[[OrderEventView], bool]) -> OrderEventView:
    for name, trim in _TRIMS.items():
        if fits(event):
            break
        left_out = event.left_out or []
        if name not in left_out:
            event = replace(event, order=trim(event.order), left_out=[*left_out, name])
    return event


def _encode(event: OrderEventView) -> bytes:
    data = WebhookData(
        order_id=event.order_id,
        version=event.version,
        actor=event.actor,
        changed=event.changed,
        previous_status=event.previous_status,
        order=event.order,
        left_out=event.left_out or [],
    )
    return msgspec.json.encode(WebhookBody(DOTTED[event.type], event.time, data))
