"""Examples for the contract, made by the code that makes the real answers."""

import json
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from orders_contract import order_rows
from orders_core import comments, order_numbers, payments, problems, returns, shipments
from orders_core.comment_models import Comment, Visibility
from orders_core.events import event_for_write
from orders_core.input_errors import Fault, InvalidBody, MalformedBody
from orders_core.models import (
    Discount,
    IllegalState,
    LineItem,
    NotAllowed,
    OrderContent,
    OrderNotFound,
    OrderStatus,
    Shipping,
    Tax,
    VersionMismatch,
    place,
)
from orders_core.payment_models import PaymentStatus
from orders_core.permissions import Permission
from orders_core.problems import Problem, problem_from
from orders_core.schemas import (
    BatchResult,
    BatchResults,
    CustomerOrder,
    DayStatistics,
    Erasure,
    EventPage,
    OrderPage,
    PersonalData,
    Statistics,
    event_view_of,
    view_of,
)
from orders_core.shipment_models import Shipment, ShipmentLine
from orders_core.stores import StoreUnavailable
from orders_core.webhook_schemas import (
    Deliveries,
    DeliveryAttempt,
    Replay,
    WebhookList,
    WebhookView,
    WebhookWithSecret,
)

_SUB: Final = "4f3c1f0e-58a7-4c4e-9d5e-0d6f1c3b2a19"
_REQUEST_ID: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"

ORDER_INPUT: Final = {
    "items": [{"product_id": "A-1", "name": "Mug", "quantity": 2, "unit_price": "9.50"}],
    "currency": "EUR",
    "notes": "Please wrap it",
    "metadata": {"channel": "web"},
    "external_reference": "WEB-10042",
    "contact": {"name": "Ana García", "email": "ana@example.com", "phone": "+34911234567"},
    "shipping_address": {
        "lines": ["Calle Mayor 1", "2º B"],
        "city": "Madrid",
        "postal_code": "28013",
        "country": "ES",
    },
    "discounts": [{"code": "SPRING", "description": "10 % off", "amount": "1.90"}],
    "shipping": {"method": "standard", "amount": "4.90", "tax": "1.03"},
    "taxes": [{"name": "IVA", "rate": "21", "amount": "3.59"}],
    "total_amount": "26.62",
}
ORDER_REPLACEMENT: Final = ORDER_INPUT | {"status": "CANCELLED"}
ORDER_PATCH: Final = {"notes": None, "metadata": {"gift": "yes"}, "contact": {"phone": "+34911234568"}}

_ORDER: Final = place(
    order_numbers.id_for(b"example"),
    _SUB,
    OrderContent(
        (LineItem("A-1", 2, 950, "Mug"),),
        "EUR",
        discounts=(Discount(190, "SPRING", "10 % off"),),
        shipping=Shipping("standard", 490, tax=103),
        taxes=(Tax("IVA", 359, "21"),),
        notes="Please wrap it",
        metadata={"channel": "web"},
    ),
    at="2026-01-31T09:30:00.123Z",
    by=_SUB,
)
ORDER: Final[Any] = msgspec.to_builtins(view_of(_ORDER))
ORDER_BATCH: Final = {
    "orders": [
        ORDER_INPUT | {"idempotency_key": "WEB-10042"},
        {"items": ORDER_INPUT["items"], "subtotal": "20.00", "idempotency_key": "WEB-10043"},
    ]
}
_VIEW: Final = view_of(_ORDER)
_WRONG_SUM: Final = InvalidBody([Fault("/subtotal", "must be 19.00 = 2 × 9.50, not 20.00")])
BATCH_RESULTS: Final[Any] = msgspec.json.decode(
    msgspec.json.encode(
        BatchResults(
            [
                BatchResult(
                    status=201, order_id=_VIEW.order_id, order_number=_VIEW.order_number, order=_VIEW
                ),
                BatchResult(status=400, problem=msgspec.Raw(problem_from(_WRONG_SUM).document(_REQUEST_ID))),
            ],
            created=1,
            replayed=0,
            refused=1,
        )
    )
)
EXPORTS: Final = {
    "application/x-ndjson": f"{json.dumps(ORDER)}\n",
    "text/csv": order_rows.header() + order_rows.rows_of(ORDER),
}
ORDER_PAGE: Final[Any] = msgspec.to_builtins(OrderPage([view_of(_ORDER)], 1, None))

