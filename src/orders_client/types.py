"""What the API takes and gives. Amounts are exact decimals, times are aware and in UTC."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Required, TypedDict

from msgspec import Struct

from orders_client.errors import ProblemDocument


class OrderStatus(StrEnum):
    """Where an order is on its way from placement to delivery."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


class ReturnStatus(StrEnum):
    """Where a return is on its way from request to refund."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    RECEIVED = "RECEIVED"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"


class PaymentStatus(StrEnum):
    """Where a payment is on its way; REFUNDED once some or all of it was paid back."""

    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class OrderPaymentStatus(StrEnum):
    """How far an order is paid."""

    UNPAID = "UNPAID"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class FulfilmentStatus(StrEnum):
    """How much of an order was shipped."""

    UNFULFILLED = "UNFULFILLED"
    PARTIALLY_FULFILLED = "PARTIALLY_FULFILLED"
    FULFILLED = "FULFILLED"


class NewLineItem(Struct, frozen=True, omit_defaults=True):
    """Amounts have at most the minor digits of the order's currency; `discount` and `tax` are of the line."""

    product_id: str
    quantity: int
    unit_price: Decimal
    name: str | None = None
    discount: Decimal = Decimal()
    tax: Decimal = Decimal()
    tax_rate: str | None = None


class LineItem(NewLineItem, frozen=True, kw_only=True):
    """A line of an order as the API answers it."""

    name: str | None


class StatusEntry(Struct, frozen=True):
    """An entry of the history: a status, when it was set, and by which user."""

    status: OrderStatus
    at: datetime
    by: str


class ReturnLine(Struct, frozen=True):
    """A line of an order, counted from 1, and how much of it comes back."""

    line: int
    quantity: int


class ReturnedLine(ReturnLine, frozen=True):
    """A line of a return with the amount that is refunded for it."""

    product_id: str
    refund_amount: Decimal


class ReturnEntry(Struct, frozen=True):
    """An entry of a return's history."""

    status: ReturnStatus
    at: datetime
    by: str


class Return(Struct, frozen=True):
    """Goods of a delivered order that come back, and their refund."""

    return_id: str
    status: ReturnStatus
    lines: list[ReturnedLine]
    reason: str
    refund_amount: Decimal
    requested_at: datetime
    history: list[ReturnEntry]
    shipping_refund: Decimal = Decimal()


class NewPayment(Struct, frozen=True):
    """What a payment provider did; provider and reference together name the payment."""

    provider: str
    reference: str
    amount: Decimal
    status: PaymentStatus


class PaymentEntry(Struct, frozen=True):
    """An entry of a payment's history."""

    status: PaymentStatus
    at: datetime
    by: str


class Payment(NewPayment, frozen=True, kw_only=True):
    """A payment of an order; `refunded_amount` is what was paid back of it so far."""

    payment_id: str
    history: list[PaymentEntry]
    refunded_amount: Decimal = Decimal()


class ShipmentLine(Struct, frozen=True):
    """A line of an order, counted from 1, and how much of it was shipped."""

    line: int
    quantity: int


class NewShipment(Struct, frozen=True, omit_defaults=True):
    """Goods that left together; carrier and tracking number name the shipment. It left now if left out."""

    carrier: str
    tracking_number: str
    lines: Sequence[ShipmentLine]
    tracking_url: str | None = None
    shipped_at: datetime | None = None


class ShippedLine(ShipmentLine, frozen=True):
    """A line of a shipment with its product."""

    product_id: str


class Shipment(Struct, frozen=True):
    """Goods of an order that left together."""

    shipment_id: str
    carrier: str
    tracking_number: str
    lines: list[ShippedLine]
    shipped_at: datetime
    recorded_by: str
    tracking_url: str | None = None


class Visibility(StrEnum):
    """Who reads a comment: staff only, or the customer, too."""

    INTERNAL = "INTERNAL"
    VISIBLE = "VISIBLE"


