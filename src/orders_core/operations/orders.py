"""Place, read, list, replace and delete orders."""

import hashlib

import msgspec
from msgspec import UNSET

from orders_core import access, cursors, parameters, problems
from orders_core.models import Order, OrderChange, OrderContent, OrderRemoval, place
from orders_core.operations.common import Clock, id_for, new_id, order_id_of, order_response, read_body
from orders_core.problems import Problem
from orders_core.proxy import Outcome, ProxyResponse, Request, response
from orders_core.schemas import OrderInput, OrderPage, OrderReplacement, content_of, view_of
from orders_core.stores import OrderExists, OrderWasDeleted, Page, Store


def create_order(request: Request, store: Store, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.reject_query(request.query)
    key = parameters.idempotency_key(request.headers)
    body = read_body(request, OrderInput)
    customer_id = access.customer_for(caller, None if body.customer_id is UNSET else body.customer_id)
    content = content_of(body)
    order = place(
        order_id=id_for(caller.sub, key) if key else new_id(),
        customer_id=customer_id,
        content=content,
        at=clock(),
        by=caller.sub,
        fingerprint=_fingerprint(customer_id, content) if key else "",
    )
    try:
        store.create(order)
    except OrderWasDeleted:
        detail = "The order that this Idempotency-Key placed was deleted; use a new key for a new order."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail) from None
    except OrderExists as error:
        return Outcome(_replay(request, error.existing, order))
    return Outcome(_created(request, order), placed=order)


def get_order(request: Request, store: Store, _: Clock) -> Outcome:
    caller = request.caller
    parameters.reject_query(request.query)
    order_id = order_id_of(request)
    order = access.require_visible(store.get(order_id), caller, order_id)
    if parameters.none_match(request.headers, order.version):
        return Outcome(response(304, headers={"ETag": parameters.entity_tag(order.version)}))
    return Outcome(order_response(200, order))


def list_orders(request: Request, store: Store, _: Clock) -> Outcome:
    caller = request.caller
    listing = parameters.read_listing(request.query)
    query = listing.query_of(access.listing_scope(caller, listing.customer_id))
    page = store.list_orders(query, listing.limit, listing.start_in(query))
    cursor = cursors.encode(page.next_after, query) if page.next_after else None
    return Outcome(_page(request, page, cursor))


def replace_order(request: Request, store: Store, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    body = read_body(request, OrderReplacement)
    order = store.update(
        OrderChange(
            order_id=order_id_of(request),
            content=content_of(body),
            at=clock(),
            by=caller.sub,
            editable_in=caller.role.editable_in,
            settable=caller.role.settable,
            status=None if body.status is UNSET else body.status,
            owner=caller.owner,
            customer_id=None if body.customer_id is UNSET else body.customer_id,
            versions=versions,
        )
    )
    return Outcome(order_response(200, order))


def delete_order(request: Request, store: Store, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.reject_query(request.query)
    versions = parameters.if_match(request.headers)
    store.delete(OrderRemoval(order_id_of(request), clock(), caller.sub, caller.owner, versions))
    return Outcome(response(204))


def _fingerprint(customer_id: str, content: OrderContent) -> str:
    """The same for the same request, however its JSON was written."""
    return hashlib.sha256(customer_id.encode() + b"\n" + content.canonical()).hexdigest()[:32]


def _replay(request: Request, existing: Order, order: Order) -> ProxyResponse:
    if existing.fingerprint != order.fingerprint:
        detail = "This Idempotency-Key came with another request before; use a new key for a new order."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
    replayed = _created(request, existing)
    replayed["headers"]["Idempotent-Replayed"] = "true"
    return replayed


def _created(request: Request, order: Order) -> ProxyResponse:
    location = f"{request.context['path'].rstrip('/')}/{order.order_id}"
    return order_response(201, order, {"Location": location})


def _page(request: Request, page: Page, cursor: str | None) -> ProxyResponse:
    orders = [view_of(order) for order in page.orders]
    body = msgspec.json.encode(OrderPage(orders, len(orders), cursor))
    return response(200, body, parameters.next_link(request.query, cursor))