RETURN_INPUT: Final = {"lines": [{"line": 1, "quantity": 1}], "reason": "The handle is broken"}
RETURN_MOVE: Final = {"status": "APPROVED"}
_DELIVERED: Final = replace(_ORDER, status=OrderStatus.DELIVERED, version=5)
_RETURNED: Final = returns.request(
    _DELIVERED,
    "9c1a6f1e-4b7d-8f35-a8d2-3f0e5d7c9b11",
    [(1, 1)],
    "The handle is broken",
    at="2026-02-10T16:05:00.000Z",
    by=_SUB,
)
ORDER_WITH_RETURN: Final[Any] = msgspec.to_builtins(view_of(_RETURNED))
PAYMENT_INPUT: Final = {
    "provider": "stripe",
    "reference": "pi_3NxRzl2eZvKYlo2C",
    "amount": "26.62",
    "status": "AUTHORIZED",
}
PAYMENT_MOVE: Final = {"status": "CAPTURED"}
_PAID: Final = payments.record(
    _ORDER,
    "1d7f0c7a-2f0e-8b52-9a6c-5e1b7d3c9f20",
    "stripe",
    "pi_3NxRzl2eZvKYlo2C",
    2_662,
    PaymentStatus.AUTHORIZED,
    at="2026-01-31T09:31:00.000Z",
    by=_SUB,
)
ORDER_WITH_PAYMENT: Final[Any] = msgspec.to_builtins(view_of(_PAID))
SHIPMENT_INPUT: Final = {
    "carrier": "correos",
    "tracking_number": "PQ4F6S0712345670128003K",
    "tracking_url": "https://www.correos.es/track?number=PQ4F6S0712345670128003K",
    "lines": [{"line": 1, "quantity": 1}],
}
_SHIPPED: Final = shipments.record(
    replace(_ORDER, status=OrderStatus.SHIPPED, version=4),
    Shipment(
        "5b6e2d0c-7a41-8c93-b1f4-2e8d9a6c3f57",
        "correos",
        "PQ4F6S0712345670128003K",
        (ShipmentLine(1, 1),),
        shipped_at="2026-02-02T15:30:00.000Z",
        recorded_by=_SUB,
        tracking_url="https://www.correos.es/track?number=PQ4F6S0712345670128003K",
    ),
    at="2026-02-02T15:31:00.000Z",
)
ORDER_WITH_SHIPMENT: Final[Any] = msgspec.to_builtins(view_of(_SHIPPED))
COMMENT_INPUT: Final = {"text": "We have put the mug aside for you.", "visibility": "VISIBLE"}
_COMMENTED: Final = comments.write(
    _ORDER,
    Comment(
        "7a0d4c1e-93b5-8f26-8c70-1b9e4d2f6a35",
        "2026-01-31T10:05:00.000Z",
        "9b2c4f0e-743b-499f-a9f1-9f852a4d6091",
        Visibility.VISIBLE,
        "We have put the mug aside for you.",
    ),
)
ORDER_WITH_COMMENT: Final[Any] = msgspec.to_builtins(view_of(_COMMENTED))
EVENT_PAGE: Final[Any] = msgspec.to_builtins(
    EventPage([event_view_of(event_for_write(None, _ORDER))], 1, None)
)
STATISTICS: Final[Any] = msgspec.to_builtins(
    Statistics(
        "2026-01-01",
        "2026-01-31",
        [DayStatistics("2026-01-31", 3, {"PENDING": 2, "CANCELLED": 1}, {"EUR": "38.00"})],
    )
)
PERSONAL_DATA: Final[Any] = msgspec.to_builtins(
    PersonalData(
        _SUB,
        {"account": {"sub": _SUB, "email": "ana@example.com", "email_verified": True}},
        [CustomerOrder(view_of(_ORDER), [event_view_of(event_for_write(None, _ORDER))])],
        None,
    )
)
ERASURE: Final[Any] = msgspec.to_builtins(Erasure(_SUB, 2, 5, 0, None))
ERASURE_UNDER_WAY: Final[Any] = msgspec.to_builtins(
    Erasure(_SUB, 20, 41, 0, "H0Yg0Af2xPnkeyJvcmRlcnMiOm51bGx9")
)