class Comment(Struct, frozen=True):
    """What its author said of the order; customers see those that are VISIBLE."""

    comment_id: str
    at: datetime
    by: str
    visibility: Visibility
    text: str


class NewComment(Struct, frozen=True, omit_defaults=True):
    """What is to be said of an order; without `visibility`, it is INTERNAL if staff says it."""

    text: str
    visibility: Visibility | None = None


class Contact(Struct, frozen=True):
    """Who to write to or to call about an order; `phone` is in E.164, such as +34911234567."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Address(Struct, frozen=True):
    """Where goods or a bill go; `country` is an ISO 3166-1 alpha-2 code."""

    lines: list[str]
    city: str
    country: str
    region: str | None = None
    postal_code: str | None = None


class Discount(Struct, frozen=True, omit_defaults=True):
    """An amount off the lines together."""

    amount: Decimal
    code: str | None = None
    description: str | None = None


class Shipping(Struct, frozen=True, omit_defaults=True):
    """What carrying the goods costs."""

    method: str
    amount: Decimal
    tax: Decimal = Decimal()


class Tax(Struct, frozen=True, omit_defaults=True):
    """A tax on the lines together; `rate` is in percent."""

    name: str
    amount: Decimal
    rate: str | None = None


class Order(Struct, frozen=True):
    """An order as of `version`; a write that is given it goes through only while that is its version."""

    order_id: str
    order_number: str
    customer_id: str
    status: OrderStatus
    currency: str
    items: list[LineItem]
    subtotal: Decimal
    discount_total: Decimal
    shipping_total: Decimal
    tax_total: Decimal
    total_amount: Decimal
    notes: str | None
    metadata: dict[str, str]
    version: int
    created_at: datetime
    updated_at: datetime
    history: list[StatusEntry]
    returns: list[Return] = []
    payments: list[Payment] = []
    payment_status: OrderPaymentStatus = OrderPaymentStatus.UNPAID
    shipments: list[Shipment] = []
    fulfilment_status: FulfilmentStatus = FulfilmentStatus.UNFULFILLED
    comments: list[Comment] = []
    external_reference: str | None = None
    contact: Contact | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    taxes_included: bool = False
    discounts: list[Discount] = []
    shipping: Shipping | None = None
    taxes: list[Tax] = []
    erased_at: datetime | None = None


class OrderPage(Struct, frozen=True):
    """A page of orders; `next_cursor` is None on the last, the total unless it was asked for."""

    orders: list[Order]
    count: int
    next_cursor: str | None
    total_count: int | None = None
    total_is_exact: bool | None = None


EventType = Literal[
    "OrderCreated", "OrderUpdated", "OrderStatusChanged", "OrderDeleted", "OrderPersonalDataErased"
]


class FieldChange(Struct, frozen=True):
    """A field of an order before and after an event, as JSON has it; None where it had no value."""

    field: str
    before: Any
    after: Any


class OrderEvent(Struct, frozen=True):
    """One write of an order: what changed, by which user, and the order after it."""

    id: str
    type: EventType
    time: datetime
    actor: str | None
    order_id: str
    version: int
    changed: list[str]
    previous_status: OrderStatus | None
    order: Order
    left_out: list[str] = []
    """Fields of `order` that are empty because they were too large for the event bus."""
    changes: list[FieldChange] = []
    """What of `changed` has short values; where an order's events are read, not in streams and webhooks."""


class EventPage(Struct, frozen=True):
    """A page of an order's events; `next_cursor` is None on the last."""

    events: list[OrderEvent]
    count: int
    next_cursor: str | None


class CustomerOrder(Struct, frozen=True):
    """An order of a customer with its events; no order if it was deleted."""

    order: Order | None
    events: list[OrderEvent]


class PersonalData(Struct, frozen=True):
    """A page of what is held of a customer; `others` than orders, such as the account, are on the first."""

    customer_id: str
    others: dict[str, Any]
    orders: list[CustomerOrder]
    next_cursor: str | None


