"""What clients send and what they get back: the types behind every body, and behind openapi.yaml."""

from functools import cached_property
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from orders_core import amounts, merge_patch, money, order_numbers
from orders_core.amount_schemas import (
    Amount,
    Charge,
    DiscountInput,
    DiscountView,
    GivenSum,
    LineItemInput,
    LineItemView,
    LineNumber,
    Quantity,
    ShippingInput,
    ShippingView,
    TaxInput,
    TaxView,
    discount_of,
    discount_view,
    line_of,
    line_view,
    minor_of,
    shipping_of,
    shipping_view,
    tax_of,
    tax_view,
)
from orders_core.comment_models import Visibility
from orders_core.comment_schemas import CommentView, comments_view
from orders_core.events import EventType, OrderEvent
from orders_core.input_errors import InvalidBody
from orders_core.models import (
    Address,
    Contact,
    Order,
    OrderContent,
    OrderDetails,
    OrderStatus,
    Return,
    ReturnLine,
    ReturnStatus,
)
from orders_core.parameter_table import MAX_CUSTOMER_ID, MAX_EXTERNAL_REFERENCE, MAX_IDEMPOTENCY_KEY
from orders_core.payment_models import OrderPaymentStatus
from orders_core.payment_schemas import PaymentView, payments_view
from orders_core.shipment_models import FulfilmentStatus
from orders_core.shipment_schemas import ShipmentView, shipments_view
from orders_core.text_forms import of_form
from orders_core.timestamps import Timestamp

MAX_BODY_BYTES: Final = 256 * 1024
MAX_BATCH: Final = 100
"""Orders of one batch: what 100 requests may write, one may, and no more."""

MAX_PAGE_BYTES: Final = 2_000_000
"""Most JSON of one answer: a Lambda answers 6 MB at most, in which each quote takes two bytes."""

CustomerId = Annotated[str, Meta(min_length=1, max_length=MAX_CUSTOMER_ID, description="Whose order it is.")]
Currency = Annotated[
    str,
    Meta(
        extra={"among": money.OFFERED},
        extra_json_schema={"allOf": [{"$ref": "#/components/schemas/Currency"}]},
    ),
]
ExternalReference = Annotated[
    str,
    Meta(min_length=1, max_length=MAX_EXTERNAL_REFERENCE, description="The shop's own number of the order."),
]
Notes = Annotated[str, Meta(max_length=1_000)]
Metadata = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=40)],
        Annotated[str, Meta(max_length=200)],
    ],
    Meta(
        max_length=20, description="Up to 20 pairs of your own; keys of 1–40, values of up to 200 characters."
    ),
]


LineItems = Annotated[list[LineItemInput], Meta(min_length=1, max_length=100)]
Discounts = Annotated[list[DiscountInput], Meta(max_length=20)]
Taxes = Annotated[list[TaxInput], Meta(max_length=20)]


class ContactInput(Contact, frozen=True, forbid_unknown_fields=True):
    """Who to write to or to call about an order."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    email: (
        Annotated[
            str,
            of_form(r"[^@\s]+@[^@\s]+\.[^@\s]+", "Such as ana@example.com.", max_length=254),
        ]
        | None
    ) = None
    phone: Annotated[str, of_form(r"\+[1-9][0-9]{6,14}", "E.164, such as +34911234567.")] | None = None


class AddressInput(Address, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where goods or a bill go."""

    lines: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=100)], ...], Meta(min_length=1, max_length=4)
    ]
    city: Annotated[str, Meta(min_length=1, max_length=100)]
    country: Annotated[str, of_form("[A-Z]{2}", "ISO 3166-1, such as ES.")]
    region: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    postal_code: Annotated[str, Meta(min_length=1, max_length=16)] | None = None


