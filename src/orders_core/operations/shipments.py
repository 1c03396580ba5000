"""Record a shipment of an order."""

from orders_core import parameters, shipments
from orders_core.input_errors import Fault, InvalidBody
from orders_core.models import Order, check_version
from orders_core.operations.common import Clock, added, id_for, order_id_of, read_body
from orders_core.proxy import Outcome, Request
from orders_core.shipment_models import Shipment, ShipmentLine
from orders_core.shipment_schemas import ShipmentInput, read_shipped_at
from orders_core.stores import Store


def record_shipment(request: Request, store: Store, clock: Clock) -> Outcome:
    """Add a shipment to an order: 201, also if the carrier's tracking number was recorded before."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, ShipmentInput)
    shipped_at = read_shipped_at(body)
    shipment_id = id_for(order_id_of(request), body.carrier, body.tracking_number)

    def add(order: Order) -> Order:
        at = clock()
        shipment = Shipment(
            shipment_id=shipment_id,
            carrier=body.carrier,
            tracking_number=body.tracking_number,
            lines=tuple(ShipmentLine(line.line, line.quantity) for line in body.lines),
            shipped_at=shipped_at or at,
            recorded_by=caller.sub,
            tracking_url=body.tracking_url,
        )
        existing = shipments.find(order, shipment_id)
        if existing is not None:
            # Before the version is judged: a retry knows the version from before its first attempt.
            _check_same(existing, shipment)
            return order
        check_version(order, versions)
        return shipments.record(order, shipment, at=at)

    return added(request, store, shipment_id, add)


def _check_same(existing: Shipment, shipment: Shipment) -> None:
    if (existing.lines, existing.tracking_url) != (shipment.lines, shipment.tracking_url):
        detail = (
            "is that of another shipment of the order, with other lines or another URL;"
            " give this one's own number"
        )
        raise InvalidBody([Fault("/tracking_number", detail)])
