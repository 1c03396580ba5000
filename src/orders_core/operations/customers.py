"""Export and erase the personal data of a customer, some orders at a time."""

import msgspec
from msgspec import Struct

from orders_core import cursors, parameters
from orders_core.erasure import Actor, HeldOrder, Place, erase_some, export_some
from orders_core.operations.common import Clock, within_page
from orders_core.proxy import Outcome, Request, response
from orders_core.schemas import CustomerOrder, Erasure, PersonalData, event_view_of, view_of
from orders_core.stores import Position, Store


class CustomerQuery(Struct, frozen=True):
    """Whose data a cursor runs through."""

    customer_id: str
    deed: str


def export_customer(request: Request, store: Store, _: Clock) -> Outcome:
    """Return all that is held of a customer, a page of orders at a time."""
    query, place = _read(request, "export")
    held, after = export_some(store, query.customer_id, place)
    shown = within_page([_shown(each) for each in held])
    if len(shown) < len(held):
        after = _after(held[len(shown) - 1])
    others = store.accounts.export(query.customer_id) if place == Place() else {}
    cursor = cursors.encode(after, query) if after else None
    body = PersonalData(query.customer_id, others, shown, cursor)
    return Outcome(response(200, msgspec.json.encode(body), parameters.next_link(request.query, cursor)))


def erase_customer(request: Request, store: Store, clock: Clock) -> Outcome:
    """Erase a customer's personal data: 202 with a cursor while there is more to do."""
    query, place = _read(request, "erase")
    if place == Place():
        store.accounts.begin_erasing(query.customer_id)
    counts, after = erase_some(store, query.customer_id, Actor(request.caller.sub, clock()), place)
    if counts.late:
        after = place
    if after is None:
        store.accounts.erase(query.customer_id)
    cursor = cursors.encode(after, query) if after else None
    body = msgspec.json.encode(Erasure(query.customer_id, counts.orders, counts.events, counts.late, cursor))
    return Outcome(response(202 if cursor else 200, body, parameters.next_link(request.query, cursor)))


def _read(request: Request, deed: str) -> tuple[CustomerQuery, Place]:
    query = CustomerQuery(request.path_parameters["customer"], deed)
    return query, parameters.read_cursor(request.query).position_in(query, Place) or Place()


def _shown(held: HeldOrder) -> CustomerOrder:
    return CustomerOrder(
        view_of(held.order, internal=True) if held.order else None,
        [event_view_of(event, internal=True) for event in held.events],
    )


def _after(held: HeldOrder) -> Place:
    if held.order is None:
        return Place(deleted=held.order_id)
    return Place(orders=Position(held.order.created_at, held.order_id))
