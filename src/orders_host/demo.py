"""Demo users and plausible orders, so that a first look shows something."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypedDict

from msgspec.structs import replace

from orders_core import comments, payments, shipments
from orders_core.access import STAFF
from orders_core.comment_models import Comment, Visibility
from orders_core.models import (
    Address,
    Contact,
    Discount,
    LineItem,
    Order,
    OrderChange,
    OrderContent,
    OrderStatus,
    Shipping,
    Tax,
    place,
)
from orders_core.operations import common
from orders_core.order_numbers import id_for
from orders_core.payment_models import PaymentStatus
from orders_core.shipment_models import Shipment, ShipmentLine
from orders_core.timestamps import to_text
from orders_host.data_dir import GATEWAY_DB, MAIL, ORDERS_DB
from orders_host.database import Database
from orders_host.mail.mailbox import Mailbox
from orders_host.sqlite import SqliteOrderRepository
from orders_host.user_pool import UserPool

PASSWORD: Final = "Demo-orders-2026!"  # noqa: S105 - printed at every start
USERS: Final = (("ana@example.com", ()), ("luis@example.com", ()), ("staff@example.com", ("staff",)))

_ORDERS: Final = 200
_DAYS: Final = 30
_PRODUCTS: Final = (
    ("A-1", "Mug", 950),
    ("A-2", "Teapot", 3_490),
    ("B-7", "Desk lamp", 4_999),
    ("B-8", "Light bulb", 399),
    ("C-3", "Notebook", 725),
    ("C-4", "Fountain pen", 2_800),
    ("D-1", "Linen apron", 2_250),
    ("D-5", "Bread board", 3_120),
)
_DISCOUNTED: Final = 0.3
_TAX_RATE: Final = 21
_SHIPPING: Final = 490
_FREE_SHIPPING: Final = 10_000
_NAMES: Final = ("Ana Vega", "Luis Mora", "Clara Ruiz", "Iris Sanz", "Marco Leal")
_PLACES: Final = (
    ("Calle Mayor 1", "Madrid", "28013", "ES"),
    ("Rua Augusta 24", "Lisboa", "1100-053", "PT"),
    ("Via Roma 8", "Torino", "10121", "IT"),
    ("Hauptstr. 5", "Leipzig", "04109", "DE"),
)
_NOTES: Final = (None, None, None, "Please wrap it", "Ring twice", "Leave it with the neighbour")
_COMMENTS: Final = (
    ("customer", Visibility.VISIBLE, "Can it come before Friday?"),
    ("staff", Visibility.INTERNAL, "Asked by phone where it is; call back when it leaves."),
)
_PATHS: Final = (
    (4, (OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED)),
    (2, (OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED)),
    (1, (OrderStatus.CONFIRMED, OrderStatus.PROCESSING)),
    (1, (OrderStatus.CONFIRMED,)),
    (1, (OrderStatus.CANCELLED,)),
    (2, ()),
)
"""How far orders get, with weights."""


_PAYMENT_FOLLOWS: Final = {
    OrderStatus.PROCESSING: PaymentStatus.CAPTURED,
    OrderStatus.CANCELLED: PaymentStatus.FAILED,
}
"""Where a payment goes when its order gets so far: cards are charged when goods are made ready."""


class WhoAndWhere(TypedDict):
    """What a demo order says of its customer."""

    external_reference: str
    contact: Contact
    shipping_address: Address


def seed(data_dir: Path) -> bool:
    """Fill an empty data directory; False if it has users already."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(data_dir / GATEWAY_DB)
    try:
        pool = UserPool(database, Mailbox(data_dir / MAIL))
        if pool.list_users():
            return False
        subs = [pool.add_user(email, PASSWORD, groups=groups).sub for email, groups in USERS]
    finally:
        database.close()
    _write_orders(data_dir, customers=(subs[0], subs[0], subs[1], subs[1], "corner-shop"), staff=subs[2])
    return True


def _write_orders(data_dir: Path, customers: tuple[str, ...], staff: str) -> None:
    store = SqliteOrderRepository(data_dir / ORDERS_DB)
    try:
        store.begin()
        chance = random.Random(2026)  # noqa: S311 - the same shop every time
        for moment in sorted(_moments(chance)):
            _write_order(store, chance, moment, chance.choice(customers), staff)
        store.commit()
    finally:
        store.close()


def _moments(chance: random.Random) -> Iterator[datetime]:
    now = datetime.now(UTC)
    for _ in range(_ORDERS):
        yield now - timedelta(seconds=chance.randrange(60, _DAYS * 86_400))