_WEBHOOK: Final = WebhookView(
    webhook_id="wh_3c1f0d9ab27e",
    url="https://shop.example.com/orders",
    events=["order.created", "order.status_changed"],
    enabled=True,
    disabled_reason=None,
    failures=1,
    failing_since="2026-01-31T09:31:00.123Z",
    last_error="it answered 503",
    created_at="2026-01-30T08:00:00.000Z",
)
WEBHOOK_INPUT: Final[Any] = {
    "url": "https://shop.example.com/orders",
    "events": ["order.created", "order.status_changed"],
}
WEBHOOK_PATCH: Final[Any] = {"enabled": True}
WEBHOOK: Final[Any] = msgspec.to_builtins(_WEBHOOK)
WEBHOOK_WITH_SECRET: Final[Any] = msgspec.to_builtins(
    WebhookWithSecret(_WEBHOOK, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
)
WEBHOOK_LIST: Final[Any] = msgspec.to_builtins(WebhookList([_WEBHOOK]))
DELIVERIES: Final[Any] = msgspec.to_builtins(
    Deliveries(
        waiting=1,
        failing=1,
        dead_letters=0,
        attempts=[
            DeliveryAttempt(
                event_id=f"{_ORDER.order_id}:1",
                order_id=_ORDER.order_id,
                at="2026-01-31T09:31:00.123Z",
                error="it answered 503",
                next_attempt_at="2026-01-31T09:31:05.123Z",
            )
        ],
    )
)
REPLAY_INPUT: Final[Any] = {"since": "2026-01-31T09:00:00Z"}
REPLAY: Final[Any] = msgspec.to_builtins(Replay(12, None))

_PROBLEMS: Final[dict[str, Exception]] = {
    "bad-request": MalformedBody("Input data was truncated"),
    "invalid-input": InvalidBody([Fault("/items/0/quantity", "must be from 1 to 10,000")]),
    "unauthorized": problems.unauthorized(),
    "forbidden": NotAllowed("This needs the permission payments:write.", (Permission.PAYMENTS_WRITE,)),
    "invalid-api-key": problems.invalid_api_key(),
    "not-found": OrderNotFound(""),
    "method-not-allowed": problems.method_not_allowed("PATCH", ["GET", "OPTIONS", "POST"]),
    "illegal-state": IllegalState(
        "An order that is SHIPPED can't become CANCELLED; it can't move any more.", OrderStatus.SHIPPED
    ),
    "version-mismatch": VersionMismatch(4),
    "payload-too-large": problems.payload_too_large(),
    "unsupported-media-type": Problem(
        problems.UNSUPPORTED_MEDIA_TYPE, "Send Content-Type: application/json, not 'text/plain'."
    ),
    "idempotency-key-reused": Problem(
        problems.IDEMPOTENCY_KEY_REUSED,
        "This Idempotency-Key came with another request before; use a new key for a new order.",
    ),
    "too-many-requests": problems.throttled(),
    "internal-error": problems.internal_error(),
    "store-unavailable": StoreUnavailable(),
    "service-unavailable": problems.service_unavailable(),
}

PROBLEMS: Final[dict[str, Any]] = {
    slug: msgspec.json.decode(problem_from(error).document(_REQUEST_ID)) for slug, error in _PROBLEMS.items()
}
