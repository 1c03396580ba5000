"""JSON Schemas of what consumers receive, built from the types: docs/events holds them.

Dialect 2020-12: https://json-schema.org/draft/2020-12
"""

import json
from typing import Any, Final

import msgspec

from orders_core.schemas import Envelope, OrderEventView
from orders_webhooks.payload import WebhookBody

_BASE: Final = "https://orders-api.dev/events/"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final[dict[str, tuple[type, str]]] = {
    "order-event.schema.json": (
        OrderEventView,
        "An event: of an order's history, of the event stream, and the `detail` of what the bus hands on.",
    ),
    "eventbridge.schema.json": (
        Envelope,
        "An event as consumers of the bus, the topic and the queues get it.",
    ),
    "webhook.schema.json": (WebhookBody, "The body of a webhook's message."),
}


def documents() -> dict[str, str]:
    """The schemas as JSON texts, by file name."""
    return {name: _document(name, *described) for name, described in _TYPES.items()}


def _document(name: str, type_: type, description: str) -> str:
    schema: dict[str, Any] = msgspec.json.schema(type_)
    document = {"$schema": _DIALECT, "$id": _BASE + name, "description": description, **schema}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
