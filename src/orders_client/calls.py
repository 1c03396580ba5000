"""The API's operations by their names in the contract: what each sends, and the type of its answer.

Every call is safe to repeat: its method is idempotent, it carries an Idempotency-Key, or what it records has
a name of its own.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Generic, TypeVar, Unpack
from urllib.parse import quote

import msgspec
from msgspec import Struct

from orders_client.types import (
    BatchResults,
    Changes,
    Deliveries,
    Details,
    Erasure,
    EventPage,
    Filters,
    NewComment,
    NewLineItem,
    NewOrder,
    NewPayment,
    NewShipment,
    Order,
    OrderPage,
    PaymentStatus,
    PersonalData,
    Replay,
    ReturnLine,
    ReturnStatus,
    Statistics,
    Webhook,
    WebhookList,
    WebhookWithSecret,
)

T = TypeVar("T")

ORDERS: Final = "/v1/orders"
CUSTOMERS: Final = "/v1/customers"
WEBHOOKS: Final = "/v1/webhooks"
PAGE: Final = "100"

Query = dict[str, str]


class Call(Struct, Generic[T], frozen=True):
    """A request and the type of its answer. `missing_is_done`: when it is repeated, 404 is a success."""

    method: str
    path: str
    answer: type[T]
    query: Query = {}
    headers: dict[str, str] = {}
    body: object = None
    missing_is_done: bool = False


def create_order(
    items: Sequence[NewLineItem], idempotency_key: str | None, **details: Unpack[Details]
) -> Call[Order]:
    """Place an order."""
    return Call("POST", ORDERS, Order, headers=_key(idempotency_key), body={"items": items, **details})


def create_orders(orders: Sequence[NewOrder]) -> Call[BatchResults]:
    """Place a batch of orders, each with a key."""
    keyed = [{"idempotency_key": str(uuid.uuid4()), **order} for order in orders]
    return Call("POST", f"{ORDERS}:batch", BatchResults, body={"orders": keyed})


def get_order(order_id: str, version: int | None = None, at: datetime | None = None) -> Call[Order]:
    """Read an order, as it is or as it was."""
    moment = {"version": version, "at": at}
    given = {name: value for name, value in moment.items() if value is not None}
    return Call("GET", _path(order_id), Order, query=_texts(given))


def list_orders(cursor: str | None, **filters: Unpack[Filters]) -> Call[OrderPage]:
    """Read a page of orders, newest first unless `sort` says otherwise."""
    return Call("GET", ORDERS, OrderPage, query=_page(cursor) | _texts(filters))


def replace_order(order: Order, **changes: Unpack[Changes]) -> Call[Order]:
    """Write an order with the changes; fails if it has changed since it was read."""
    as_it_is = {name: getattr(order, name) for name in Changes.__optional_keys__}
    return Call("PUT", _path(order.order_id), Order, headers=_if_match(order), body=as_it_is | changes)


def change_order(order: Order, **changes: Unpack[Changes]) -> Call[Order]:
    """Write the changes only; fails if the order has changed since it was read."""
    return Call("PATCH", _path(order.order_id), Order, headers=_if_match(order), body=dict(changes))


def delete_order(order: Order) -> Call[None]:
    """Delete an order; fails if it has changed since it was read."""
    return Call("DELETE", _path(order.order_id), type(None), headers=_if_match(order), missing_is_done=True)


def request_return(
    order: Order, lines: Sequence[ReturnLine], reason: str, idempotency_key: str | None
) -> Call[Order]:
    """Ask to send lines of an order back."""
    path = f"{_path(order.order_id)}/returns"
    body = {"lines": lines, "reason": reason}
    return Call("POST", path, Order, headers=_key(idempotency_key), body=body)


def move_return(
    order: Order, return_id: str, status: ReturnStatus, shipping_refund: Decimal | None
) -> Call[Order]:
    """Move a return to another status; with REFUNDED some of what was paid for shipping may go back."""
    path = f"{_path(order.order_id)}/returns/{quote(return_id, safe='')}"
    refund = {} if shipping_refund is None else {"shipping_refund": shipping_refund}
    return Call("PUT", path, Order, headers=_if_match(order), body={"status": status, **refund})


def record_payment(order: Order, payment: NewPayment) -> Call[Order]:
    """Record what a payment provider did; its reference makes it safe to repeat."""
    return Call("POST", f"{_path(order.order_id)}/payments", Order, body=payment)


def move_payment(
    order: Order, payment_id: str, status: PaymentStatus, refunded_amount: Decimal | None
) -> Call[Order]:
    """Move a payment to another status; with REFUNDED some of it may have been paid back."""
    path = f"{_path(order.order_id)}/payments/{quote(payment_id, safe='')}"
    refunded = {} if refunded_amount is None else {"refunded_amount": refunded_amount}
    return Call("PUT", path, Order, headers=_if_match(order), body={"status": status, **refunded})


def record_shipment(order: Order, shipment: NewShipment) -> Call[Order]:
    """Record what was handed to a carrier; its tracking number makes it safe to repeat."""
    return Call("POST", f"{_path(order.order_id)}/shipments", Order, body=shipment)


def write_comment(order: Order, comment: NewComment, idempotency_key: str | None) -> Call[Order]:
    """Comment on an order, whatever became of it since it was read."""
    path = f"{_path(order.order_id)}/comments"
    return Call("POST", path, Order, headers=_key(idempotency_key), body=comment)


def list_order_events(order_id: str, cursor: str | None) -> Call[EventPage]:
    """Read a page of an order's events, oldest first."""
    return Call("GET", f"{_path(order_id)}/events", EventPage, query=_page(cursor))


