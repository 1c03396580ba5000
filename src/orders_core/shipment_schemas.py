"""Shipments as staff sends them and as clients see them."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from orders_core import parameter_table, shipments
from orders_core.amount_schemas import LineNumber, Quantity
from orders_core.input_errors import Fault, InvalidBody
from orders_core.models import Order, OrderContent
from orders_core.shipment_models import Shipment
from orders_core.text_forms import of_form
from orders_core.timestamps import Timestamp

_NOTHING: Final[dict[str, Any]] = {}


class ShipmentLineInput(Struct, forbid_unknown_fields=True):
    """How much of one line item was shipped."""

    line: LineNumber
    quantity: Quantity


class ShipmentInput(Struct, forbid_unknown_fields=True):
    """Goods that left together. Carrier and tracking number name the shipment."""

    carrier: Annotated[str, of_form("[a-z0-9_-]{1,64}", "Such as dhl, or correos.")]
    tracking_number: Annotated[str, of_form("[!-~]{1,100}", "The carrier's own name of it.")]
    lines: Annotated[list[ShipmentLineInput], Meta(min_length=1, max_length=100)]
    tracking_url: Annotated[str, of_form("https?://[!-~]{1,500}", "Where it can be followed.")] | None = None
    shipped_at: (
        Annotated[
            str,
            Meta(
                max_length=40,
                description="When it left, with an offset; now if left out.",
                extra_json_schema={"format": "date-time"},
            ),
        ]
        | None
    ) = None


class ShipmentLineView(Struct, frozen=True):
    """How much of one line item was shipped."""

    line: int
    product_id: str
    quantity: int


class ShipmentView(Struct, frozen=True, omit_defaults=True):
    """Goods of the order that left together."""

    shipment_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    carrier: str
    tracking_number: str
    lines: list[ShipmentLineView]
    shipped_at: Timestamp
    recorded_by: Annotated[str, Meta(description="The `sub` of the user who recorded it.")]
    tracking_url: str | UnsetType = UNSET


def read_shipped_at(body: ShipmentInput) -> str | None:
    """When the goods left, in UTC with milliseconds; None if that was left out.

    Raises:
        InvalidBody: it is not an RFC 3339 time.
    """
    try:
        return None if body.shipped_at is None else parameter_table.read_time(body.shipped_at)
    except ValueError as error:
        raise InvalidBody([Fault("/shipped_at", str(error))]) from None


def shipments_view(order: Order) -> dict[str, Any]:
    """`shipments` and `fulfilment_status` of the order as clients see them, where there are shipments."""
    if not order.shipments:
        return _NOTHING
    return {
        "shipments": [_shipment_view(each, order.content) for each in order.shipments],
        "fulfilment_status": shipments.status_of(order),
    }


def _shipment_view(shipment: Shipment, content: OrderContent) -> ShipmentView:
    return ShipmentView(
        shipment_id=shipment.shipment_id,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        lines=[
            ShipmentLineView(line.line, content.items[line.line - 1].product_id, line.quantity)
            for line in shipment.lines
        ],
        shipped_at=shipment.shipped_at,
        recorded_by=shipment.recorded_by,
        tracking_url=shipment.tracking_url or UNSET,
    )
