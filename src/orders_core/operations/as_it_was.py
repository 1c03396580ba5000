"""An order as it was at a version or at a time, from its events."""

from orders_core import access
from orders_core.access import Caller
from orders_core.events import OrderEvent
from orders_core.models import Order, OrderNotFound
from orders_core.parameters import Moment
from orders_core.problems import NOT_FOUND, Problem
from orders_core.stores import EventRepository, Store


def as_it_was(store: Store, order_id: str, moment: Moment, caller: Caller) -> Order:
    """Return the state of an order at a moment; that of a deleted order, too.

    The order itself is read first: on AWS its latest events may not have arrived yet.

    Raises:
        OrderNotFound: there is no such order, or it is or was another customer's.
        Problem: 404, there was no order at this moment.
    """
    order = store.get(order_id)
    if order is not None:
        access.require_visible(order, caller, order_id)
        if order.version == moment.version or (moment.at is not None and order.updated_at <= moment.at):
            return order
    event = _event_of(store, order_id, moment)
    if event is None:
        if order is None:
            raise OrderNotFound(order_id)
        raise _no_such_state(moment)
    access.require_visible(event.order, caller, order_id)
    if event.type == "OrderDeleted":
        raise Problem(NOT_FOUND, f"The order was deleted at {event.time}.")
    return event.order


def last_event_until(events: EventRepository, order_id: str, at: str) -> OrderEvent | None:
    """Return the last event that is not later than a time; None if all are.

    Events are in the order of time. So the search doubles its step while it finds events that are early
    enough, and halves it from the first that is not: an order with a thousand versions takes twenty reads.
    """
    found: OrderEvent | None = None
    version, step, growing = 0, 1, True
    while step:
        next_events = events.list_events(order_id, 1, version + step - 1)
        if next_events and next_events[0].time <= at:
            found = next_events[0]
            version = found.version
        else:
            growing = False
        step = 2 * step if growing else step // 2
    return found


def _event_of(store: Store, order_id: str, moment: Moment) -> OrderEvent | None:
    if moment.at is not None:
        return last_event_until(store, order_id, moment.at)
    version = moment.version or 0
    following = store.list_events(order_id, 1, version - 1)
    return following[0] if following and following[0].version == version else None


def _no_such_state(moment: Moment) -> Problem:
    if moment.at is not None:
        return Problem(NOT_FOUND, f"The order had not been placed at {moment.at}.")
    return Problem(NOT_FOUND, f"No version {moment.version} of this order is known.")
