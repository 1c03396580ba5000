"""What the API can do: each operation checks its input, asks the domain and the store, and answers."""

import hashlib
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET

from orders_api import access, cursors, parameters, problems
from orders_api.access import Caller
from orders_api.models import Order, OrderChange, OrderContent, OrderNotFound, OrderRemoval, place
from orders_api.problems import Problem
from orders_api.proxy import Outcome, ProxyResponse, Request, response
from orders_api.repository import OrderExists, OrderRepository, Page
from orders_api.schemas import MAX_BODY_BYTES, OrderInput, OrderPage, OrderReplacement, content_of, view_of
from orders_api.validation import Input, decode

Clock = Callable[[], str]
"""Gives the time as RFC 3339 UTC with milliseconds."""


Operation = Callable[[Request, OrderRepository, Clock], Outcome]


def create_order(request: Request, orders: OrderRepository, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.refuse_any(request.query)
    key = parameters.idempotency_key(request.headers)
    body = _body(request, OrderInput)
    customer_id = access.customer_for(caller, None if body.customer_id is UNSET else body.customer_id)
    content = content_of(body)
    order = place(
        order_id=_order_id_for(caller, key) if key else str(uuid.uuid4()),
        customer_id=customer_id,
        content=content,
        at=clock(),
        by=caller.sub,
        fingerprint=_fingerprint(customer_id, content) if key else "",
    )
    try:
        orders.create(order)
    except OrderExists as error:
        return Outcome(_replay(request, error.existing, order))
    return Outcome(_created(request, order), placed=order)


def get_order(request: Request, orders: OrderRepository, _: Clock) -> Outcome:
    caller = request.caller
    parameters.refuse_any(request.query)
    order_id = _order_id(request)
    order = access.visible(orders.get(order_id), caller, order_id)
    if parameters.none_match(request.headers, order.version):
        return Outcome(response(304, headers={"ETag": parameters.entity_tag(order.version)}))
    return Outcome(_ok(order))


def list_orders(request: Request, orders: OrderRepository, _: Clock) -> Outcome:
    caller = request.caller
    listing = parameters.read_listing(request.query)
    query = listing.query_of(access.customers_for(caller, listing.customer_id))
    page = orders.list_orders(query, listing.limit, listing.position_in(query))
    cursor = cursors.encode(page.next_after, query) if page.next_after else None
    return Outcome(_page(request, page, cursor))


def replace_order(request: Request, orders: OrderRepository, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.refuse_any(request.query)
    versions = parameters.if_match(request.headers)
    body = _body(request, OrderReplacement)
    order = orders.update(
        OrderChange(
            order_id=_order_id(request),
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
    return Outcome(_ok(order))


def delete_order(request: Request, orders: OrderRepository, clock: Clock) -> Outcome:
    caller = request.caller
    parameters.refuse_any(request.query)
    versions = parameters.if_match(request.headers)
    orders.delete(OrderRemoval(_order_id(request), clock(), caller.sub, caller.owner, versions))
    return Outcome(response(204))


def _body(request: Request, type_: type[Input]) -> Input:
    parameters.require_json(request.headers)
    body = request.body
    if len(body) > MAX_BODY_BYTES:
        raise problems.payload_too_large()
    return decode(body, type_)


def _order_id(request: Request) -> str:
    try:
        return str(uuid.UUID(request.path_parameters["order_id"]))
    except ValueError:
        raise OrderNotFound(request.path_parameters["order_id"]) from None


def _order_id_for(caller: Caller, key: str) -> str:
    """The id of the order that this caller places with this key: a UUIDv8 (RFC 9562 §5.8)."""
    digest = bytearray(hashlib.sha256(f"{caller.sub}\n{key}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def _fingerprint(customer_id: str, content: OrderContent) -> str:
    """The same for the same request, however its JSON was written."""
    canonical = msgspec.json.encode((customer_id, content), order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:32]


def _replay(request: Request, existing: Order, order: Order) -> ProxyResponse:
    if existing.fingerprint != order.fingerprint:
        detail = "This Idempotency-Key came with another request before; use a new key for a new order."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
    replayed = _created(request, existing)
    replayed["headers"]["Idempotent-Replayed"] = "true"
    return replayed


def _created(request: Request, order: Order) -> ProxyResponse:
    location = f"{request.context['path'].rstrip('/')}/{order.order_id}"
    return _order_response(201, order, {"Location": location})


def _ok(order: Order) -> ProxyResponse:
    return _order_response(200, order, {})


def _order_response(status: int, order: Order, headers: dict[str, str]) -> ProxyResponse:
    headers["ETag"] = parameters.entity_tag(order.version)
    return response(status, msgspec.json.encode(view_of(order)), headers)


def _page(request: Request, page: Page, cursor: str | None) -> ProxyResponse:
    orders = [view_of(order) for order in page.orders]
    body = msgspec.json.encode(OrderPage(orders, len(orders), cursor))
    return response(200, body, {"Link": _next_link(request, cursor)} if cursor else {})


def _next_link(request: Request, cursor: str) -> str:
    """RFC 8288. Relative to the request's own URL, which no host but the client knows for sure."""
    query = {name: texts[0] for name, texts in request.query.items()} | {"cursor": cursor}
    return f'<?{urlencode(query)}>; rel="next"'