class Erasure(Struct, frozen=True):
    """What one request erased. `late` are orders whose latest events were still on their way."""

    customer_id: str
    orders: int
    events: int
    late: int
    next_cursor: str | None


class Webhook(Struct, frozen=True):
    """An endpoint that is told of events, and how it does; no events means all."""

    webhook_id: str
    url: str
    events: list[str]
    enabled: bool
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    last_error: str | None
    created_at: datetime


class WebhookWithSecret(Struct, frozen=True):
    """A webhook and its secret; none where a creation was answered before."""

    webhook: Webhook
    secret: str | None


class WebhookList(Struct, frozen=True):
    """All webhooks, oldest first."""

    webhooks: list[Webhook]


class DeliveryAttempt(Struct, frozen=True):
    """An attempt to deliver an event; without an error it was delivered."""

    event_id: str | None
    order_id: str
    at: datetime
    error: str | None
    next_attempt_at: datetime | None


class Deliveries(Struct, frozen=True):
    """The latest attempts of a webhook, and what it still has to get, where that is known."""

    waiting: int | None
    failing: int | None
    dead_letters: int | None
    attempts: list[DeliveryAttempt]


class Replay(Struct, frozen=True):
    """How many events will be delivered once more; there are more if there is a time to go on from."""

    events: int
    next_since: datetime | None


class DayStatistics(Struct, frozen=True):
    """Orders placed on one day (UTC), by their present status; revenue leaves the cancelled out."""

    date: date
    orders: int
    by_status: dict[str, int]
    revenue: dict[str, Decimal]


class Statistics(Struct, frozen=True, rename={"from_": "from"}):
    """The figures of each day from `from_` to `to`, both included."""

    from_: date
    to: date
    days: list[DayStatistics]


class Filters(TypedDict, total=False):
    """Which orders to list, and in which order: bounds are inclusive, times must be aware."""

    customer_id: str
    status: OrderStatus | Sequence[OrderStatus]
    payment_status: OrderPaymentStatus | Sequence[OrderPaymentStatus]
    fulfilment_status: FulfilmentStatus | Sequence[FulfilmentStatus]
    external_reference: str
    created_from: datetime
    created_to: datetime
    updated_from: datetime
    updated_to: datetime
    total_min: Decimal
    total_max: Decimal
    currency: str
    q: str
    sort: Literal["created_at", "-created_at", "updated_at", "-updated_at", "total_amount", "-total_amount"]
    count: Literal["exact", "estimate"]


class Writable(TypedDict, total=False):
    """What may be said of an order besides its items."""

    currency: str
    notes: str | None
    metadata: dict[str, str]
    external_reference: str | None
    contact: Contact | None
    shipping_address: Address | None
    billing_address: Address | None
    taxes_included: bool
    discounts: list[Discount]
    shipping: Shipping | None
    taxes: list[Tax]


class Details(Writable, total=False):
    """What may be said of a new order besides its items."""

    customer_id: str


class Changes(Writable, total=False):
    """What may be changed of an order; the rest stays as it is."""

    items: list[NewLineItem]
    status: OrderStatus


class NewOrder(Details, total=False):
    """An order of a batch. A key of its own is made where it has none."""

    items: Required[Sequence[NewLineItem]]
    idempotency_key: str


class BatchResult(Struct, frozen=True):
    """What came of one order of a batch: an order, or a problem; `status` is what it would be answered alone.

    Of a batch of large orders the last have an id and no `order`: get it. A problem of status 503 or 429 may
    pass: send the order again, with the same key.
    """

    status: int
    order_id: str | None = None
    order_number: str | None = None
    replayed: bool = False
    order: Order | None = None
    problem: ProblemDocument | None = None


class BatchResults(Struct, frozen=True):
    """What came of each order of a batch, in their order, and how many came to what."""

    results: list[BatchResult]
    created: int
    replayed: int
    refused: int
