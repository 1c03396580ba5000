"""An order's events, and the figures of each day."""

from itertools import groupby
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from orders_core import access, cursors, money, parameters, problems
from orders_core.access import Caller
from orders_core.event_changes import with_changes
from orders_core.events import OrderEvent
from orders_core.models import OrderNotFound, OrderStatus
from orders_core.operations.common import Clock, order_id_of, within_page
from orders_core.proxy import Outcome, Request, response
from orders_core.schemas import DayStatistics, EventPage, Statistics, event_view_of
from orders_core.stores import DayFigures, OrderQuery, Store


class EventQuery(Struct, frozen=True):
    """Whose events a cursor runs through."""

    order_id: str


class EventPosition(Struct, frozen=True):
    """The version after which the next page of events starts."""

    # Clients can make cursors of their own, and no store takes a number of any size.
    version: Annotated[int, Meta(ge=1, lt=2**53)]


def list_order_events(request: Request, store: Store, _: Clock) -> Outcome:
    """Return a page of an order's events, oldest first; they outlive the order."""
    caller = request.caller
    query = EventQuery(order_id_of(request))
    listing = parameters.read_events(request.query)
    after = listing.position_in(query, EventPosition)
    position = after.version if after else 0
    # One more before the page, since its first event is told by what the order was before it.
    found = store.list_events(query.order_id, listing.limit + 1 + bool(after), max(0, position - 1))
    _check_visible(found, query.order_id, caller, store)
    views = [event_view_of(event, internal=caller.sees_internal) for event in found]
    earlier = views.pop(0) if after and views and views[0].version <= position else None
    page = within_page(with_changes(views[: listing.limit], earlier))
    more = len(views) > len(page)
    cursor = cursors.encode(EventPosition(page[-1].version), query) if more else None
    body = EventPage(page, len(page), cursor)
    return Outcome(response(200, msgspec.json.encode(body), parameters.next_link(request.query, cursor)))


def get_statistics(request: Request, store: Store, clock: Clock) -> Outcome:
    """Return the orders and the revenue of each day."""
    first, last = parameters.read_days(request.query, today=clock()[:10])
    figures = store.daily_figures(first, last)
    days = [_day(day, list(of_day)) for day, of_day in groupby(figures, key=lambda each: each.day)]
    return Outcome(response(200, msgspec.json.encode(Statistics(first, last, days))))


def export_query(request: Request) -> tuple[OrderQuery, str]:
    """Which orders are to be exported, and the format.

    Raises:
        NotAllowed: the caller may not export: the host streams an export without asking the application.
    """
    access.require_permission(request.caller, "export_orders")
    listing, format_ = parameters.read_export(request.query, request.headers)
    return listing.query_of(listing.customer_id), format_


def export_orders(request: Request, _: Store, __: Clock) -> Outcome:
    """Refuse: a function's answer has an end, so an export is streamed by a host of one machine only."""
    export_query(request)
    detail = (
        "is on one machine only; list the orders (GET /v1/orders) and follow next_cursor, as `orders export`"
        " does, or export the table from DynamoDB to S3"
    )
    raise problems.invalid_input([{"detail": f"an export as a stream {detail}"}])


def _check_visible(found: list[OrderEvent], order_id: str, caller: Caller, store: Store) -> None:
    if not found:
        # On AWS the events of a new order follow a second later; the order itself is there at once.
        access.require_visible(store.get(order_id), caller, order_id)
    elif caller.owner not in (None, found[0].order.customer_id):
        raise OrderNotFound(order_id)


def _day(day: str, figures: list[DayFigures]) -> DayStatistics:
    by_status: dict[str, int] = {}
    revenue: dict[str, int] = {}
    for each in figures:
        by_status[each.status] = by_status.get(each.status, 0) + each.orders
        if each.status is not OrderStatus.CANCELLED:
            revenue[each.currency] = revenue.get(each.currency, 0) + each.amount
    return DayStatistics(
        date=day,
        orders=sum(by_status.values()),
        by_status=by_status,
        revenue={currency: money.to_text(amount, currency) for currency, amount in revenue.items()},
    )
