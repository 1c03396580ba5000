"""The domain: orders, their line items, and what may happen to them. Pure: no I/O, no AWS, no HTTP."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orders_core import money
from orders_core.comment_models import Comment
from orders_core.payment_models import Payment, PaymentStatus
from orders_core.permissions import Permission
from orders_core.personal import Personal, without_personal_data
from orders_core.shipment_models import Shipment


class OrderStatus(StrEnum):
    """Where an order is on its way; declared in the order in which an order passes through them."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"


TRANSITIONS: Final[dict[OrderStatus, tuple[OrderStatus, ...]]] = {
    OrderStatus.PENDING: (OrderStatus.CONFIRMED, OrderStatus.CANCELLED),
    OrderStatus.CONFIRMED: (OrderStatus.PROCESSING, OrderStatus.CANCELLED),
    OrderStatus.PROCESSING: (OrderStatus.SHIPPED, OrderStatus.CANCELLED),
    OrderStatus.SHIPPED: (OrderStatus.DELIVERED,),
    OrderStatus.DELIVERED: (),
    OrderStatus.CANCELLED: (),
}
"""The state machine: the statuses an order may move to. No status is ever entered twice."""

DELETABLE: Final = (OrderStatus.PENDING, OrderStatus.CANCELLED)
"""An order can be deleted only while it is in one of these, and as long as it has no payments."""


class LineItem(Struct, frozen=True, omit_defaults=True):
    """Amounts are in minor units of the order's currency; `discount` and `tax` are those of the whole line.

    `tax_rate` is a percentage as its caller wrote it; nothing is calculated from it.
    """

    product_id: str
    quantity: int
    unit_price: int
    name: str | None = None
    discount: int = 0
    tax: int = 0
    tax_rate: str | None = None


class StatusEntry(Struct, frozen=True):
    """One step of an order's history; `at` is RFC 3339 UTC with milliseconds, `by` the actor's `sub`."""

    status: OrderStatus
    at: str
    by: str


class ReturnStatus(StrEnum):
    """Where a return is on its way, in the order in which it passes through them."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    RECEIVED = "RECEIVED"
    REFUNDED = "REFUNDED"
    REJECTED = "REJECTED"


class ReturnLine(Struct, frozen=True):
    """How much of a line item comes back; `line` counts from 1, the refund is in minor units.

    The product is that of the order's line, which changes no more once an order is delivered.
    """

    line: int
    quantity: int
    refund_amount: int


class ReturnEntry(Struct, frozen=True):
    """One step of a return's history, as `StatusEntry` is of an order's."""

    status: ReturnStatus
    at: str
    by: str


class Return(Struct, frozen=True, omit_defaults=True):
    """Goods of a delivered order on their way back."""

    return_id: str
    status: ReturnStatus
    lines: tuple[ReturnLine, ...]
    reason: Personal[str]
    history: tuple[ReturnEntry, ...]
    shipping_refund: int = 0

    @property
    def refund_amount(self) -> int:
        """Sum over the lines and what is paid back for shipping, in minor units."""
        return sum(line.refund_amount for line in self.lines) + self.shipping_refund


class Contact(Struct, frozen=True, omit_defaults=True):
    """Who to write to or to call about an order; `phone` is in E.164."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Address(Struct, frozen=True, omit_defaults=True):
    """Where goods or a bill go; `country` is an ISO 3166-1 alpha-2 code."""

    lines: tuple[str, ...]
    city: str
    country: str
    region: str | None = None
    postal_code: str | None = None


class Discount(Struct, frozen=True, omit_defaults=True):
    """An amount off the lines together, in minor units."""

    amount: int
    code: str | None = None
    description: str | None = None


class Shipping(Struct, frozen=True, omit_defaults=True):
    """What carrying the goods costs, in minor units."""

    method: str
    amount: int
    tax: int = 0


class Tax(Struct, frozen=True, omit_defaults=True):
    """A tax on the lines together, in minor units; `rate` is a percentage as its caller wrote it."""

    name: str
    amount: int
    rate: str | None = None


class OrderDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may be said of an order besides its items: the same in input, storage, events and views.

    A field that is declared here needs no other declaration, but for its limits (`schemas.OrderInput`).
    Each has a default that is None, empty or False: documents leave it out, so that orders, events and
    fingerprints that were written before the field existed equal those written after. One that tells of a
    person, or into which people write what they like, is `Personal`.
    """

    notes: Personal[str] | None = None
    metadata: Personal[dict[str, str]] = {}
    external_reference: str | None = None
    contact: Personal[Contact] | None = None
    shipping_address: Personal[Address] | None = None
    billing_address: Personal[Address] | None = None
    taxes_included: bool = False


class Sums(NamedTuple):
    """What the amounts of an order come to, in minor units.

    Quantity × unit price of all lines; what is off the lines, each by itself and together; what carrying
    costs, before its tax unless prices have it in them; all taxes; what the customer pays.
    """

    subtotal: int
    discount_total: int
    shipping_total: int
    tax_total: int
    total_amount: int


class OrderContent(OrderDetails, frozen=True, omit_defaults=True):
    """The part of an order that a client writes. Its sums are in minor units.

    `taxes_included` says that prices have the taxes in them, so that the total has not to add them.
    """

    items: tuple[LineItem, ...]
    currency: str
    discounts: tuple[Discount, ...] = ()
    shipping: Shipping | None = None
    taxes: tuple[Tax, ...] = ()

    @property
    def sums(self) -> Sums:
        """The sums, in one pass: every view of an order has them."""
        subtotal = discounts = taxes = shipping = 0
        for item in self.items:
            subtotal += item.quantity * item.unit_price
            discounts += item.discount
            taxes += item.tax
        for discount in self.discounts:
            discounts += discount.amount
        for tax in self.taxes:
            taxes += tax.amount
        if self.shipping:
            shipping = self.shipping.amount
            taxes += self.shipping.tax
        total = subtotal - discounts + shipping + (0 if self.taxes_included else taxes)
        return Sums(subtotal, discounts, shipping, taxes, total)

    @property
    def total_amount(self) -> int:
        """What the customer pays."""
        return self.sums.total_amount

    def canonical(self) -> bytes:
        """One JSON document, the same for equal contents: names sorted, fields at their default left out."""
        return msgspec.json.encode(self, order="sorted")


KEY_CHARS: Final = 16
"""How much of an order's fingerprint tells the caller and the key of the request that placed it."""


