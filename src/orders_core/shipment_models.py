"""Shipments of an order as it keeps them: which goods left with which carrier. Pure types."""

from enum import StrEnum

from msgspec import Struct

from orders_core.personal import Personal


class FulfilmentStatus(StrEnum):
    """How much of an order was shipped; an order without shipments is UNFULFILLED."""

    UNFULFILLED = "UNFULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"


class ShipmentLine(Struct, frozen=True, array_like=True):
    """How much of a line item is in a shipment; `line` counts from 1.

    Stored as `[line, quantity]`: an order has up to 2,000 of them, and an item of DynamoDB 400 KB.
    """

    line: int
    quantity: int


class Shipment(Struct, frozen=True, omit_defaults=True):
    """Goods that left together; `tracking_number` is the carrier's own name of them.

    `shipped_at` is RFC 3339 UTC with milliseconds, `recorded_by` the `sub` of the user who told of it.
    """

    shipment_id: str
    carrier: str
    tracking_number: str
    lines: tuple[ShipmentLine, ...]
    shipped_at: str
    recorded_by: str
    tracking_url: Personal[str] | None = None
