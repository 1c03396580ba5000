"""Read, list, replace, patch and delete orders."""

from typing import Final

import msgspec
from msgspec import UNSET, Struct

from orders_core import access, cursors, merge_patch, models, parameters, problems
from orders_core.input_errors import Fault, InvalidBody
from orders_core.models import Order, OrderChange, OrderRemoval, check_version
from orders_core.operations.as_it_was import as_it_was
from orders_core.operations.common import (
    Clock,
    order_id_of,
    order_response,
    read_body,
    rewrite,
    within_page,
)
from orders_core.parameter_table import MAX_COUNTED
from orders_core.parameters import ListingParameters
from orders_core.proxy import Outcome, ProxyResponse, Request, response
from orders_core.schemas import (
    MAX_PAGE_BYTES,
    OrderPage,
    OrderReplacement,
    OrderView,
    content_of,
    order_patch,
    view_of,
    writable_document,
)
from orders_core.stores import (
    OrderQuery,
    Position,
    Store,
    UnsupportedQuery,
)
from orders_core.validation import decode

_ALWAYS_THERE: Final = ("items", "currency", "customer_id", "status")


def get_order(request: Request, store: Store, _: Clock) -> Outcome:
    """Return one order, as it is or as it was; 304 if the client's `If-None-Match` names its version."""
    caller = request.caller
    moment = parameters.read_moment(request.query)
    order_id = order_id_of(request)
    if moment is None:
        order = access.require_visible(store.get(order_id), caller, order_id)
    else:
        order = as_it_was(store, order_id, moment, caller)
    if parameters.none_match(request.headers, order.version):
        return Outcome(response(304, headers={"ETag": parameters.entity_tag(order.version)}))
    return Outcome(order_response(request, 200, order))


def list_orders(request: Request, store: Store, _: Clock) -> Outcome:
    """Return a page of orders: the caller's own, or for staff those of any customer."""
    caller = request.caller
    listing = parameters.read_listing(request.query)
    query = listing.query_of(access.listing_scope(caller, listing.customer_id))
    try:
        total = _total(store, query, listing)
        page = store.list_orders(query, listing.limit, listing.start_in(query))
    except UnsupportedQuery as error:
        raise problems.invalid_input([{"parameter": error.parameter, "detail": error.detail}]) from None
    orders = [view_of(order, internal=caller.sees_internal) for order in page.orders]
    answer = _page(request, query, orders, page.next_after, total)
    if len(answer["body"]) > MAX_PAGE_BYTES:
        shown = within_page(orders)
        if len(shown) < len(orders):
            answer = _page(request, query, shown, query.position_of(page.orders[len(shown) - 1]), total)
    return Outcome(answer)


def replace_order(request: Request, store: Store, clock: Clock) -> Outcome:
    """Replace an order's content and, if a status is given, move it there."""
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, OrderReplacement)
    return Outcome(order_response(request, 200, store.update(_change(request, body, clock(), versions))))


def change_order(request: Request, store: Store, clock: Clock) -> Outcome:
    """Apply a JSON Merge Patch; a patch that changes nothing writes nothing."""
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    given = read_body(request, order_patch(), (merge_patch.MEDIA_TYPE, parameters.JSON))
    _require_kept(given)

    def change(order: Order) -> Order:
        check_version(order, versions)
        merged = decode(merge_patch.merge(writable_document(order), request.body), OrderReplacement)
        changed = models.change(order, _change(request, merged, clock(), versions))
        same = changed.content == order.content and changed.status is order.status
        return order if same else changed

    return Outcome(order_response(request, 200, rewrite(request, store, change)[1]))


def delete_order(request: Request, store: Store, clock: Clock) -> Outcome:
    """Delete an order; its id is never used again."""
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    store.delete(OrderRemoval(order_id_of(request), clock(), caller.sub, caller.owner, versions))
    return Outcome(response(204))


def _change(
    request: Request, body: OrderReplacement, at: str, versions: tuple[int, ...] | None
) -> OrderChange:
    caller = request.caller
    return OrderChange(
        order_id=order_id_of(request),
        content=content_of(body),
        at=at,
        by=caller.sub,
        editable_in=caller.role.editable_in,
        settable=caller.role.settable,
        status=None if body.status is UNSET else body.status,
        owner=caller.owner,
        customer_id=None if body.customer_id is UNSET else body.customer_id,
        versions=versions,
    )


def _require_kept(patch: Struct) -> None:
    """Raise InvalidBody for a null where an order has always a value: leaving it out keeps it."""
    removed = [name for name in _ALWAYS_THERE if getattr(patch, name) is None]
    if removed:
        raise InvalidBody(
            [Fault(f"/{name}", "can't be removed; leave it out to keep it") for name in removed]
        )


def _total(store: Store, query: OrderQuery, listing: ListingParameters) -> tuple[int, bool] | None:
    """How many orders there are on all pages, and whether that is exact; None if it was not asked for."""
    if listing.count is None:
        return None
    return listing.counted(store.count_orders(query, MAX_COUNTED + 1))


def _page(
    request: Request,
    query: OrderQuery,
    orders: list[OrderView],
    after: Position | None,
    total: tuple[int, bool] | None,
) -> ProxyResponse:
    cursor = cursors.encode(after, query) if after else None
    body = msgspec.json.encode(OrderPage(orders, len(orders), cursor, *(total or ())))
    return response(200, body, parameters.next_link(request.query, cursor))