class Order(Struct, frozen=True, omit_defaults=True):
    """An order as it is stored. Times are RFC 3339 UTC with milliseconds.

    `fingerprint` tells one idempotent request from another and is empty when the client sent no key:
    KEY_CHARS of the caller and the key, the rest of the request. `erased_at` is when its personal data were
    erased, and empty before.
    """

    order_id: str
    customer_id: str
    status: OrderStatus
    content: OrderContent
    version: int
    created_at: str
    updated_at: str
    updated_by: str
    history: tuple[StatusEntry, ...]
    fingerprint: str = ""
    returns: tuple[Return, ...] = ()
    payments: tuple[Payment, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    comments: tuple[Comment, ...] = ()
    erased_at: str = ""

    @property
    def held_amount(self) -> int:
        """What was authorized or captured for it, in minor units: its total is never less."""
        return sum(each.amount for each in self.payments if each.status is not PaymentStatus.FAILED)


class OrderChange(Struct, frozen=True):
    """A replacement of an order's content and, if `status` is given, a move; with all of its guards.

    `owner` limits the change to that customer's orders (None: anyone's). `customer_id`, if given, must
    be the order's own. `versions` are the versions the client knows (None: any).
    """

    order_id: str
    content: OrderContent
    at: str
    by: str
    editable_in: tuple[OrderStatus, ...]
    settable: tuple[OrderStatus, ...]
    status: OrderStatus | None = None
    owner: str | None = None
    customer_id: str | None = None
    versions: tuple[int, ...] | None = None

    @property
    def starts_from(self) -> tuple[OrderStatus, ...]:
        """The statuses in which an order may be when this change arrives."""
        if self.status is None:
            return tuple(OrderStatus)
        moves = tuple(source for source in OrderStatus if self.status in TRANSITIONS[source])
        return (self.status, *(moves if self.status in self.settable else ()))


class OrderRemoval(Struct, frozen=True):
    """A deletion with its guards, as in `OrderChange`."""

    order_id: str
    at: str
    by: str
    owner: str | None = None
    versions: tuple[int, ...] | None = None


class OrderError(Exception):
    """A business rule forbids what was asked."""


class OrderNotFound(OrderError):
    """The order does not exist, or the caller may not see it."""


class NotAllowed(OrderError):
    """The caller may see the order but not do this to it.

    `needed` are the permissions of which the caller has none; empty where no permission would help.
    """

    def __init__(self, detail: str, needed: Sequence[Permission] = ()) -> None:
        super().__init__(detail)
        self.needed = tuple(needed)


class VersionMismatch(OrderError):
    """The order has changed since the client read it."""

    def __init__(self, current_version: int) -> None:
        super().__init__(f"The order is at version {current_version}.")
        self.current_version = current_version


class IllegalState(OrderError):
    """The status of the order, or of a return, does not permit this; it can move to `allowed`."""

    def __init__(self, message: str, status: StrEnum, allowed: Sequence[StrEnum] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.allowed = allowed


def place(
    order_id: str, customer_id: str, content: OrderContent, *, at: str, by: str, fingerprint: str = ""
) -> Order:
    """A new order, PENDING, at version 1."""
    return Order(
        order_id=order_id,
        customer_id=customer_id,
        status=OrderStatus.PENDING,
        content=content,
        version=1,
        created_at=at,
        updated_at=at,
        updated_by=by,
        history=(StatusEntry(OrderStatus.PENDING, at, by),),
        fingerprint=fingerprint,
    )


def change(order: Order, request: OrderChange) -> Order:
    """The order after the change.

    Raises:
        OrderNotFound, NotAllowed, VersionMismatch, IllegalState: the first of them that applies.
    """
    _check_owner(order, request.owner)
    _check_allowed(order, request)
    check_version(order, request.versions)
    _check_state(order, request)
    status = request.status or order.status
    moved = status != order.status
    return replace(
        order,
        content=request.content,
        status=status,
        version=order.version + 1,
        updated_at=request.at,
        updated_by=request.by,
        history=(*order.history, StatusEntry(status, request.at, request.by)) if moved else order.history,
    )


def check_removal(order: Order, removal: OrderRemoval) -> None:
    """Pass if the order may be deleted.

    Raises:
        OrderNotFound, VersionMismatch, IllegalState: the first of them that applies.
    """
    _check_owner(order, removal.owner)
    check_version(order, removal.versions)
    if order.status not in DELETABLE:
        raise IllegalState(
            f"An order can be deleted only while {' or '.join(DELETABLE)}; this one is {order.status}.",
            order.status,
            TRANSITIONS[order.status],
        )
    if order.payments:
        raise IllegalState(
            "An order that has payments can't be deleted, since they stay on record; it can be cancelled.",
            order.status,
        )


def check_version(order: Order, versions: tuple[int, ...] | None) -> None:
    """Raise VersionMismatch unless the client knows the order's version (None: it does not care)."""
    if versions is not None and order.version not in versions:
        raise VersionMismatch(order.version)


def _check_owner(order: Order, owner: str | None) -> None:
    if owner is not None and order.customer_id != owner:
        raise OrderNotFound(order.order_id)


def _check_allowed(order: Order, request: OrderChange) -> None:
    moved = request.status is not None and request.status != order.status
    if moved and request.status not in request.settable:
        allowed = ", ".join(request.settable)
        detail = f"You may set the status of an order to {allowed} only, not to {request.status}."
        raise NotAllowed(f"{detail} That needs orders:move.", (Permission.ORDERS_MOVE,))
    if request.owner is not None and request.customer_id not in (None, request.owner):
        raise NotAllowed("You may write orders of your own only; leave customer_id out.")
    if not request.editable_in and order.content != request.content:
        detail = "You may move orders but not change them: send items, notes and all else as they are."
        raise NotAllowed(f"{detail} To change them needs orders:write.", (Permission.ORDERS_WRITE,))


def _check_state(order: Order, request: OrderChange) -> None:
    allowed = tuple(status for status in TRANSITIONS[order.status] if status in request.settable)
    if request.customer_id not in (None, order.customer_id):
        raise IllegalState("The customer of an order can't change.", order.status, allowed)
    if order.status not in request.starts_from:
        moves = f"can move to {' or '.join(allowed)}" if allowed else "can't move any more"
        raise IllegalState(
            f"An order that is {order.status} can't become {request.status}; it {moves}.",
            order.status,
            allowed,
        )
    if order.status not in request.editable_in and order.content != request.content:
        raise IllegalState(
            "Items, currency, notes and metadata can change only while the order is"
            f" {' or '.join(request.editable_in)}; this one is {order.status}.",
            order.status,
            allowed,
        )
    if order.erased_at and without_personal_data(request.content) is not request.content:
        raise IllegalState(
            "The personal data of the order were erased, and no others are taken: leave notes, metadata,"
            " contact and addresses out.",
            order.status,
            allowed,
        )
    if order.payments and order.content != request.content:
        _check_held(order, request.content, allowed)


def _check_held(order: Order, content: OrderContent, allowed: tuple[OrderStatus, ...]) -> None:
    """Raise IllegalState if the payments would be of more than the order, or in another currency."""
    currency = order.content.currency
    if content.currency != currency or content.total_amount < order.held_amount:
        held = money.to_text(order.held_amount, currency)
        raise IllegalState(
            f"{held} {currency} was authorized or captured for the order: its currency can't change,"
            " and its total can't be less.",
            order.status,
            allowed,
        )