def _write_order(
    store: SqliteOrderRepository, chance: random.Random, moment: datetime, customer: str, staff: str
) -> None:
    order_id = id_for(chance.randbytes(7))
    content = _with_charges(replace(_content(chance), **_who_and_where(order_id, customer)), chance)
    order = place(order_id, customer, content, at=to_text(moment), by=customer)
    store.create(order)
    order = _save(store, order, _authorize(order, to_text(moment), staff))
    order = _save(store, order, _comment(order, to_text(moment), staff))
    weights, paths = zip(*_PATHS, strict=True)
    for status in chance.choices(paths, weights)[0]:
        moment += timedelta(hours=chance.uniform(1, 20))
        if moment > datetime.now(UTC):
            return
        order = store.update(_move(order, status, moment, staff))
        if status in _PAYMENT_FOLLOWS:
            order = _save(store, order, _follow(order, _PAYMENT_FOLLOWS[status], to_text(moment), staff))
        if status is OrderStatus.SHIPPED:
            order = _save(store, order, _ship(order, to_text(moment), staff))


def _authorize(order: Order, at: str, staff: str) -> Order:
    """The order with its payment, of a card in the web shop; the orders by phone are paid by invoice."""
    if order.content.metadata["channel"] != "web":
        return order
    reference = f"pi_{order.order_id[:8]}"
    return payments.record(
        order,
        common.id_for(order.order_id, "card", reference),
        "card",
        reference,
        order.content.total_amount,
        PaymentStatus.AUTHORIZED,
        at=at,
        by=staff,
    )


def _comment(order: Order, at: str, staff: str) -> Order:
    """The order with what is said of some: every eighth customer asks, and staff notes it for itself."""
    chosen = int(order.order_id[:8], 16) % 8
    if chosen > 1:
        return order
    by, visibility, text = _COMMENTS[chosen]
    author = order.customer_id if by == "customer" else staff
    return comments.write(
        order, Comment(common.id_for(order.order_id, "comment"), at, author, visibility, text)
    )


def _follow(order: Order, status: PaymentStatus, at: str, staff: str) -> Order:
    """The order after its payment went on with it."""
    for each in order.payments:
        order = payments.move(order, each.payment_id, status, at=at, by=staff, refunded_amount=None)
    return order


def _ship(order: Order, at: str, staff: str) -> Order:
    """The order with its parcel; every fifth waits for its last line."""
    lines = [ShipmentLine(number, item.quantity) for number, item in enumerate(order.content.items, start=1)]
    tracking_number = f"PQ{order.order_id[:8].upper()}"
    waits = len(lines) > 1 and int(order.order_id[:8], 16) % 5 == 0
    shipment = Shipment(
        shipment_id=common.id_for(order.order_id, "correos", tracking_number),
        carrier="correos",
        tracking_number=tracking_number,
        lines=tuple(lines[:-1] if waits else lines),
        shipped_at=at,
        recorded_by=staff,
    )
    return shipments.record(order, shipment, at=at)


def _save(store: SqliteOrderRepository, before: Order, after: Order) -> Order:
    """The order after a step, which is written if there was one."""
    if after is not before:
        store.save(after, before.version)
    return after


def _content(chance: random.Random) -> OrderContent:
    items = tuple(
        LineItem(product, chance.randint(1, 4), price, name)
        for product, name, price in chance.sample(_PRODUCTS, chance.randint(1, 4))
    )
    return OrderContent(
        items, "EUR", notes=chance.choice(_NOTES), metadata={"channel": chance.choice(("web", "phone"))}
    )


def _with_charges(content: OrderContent, chance: random.Random) -> OrderContent:
    """The order as the web shop prices it: now and then with a discount, carried and taxed."""
    if content.metadata["channel"] != "web":
        return content
    off = content.sums.subtotal // 10
    discounts = (Discount(off, "SPRING", "10 % off"),) if chance.random() < _DISCOUNTED else ()
    goods = content.sums.subtotal - sum(each.amount for each in discounts)
    carried = 0 if goods >= _FREE_SHIPPING else _SHIPPING
    return replace(
        content,
        discounts=discounts,
        shipping=Shipping("standard", carried, tax=_tax(carried)),
        taxes=(Tax("IVA", _tax(goods), str(_TAX_RATE)),),
    )


def _tax(amount: int) -> int:
    return (amount * _TAX_RATE + 50) // 100


def _who_and_where(order_id: str, customer: str) -> WhoAndWhere:
    """Contact, address and reference: one customer has one name and lives in one place."""
    chance = random.Random(customer)  # noqa: S311 - no secret
    name, (street, city, postal_code, country) = chance.choice(_NAMES), chance.choice(_PLACES)
    email = f"{name.split()[0].lower()}@example.com"
    return {
        "external_reference": f"SHOP-{order_id[:8].upper()}",
        "contact": Contact(name, email, f"+34600{chance.randrange(10**6):06}"),
        "shipping_address": Address((street,), city, country, postal_code=postal_code),
    }


def _move(order: Order, status: OrderStatus, moment: datetime, staff: str) -> OrderChange:
    return OrderChange(
        order_id=order.order_id,
        content=order.content,
        at=to_text(moment),
        by=staff,
        editable_in=STAFF.editable_in,
        settable=STAFF.settable,
        status=status,
    )