class OrderInput(OrderDetails, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A new order."""

    # What OrderDetails declares is declared here again where it has limits.
    items: LineItems
    customer_id: CustomerId | UnsetType = UNSET
    currency: Currency = "EUR"
    notes: Notes | None = None
    metadata: Metadata = field(default_factory=dict)
    external_reference: ExternalReference | None = None
    contact: ContactInput | None = None
    shipping_address: AddressInput | None = None
    billing_address: AddressInput | None = None
    discounts: Discounts = field(default_factory=list)
    shipping: ShippingInput | None = None
    taxes: Taxes = field(default_factory=list)
    subtotal: GivenSum | UnsetType = UNSET
    discount_total: GivenSum | UnsetType = UNSET
    shipping_total: GivenSum | UnsetType = UNSET
    tax_total: GivenSum | UnsetType = UNSET
    total_amount: GivenSum | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Raise ValueError for what no schema can say, so that decoding fails for it too."""
        if self.currency not in money.OFFERED:
            raise ValueError("unknown currency")
        self.priced  # noqa: B018 - converted here, so that decoding fails for an amount that is none
        self.given_sums  # noqa: B018

    @cached_property
    def priced(self) -> dict[str, Any]:
        """The parts of the content that have amounts, in minor units; converted once for check and content.

        Raises:
            InvalidAmount: one is not an amount of the currency.
        """
        return _priced(self)

    @cached_property
    def given_sums(self) -> dict[str, int]:
        """The sums that came with the body, in minor units.

        Raises:
            InvalidAmount: one is not an amount of the currency.
        """
        given = zip(amounts.SUMS, _sums_of(self), strict=True)
        return {name: minor_of(raw, self.currency, money.MAX_SUM) for name, raw in given if raw is not UNSET}


class BatchOrder(OrderInput, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """An order of a batch: a new order, with a key of its own by which a retry finds it."""

    idempotency_key: (
        Annotated[
            str,
            of_form(
                f"[ -~]{{1,{MAX_IDEMPOTENCY_KEY}}}",
                "Printable ASCII; make a new one for each new order. Left out, it follows from the request's"
                " `Idempotency-Key` and the order's place in the batch.",
            ),
        ]
        | UnsetType
    ) = UNSET


class OrderBatch(Struct, forbid_unknown_fields=True):
    """Orders to be placed by one request; each is decoded by itself, and so has faults of its own."""

    orders: Annotated[
        list[
            Annotated[Raw, Meta(extra_json_schema={"allOf": [{"$ref": "#/components/schemas/BatchOrder"}]})]
        ],
        Meta(min_length=1, max_length=MAX_BATCH),
    ]


class OrderReplacement(OrderInput, frozen=True, forbid_unknown_fields=True):
    """Everything a client may write of an order that exists; what is left out goes back to its default."""

    status: OrderStatus | UnsetType = UNSET


def order_patch() -> type[Struct]:
    """The type of JSON Merge Patches to `OrderReplacement`; made when it is first asked for."""
    return merge_patch.patch_type(OrderReplacement, "OrderPatch")


class ReturnLineInput(Struct, forbid_unknown_fields=True):
    """How much of one line item is to come back."""

    line: LineNumber
    quantity: Quantity


class ReturnInput(Struct, forbid_unknown_fields=True):
    """Goods that are to come back."""

    lines: Annotated[list[ReturnLineInput], Meta(min_length=1, max_length=100)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ReturnMove(Struct, forbid_unknown_fields=True):
    """Where a return goes next."""

    status: ReturnStatus
    shipping_refund: (
        Annotated[Charge, Meta(description="Of what was paid for shipping; only with REFUNDED.")] | UnsetType
    ) = UNSET


class StatusEntryView(Struct, frozen=True):
    """One step of an order's history."""

    status: OrderStatus
    at: Timestamp
    by: Annotated[str, Meta(description="The `sub` of the user who did it.")]


class ReturnLineView(Struct, frozen=True):
    """How much of one line item comes back, and what is paid back for it."""

    line: int
    product_id: str
    quantity: int
    refund_amount: Amount


class ReturnEntryView(Struct, frozen=True):
    """One step of a return's history."""

    status: ReturnStatus
    at: Timestamp
    by: str


class ReturnView(Struct, frozen=True):
    """Goods of a delivered order on their way back."""

    return_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    status: ReturnStatus
    lines: list[ReturnLineView]
    reason: str
    refund_amount: Annotated[
        Amount, Meta(description="Sum over the lines, and of what is paid back for shipping.")
    ]
    requested_at: Timestamp
    history: list[ReturnEntryView]
    shipping_refund: Amount | UnsetType = UNSET


class OrderDetailsView(OrderDetails, frozen=True, kw_only=True, omit_defaults=True):
    """The details as clients see them: notes and metadata always, the others where there are any."""

    notes: str | None
    metadata: dict[str, str]


class OrderView(OrderDetailsView, frozen=True, omit_defaults=True):
    """An order as every client sees it."""

    order_id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    order_number: Annotated[str, Meta(description="For people: it names the order wherever its id does.")]
    customer_id: str
    status: OrderStatus
    currency: str
    items: list[LineItemView]
    subtotal: Annotated[Amount, Meta(description="Sum of quantity × unit price.")]
    discount_total: Annotated[Amount, Meta(description="Sum of all discounts.")]
    shipping_total: Annotated[Amount, Meta(description="What shipping costs.")]
    tax_total: Annotated[Amount, Meta(description="Sum of all taxes.")]
    total_amount: Annotated[
        Amount,
        Meta(
            description="subtotal - discount_total + shipping_total + tax_total;"
            " without tax_total if `taxes_included`."
        ),
    ]
    version: Annotated[int, Meta(ge=1)]
    created_at: Timestamp
    updated_at: Timestamp
    history: Annotated[
        list[StatusEntryView], Meta(description="Each status the order has had, oldest first.")
    ]
    returns: (
        Annotated[list[ReturnView], Meta(description="Oldest first; left out when there are none.")]
        | UnsetType
    ) = UNSET
    payments: (
        Annotated[list[PaymentView], Meta(description="Oldest first; left out when there are none.")]
        | UnsetType
    ) = UNSET
    payment_status: OrderPaymentStatus | UnsetType = UNSET
    shipments: (
        Annotated[list[ShipmentView], Meta(description="Oldest first; left out when there are none.")]
        | UnsetType
    ) = UNSET
    fulfilment_status: FulfilmentStatus | UnsetType = UNSET
    comments: (
        Annotated[list[CommentView], Meta(description="Oldest first; left out when there are none.")]
        | UnsetType
    ) = UNSET
    discounts: list[DiscountView] | UnsetType = UNSET
    shipping: ShippingView | UnsetType = UNSET
    taxes: list[TaxView] | UnsetType = UNSET
    erased_at: (
        Annotated[Timestamp, Meta(description="When personal data were erased; left out before.")] | UnsetType
    ) = UNSET


class FieldChangeView(Struct, frozen=True):
    """A field of the order with its values before and after an event, null where there was none."""

    field: str
    before: Any
    after: Any


class OrderEventView(Struct, frozen=True):
    """Something that happened to an order."""

    id: Annotated[
        str,
        Meta(
            description="`{order_id}:{version}`: the same write always has the same id."
            " After a restore, `:{epoch}` follows."
        ),
    ]
    type: EventType
    time: Timestamp
    actor: Annotated[
        str | None, Meta(description="The `sub` of the user who did it; null where the store can't tell.")
    ]
    order_id: str
    version: Annotated[int, Meta(ge=1, description="Grows by one with each event of an order.")]
    changed: Annotated[list[str], Meta(description="The fields of the order that are no longer the same.")]
    previous_status: OrderStatus | None
    order: Annotated[
        OrderView, Meta(description="The order after it happened; before it, if it was deleted.")
    ]
    left_out: (
        Annotated[
            list[str],
            Meta(
                description="Fields of `order` that are empty here because they are too large for the bus:"
                " read the order. Absent where the event is complete."
            ),
        ]
        | UnsetType
    ) = UNSET
    changes: (
        Annotated[
            list[FieldChangeView],
            Meta(
                description="Only where the events of an order are read: what of `changed` has a value before"
                " and after that is no longer than 5,000 bytes. Absent where there is none."
            ),
        ]
        | UnsetType
    ) = UNSET


class Envelope(Struct, frozen=True, kw_only=True, rename={"detail_type": "detail-type"}):
    """What EventBridge hands on: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html."""

    version: str
    id: Annotated[str, Meta(description="The bus's own; a replayed event has another. Use `detail.id`.")]
    source: Literal["orders-api"]
    detail_type: EventType
    time: Timestamp
    account: str
    region: str
    resources: list[str]
    detail: OrderEventView


class EventPage(Struct, frozen=True):
    """Some of an order's events, oldest first."""

    events: list[OrderEventView]
    count: Annotated[int, Meta(description="The number of events on this page.")]
    next_cursor: Annotated[str | None, Meta(description="The `cursor` of the next page; null on the last.")]


class CustomerOrder(Struct, frozen=True):
    """An order of a customer with its events, oldest first; null if it was deleted."""

    order: OrderView | None
    events: list[OrderEventView]


class PersonalData(Struct, frozen=True):
    """What is held of a customer: some orders, oldest first, and on the first page all else."""

    customer_id: str
    others: Annotated[dict[str, Any], Meta(description="Account, sessions, letters, lines of the audit log.")]
    orders: list[CustomerOrder]
    next_cursor: Annotated[str | None, Meta(description="The `cursor` of the next page; null on the last.")]


class Erasure(Struct, frozen=True):
    """How far erasing a customer's personal data has come."""

    customer_id: str
    orders: Annotated[int, Meta(description="Orders from which they were erased, by this request.")]
    events: Annotated[int, Meta(description="Events from which they were erased, by this request.")]
    late: Annotated[int, Meta(description="Orders whose latest events have not come yet: ask in a second.")]
    next_cursor: Annotated[
        str | None, Meta(description="The `cursor` of the next request; null when all is erased.")
    ]


class DayStatistics(Struct, frozen=True):
    """Orders placed on one day (UTC), by their present status; revenue leaves the cancelled out."""

    date: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    orders: int
    by_status: dict[str, int]
    revenue: dict[str, Amount]


class Statistics(Struct, frozen=True, rename={"from_": "from"}):
    """The days on which orders were placed, oldest first. Deleted orders do not count."""

    from_: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    to: Annotated[str, Meta(extra_json_schema={"format": "date"})]
    days: list[DayStatistics]


class OrderPage(Struct, frozen=True):
    """Some orders, newest first unless another order was asked for."""

    orders: list[OrderView]
    count: Annotated[int, Meta(description="The number of orders on this page.")]
    next_cursor: Annotated[
        str | None, Meta(description="Pass it as `cursor` for the next page; null on the last.")
    ]
    total_count: Annotated[
        int | UnsetType, Meta(description="The orders of all pages, where `count` asked for their number.")
    ] = UNSET
    total_is_exact: Annotated[
        bool | UnsetType, Meta(description="False if there are more than `total_count`, which was counted.")
    ] = UNSET


class BatchResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one order of a batch: the order, or a problem."""

    status: Annotated[int, Meta(description="What `POST /v1/orders` answers to such an order.")]
    order_id: (
        Annotated[
            str,
            Meta(
                extra_json_schema={"format": "uuid"},
                description=f"Without the order behind {MAX_PAGE_BYTES:,} bytes of results: read it.",
            ),
        ]
        | UnsetType
    ) = UNSET
    order_number: str | UnsetType = UNSET
    replayed: Annotated[bool, Meta(description="An earlier request with the same key placed it.")] = False
    order: OrderView | UnsetType = UNSET
    problem: (
        Annotated[
            Raw,
            Meta(
                description="Pointers in it are into the order.",
                extra_json_schema={"allOf": [{"$ref": "#/components/schemas/ProblemDetails"}]},
            ),
        ]
        | UnsetType
    ) = UNSET


class BatchResults(Struct, frozen=True):
    """What came of each order of a batch, in their order."""

    results: list[BatchResult]
    created: Annotated[int, Meta(description="The number of orders that this request placed.")]
    replayed: Annotated[int, Meta(description="The number of those that were placed before.")]
    refused: Annotated[int, Meta(description="The number of those that have a problem.")]


def content_of(body: OrderInput) -> OrderContent:
    """The domain's content of a body that `validation.decode` let pass.

    Raises:
        InvalidBody: its amounts contradict each other.
    """
    content = OrderContent(
        currency=body.currency,
        **body.priced,
        # The domain's own types, without the limits that a body has.
        **_details(msgspec.convert(body, OrderDetails, from_attributes=True)),
    )
    faults = amounts.find_faults(content, body.given_sums)
    if faults:
        raise InvalidBody(faults)
    return content


def writable_document(order: Order) -> bytes:
    """What a client may write of the order, as JSON of the form of `OrderReplacement`; without its sums."""
    view = msgspec.json.decode(msgspec.json.encode(view_of(order)), type=dict[str, Raw])
    return msgspec.json.encode({name: view[name] for name in _WRITABLE if name in view})


def view_of(order: Order, *, internal: bool = False) -> OrderView:
    """The representation of an order that clients see.

    Args:
        order: what is shown.
        internal: whether its reader is staff, and so sees what is for staff only. A caller that leaves it out
            shows what customers may see.
    """
    content = order.content
    currency, shipping, text = content.currency, content.shipping, money.to_text
    subtotal, discount_total, shipping_total, tax_total, total_amount = content.sums
    return OrderView(
        order_id=order.order_id,
        order_number=order_numbers.number_of(order.order_id),
        customer_id=order.customer_id,
        status=order.status,
        currency=currency,
        items=[line_view(item, currency) for item in content.items],
        subtotal=text(subtotal, currency),
        discount_total=text(discount_total, currency),
        shipping_total=text(shipping_total, currency),
        tax_total=text(tax_total, currency),
        total_amount=text(total_amount, currency),
        discounts=[discount_view(each, currency) for each in content.discounts] or UNSET,
        shipping=shipping_view(shipping, currency) if shipping else UNSET,
        taxes=[tax_view(each, currency) for each in content.taxes] or UNSET,
        **_details(content),
        version=order.version,
        created_at=order.created_at,
        updated_at=order.updated_at,
        history=[StatusEntryView(entry.status, entry.at, entry.by) for entry in order.history],
        returns=[_return_view(each, content) for each in order.returns] or UNSET,
        **payments_view(order),
        **shipments_view(order),
        **comments_view(order, internal=internal),
        erased_at=order.erased_at or UNSET,
    )


def event_view_of(event: OrderEvent, *, internal: bool = False) -> OrderEventView:
    """The representation of an event that clients, webhooks and the bus see; `internal` as in `view_of`."""
    return OrderEventView(
        id=event.id,
        type=event.type,
        time=event.time,
        actor=event.actor,
        order_id=event.order_id,
        version=event.version,
        changed=event.changed if internal else _told(event),
        previous_status=event.previous_status,
        order=view_of(event.order, internal=internal),
    )


_WRITABLE: Final = tuple(name for name in OrderReplacement.__struct_fields__ if name not in amounts.SUMS)
_DETAILS: Final = OrderDetails.__struct_fields__
_values_of: Final = attrgetter(*_DETAILS)
_sums_of: Final = attrgetter(*amounts.SUMS)


def _details(source: OrderDetails) -> dict[str, Any]:
    # The fields are of the types that OrderDetails declares, whichever of its subclasses they come from.
    return dict(zip(_DETAILS, _values_of(source), strict=True))


def _priced(body: OrderInput) -> dict[str, Any]:
    """The parts of the content that have amounts; raises InvalidAmount."""
    currency = body.currency
    return {
        "items": tuple([line_of(item, currency) for item in body.items]),
        "discounts": tuple([discount_of(each, currency) for each in body.discounts]),
        "shipping": shipping_of(body.shipping, currency) if body.shipping else None,
        "taxes": tuple([tax_of(each, currency) for each in body.taxes]),
    }


def _told(event: OrderEvent) -> list[str]:
    """What changed, as far as customers may know it: the last comment is the one that the event tells."""
    changed, comments = event.changed, event.order.comments
    if "comments" in changed and comments and comments[-1].visibility is Visibility.INTERNAL:
        return [name for name in changed if name != "comments"]
    return changed


def _return_view(each: Return, content: OrderContent) -> ReturnView:
    currency = content.currency
    return ReturnView(
        return_id=each.return_id,
        status=each.status,
        lines=[_return_line_view(line, content) for line in each.lines],
        reason=each.reason,
        refund_amount=money.to_text(each.refund_amount, currency),
        requested_at=each.history[0].at,
        history=[ReturnEntryView(entry.status, entry.at, entry.by) for entry in each.history],
        shipping_refund=money.to_text(each.shipping_refund, currency) if each.shipping_refund else UNSET,
    )


def _return_line_view(line: ReturnLine, content: OrderContent) -> ReturnLineView:
    product_id = content.items[line.line - 1].product_id
    refund = money.to_text(line.refund_amount, content.currency)
    return ReturnLineView(line.line, product_id, line.quantity, refund)