def get_statistics(first: date | None, last: date | None) -> Call[Statistics]:
    """Read the figures of each day in a period; both days are included."""
    days = {"from": first, "to": last}
    query = {name: str(day) for name, day in days.items() if day}
    return Call("GET", f"{ORDERS}/stats", Statistics, query=query)


def export_customer(customer_id: str, cursor: str | None) -> Call[PersonalData]:
    """Read a page of what is held of a customer."""
    return Call("GET", _personal_data(customer_id), PersonalData, query=_from(cursor))


def erase_customer(customer_id: str, cursor: str | None) -> Call[Erasure]:
    """Erase a customer's personal data from some orders; again, if it was done before."""
    return Call("DELETE", _personal_data(customer_id), Erasure, query=_from(cursor))


def list_webhooks() -> Call[WebhookList]:
    """Read all webhooks."""
    return Call("GET", WEBHOOKS, WebhookList)


def create_webhook(url: str, events: Sequence[str], idempotency_key: str | None) -> Call[WebhookWithSecret]:
    """Add a webhook."""
    body = {"url": url, "events": events}
    return Call("POST", WEBHOOKS, WebhookWithSecret, headers=_key(idempotency_key), body=body)


def get_webhook(webhook_id: str) -> Call[Webhook]:
    """Read a webhook."""
    return Call("GET", _webhook(webhook_id), Webhook)


def change_webhook(
    webhook_id: str, url: str | None, events: Sequence[str] | None, *, enabled: bool | None
) -> Call[Webhook]:
    """Change what is given of a webhook."""
    changes = {"url": url, "events": events, "enabled": enabled}
    body = {name: value for name, value in changes.items() if value is not None}
    return Call("PATCH", _webhook(webhook_id), Webhook, body=body)


def delete_webhook(webhook_id: str) -> Call[None]:
    """Delete a webhook."""
    return Call("DELETE", _webhook(webhook_id), type(None), missing_is_done=True)


def rotate_webhook_secret(webhook_id: str) -> Call[WebhookWithSecret]:
    """Make a new secret for a webhook."""
    return Call("POST", f"{_webhook(webhook_id)}/secret", WebhookWithSecret)


def list_webhook_deliveries(webhook_id: str) -> Call[Deliveries]:
    """Read how deliveries to a webhook went."""
    return Call("GET", f"{_webhook(webhook_id)}/deliveries", Deliveries)


def replay_webhook(webhook_id: str, since: datetime | None, order_id: str | None) -> Call[Replay]:
    """Deliver events to a webhook once more; the dead letters, if nothing is named."""
    named = {"since": since, "order_id": order_id}
    body = {name: value for name, value in named.items() if value is not None}
    return Call("POST", f"{_webhook(webhook_id)}/replay", Replay, body=body)


def decode(call: Call[T], content: bytes) -> T:
    """Decode the body of a successful response; an empty one is None."""
    return msgspec.json.decode(content or b"null", type=call.answer)


def _path(order_id: str) -> str:
    return f"{ORDERS}/{quote(order_id, safe='')}"


def _webhook(webhook_id: str) -> str:
    return f"{WEBHOOKS}/{quote(webhook_id, safe='')}"


def _personal_data(customer_id: str) -> str:
    return f"{CUSTOMERS}/{quote(customer_id, safe='')}/personal-data"


def _if_match(order: Order) -> dict[str, str]:
    return {"If-Match": f'"{order.version}"'}


def _key(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}


def _page(cursor: str | None) -> Query:
    return {"limit": PAGE} | _from(cursor)


def _from(cursor: str | None) -> Query:
    return {"cursor": cursor} if cursor else {}


def _texts(filters: Mapping[str, object]) -> Query:
    return {name: _text(value) for name, value in filters.items()}


def _text(value: object) -> str:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case str():
            return str(value)
        case Sequence():
            return ",".join(value)
        case _:
            return str(value)
