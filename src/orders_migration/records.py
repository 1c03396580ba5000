"""What is moved, in a form of neither store."""

from typing import NamedTuple

import msgspec

from orders_core.events import OrderEvent
from orders_core.models import Order


class EventRecord(NamedTuple):
    """An event; `document` is its JSON as the store keeps it."""

    order_id: str
    version: int
    document: bytes


class Tombstone(NamedTuple):
    """What is left of an order that was deleted. SQLite has who deleted it in its last event only."""

    order_id: str
    deleted_at: str
    customer_id: str
    deleted_by: str

    @property
    def compared(self) -> bytes:
        """What both stores have of it."""
        return f"{self.deleted_at}\0{self.customer_id}".encode()


def encode_order(order: Order) -> bytes:
    """The one form of an order that is compared, and that SQLite keeps."""
    return msgspec.json.encode(order)


def actor_of(document: bytes | None) -> str:
    """Who did what an event tells of; empty if it can't tell."""
    event = msgspec.json.decode(document, type=OrderEvent) if document else None
    return event.actor or "" if event else ""
