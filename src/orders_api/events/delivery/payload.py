"""The body of a webhook's message: small enough for every receiver, and plain about what it leaves out."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from orders_api.events.delivery.webhook import DOTTED
from orders_api.events.model import OrderEvent
from orders_api.models import OrderStatus
from orders_api.schemas import OrderView, Timestamp

MAX_BODY_BYTES: Final = 20_000
"""Standard Webhooks: "keep payloads under 20 kB"."""


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
    "metadata": lambda order: replace(order, metadata={}),
    "notes": lambda order: replace(order, notes=None),
}
"""What goes first when an order is too large; what is left without all of these always fits."""


def body_of(event: OrderEvent) -> bytes:
    """The message's body, of MAX_BODY_BYTES at most."""
    order, left_out = event.order, list[str]()
    body = _encode(event, order, left_out)
    for name, trim in _TRIMS.items():
        if len(body) <= MAX_BODY_BYTES:
            break
        order = trim(order)
        left_out.append(name)
        body = _encode(event, order, left_out)
    return body


def _encode(event: OrderEvent, order: OrderView, left_out: list[str]) -> bytes:
    data = WebhookData(
        order_id=event.order_id,
        version=event.version,
        actor=event.actor,
        changed=event.changed,
        previous_status=event.previous_status,
        order=order,
        left_out=left_out,
    )
    return msgspec.json.encode(WebhookBody(DOTTED[event.type], event.time, data))
