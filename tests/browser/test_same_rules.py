"""What the console knows of the API by heart is what the API does: money, moves, who may do what."""

import json
from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from orders_core import amounts, comments, money, payments, returns, shipments
from orders_core.access import caller_from
from orders_core.models import (
    DELETABLE,
    TRANSITIONS,
    Discount,
    LineItem,
    Order,
    OrderContent,
    OrderStatus,
    ReturnStatus,
    Shipping,
    Tax,
)
from orders_core.payment_models import OrderPaymentStatus, PaymentStatus
from orders_core.permissions import GROUPS, NEEDED, OF_CUSTOMERS, Permission
from orders_core.schemas import view_of
from orders_core.shipment_models import FulfilmentStatus
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.orders import an_order, moment

STAFF_USER = {"staff": True, "permissions": sorted(GROUPS["staff"])}
CUSTOMER_USER = {"staff": False, "permissions": sorted(OF_CUSTOMERS)}
AMOUNTS = (
    "0",
    "0.1",
    "19.99",
    "7",
    "1000000",
    "0.0001",
    "12.345",
    "1.2.3",
    "",
    "-1",
    "1e3",
    " 2 ",
    "999999.9999",
)

EACH = """async ([module, name, calls]) => {
    const call = (await import(`/console/js/${module}.js`))[name];
    const plain = value => (typeof value === "bigint" ? String(value) : value);
    const prepared = (args, big) => args.map((arg, index) => (index === big ? BigInt(arg) : arg));
    const result = value => (Array.isArray(value) ? value.map(plain) : plain(value));
    return calls.map(([args, big]) => result(call(...prepared(args, big))));
}"""


@pytest.fixture
def site(embedded_site: Site) -> Site:
    return embedded_site


@pytest.fixture
def page(visitor: Visitor) -> Page:
    visitor.open()
    return visitor.page


def each(
    page: Page, module: str, name: str, calls: Iterable[list[object]], big: int | None = None
) -> list[Any]:
    """The results of a function of the console; the argument number `big` becomes a BigInt."""
    results: list[Any] = page.evaluate(EACH, [module, name, [[call, big] for call in calls]])
    return results


def test_currencies_and_their_digits(page: Page) -> None:
    codes: list[str] = page.evaluate("async () => (await import('/console/js/money.js')).CURRENCIES")
    assert set(codes) == money.MINOR_DIGITS.keys()
    digits = each(page, "money", "fractionDigits", [[code] for code in codes])
    assert dict(zip(codes, digits, strict=True)) == money.MINOR_DIGITS


def test_amounts_are_read_as_the_api_reads_them(page: Page) -> None:
    calls: list[list[object]] = [[text, code] for text in AMOUNTS for code in ("EUR", "JPY", "KWD", "CLF")]
    for (text, code), minor in zip(calls, each(page, "money", "toMinor", calls), strict=True):
        assert minor == expected_minor(str(text), str(code)), (text, code)


def expected_minor(text: str, currency: str) -> str | None:
    try:
        return str(money.to_minor(text.strip(), currency))
    except money.InvalidAmount:
        return None


def test_amounts_are_written_as_the_api_writes_them(page: Page) -> None:
    calls: list[list[object]] = [
        [minor, code] for minor in (0, 5, 1990, 10**17) for code in ("EUR", "JPY", "KWD", "CLF")
    ]
    texts = each(page, "money", "toText", [[str(minor), code] for minor, code in calls], big=0)
    assert texts == [money.to_text(int(str(minor)), str(code)) for minor, code in calls]


def test_what_members_of_each_group_may_do(page: Page) -> None:
    members = [*([name] for name in GROUPS), ["support", "finance"], ["beta"], []]
    for names, shown in zip(
        members, each(page, "rules", "roleOf", [[names] for names in members]), strict=True
    ):
        role = caller_from({"sub": "x", "cognito:groups": ",".join(names)}).role
        assert (shown["staff"], sorted(shown["permissions"])) == (role.is_shop, sorted(role.permissions))


@pytest.mark.parametrize("group", [*GROUPS, "none"])
def test_what_each_role_may_do_in_each_status(page: Page, group: str) -> None:
    role = caller_from({"sub": "x", "cognito:groups": group}).role
    user = {"staff": role.is_shop, "permissions": sorted(role.permissions)}
    calls: list[list[object]] = [[{"status": status}, user] for status in OrderStatus]
    movable = () if role.permissions.isdisjoint(NEEDED["replace_order"]) else role.settable
    assert each(page, "rules", "moves", calls) == [
        [move for move in TRANSITIONS[status] if move in movable] for status in OrderStatus
    ]
    assert each(page, "rules", "canEdit", calls) == [status in role.editable_in for status in OrderStatus]
    writes = Permission.ORDERS_WRITE in role.permissions
    deletable = [writes and status in DELETABLE for status in OrderStatus]
    assert each(page, "rules", "canDelete", calls) == deletable


def test_moves_of_returns(page: Page) -> None:
    calls: list[list[object]] = [[{"status": status}, STAFF_USER] for status in returns.TRANSITIONS]
    assert each(page, "rules", "returnMoves", calls) == [
        list(moves) for moves in returns.TRANSITIONS.values()
    ]


def test_moves_of_payments_but_refunds_which_have_an_amount(page: Page) -> None:
    for status in (OrderStatus.CONFIRMED, OrderStatus.CANCELLED):
        calls: list[list[object]] = [
            [{"status": start}, {"status": status}, STAFF_USER] for start in payments.TRANSITIONS
        ]
        assert each(page, "rules", "paymentMoves", calls) == [
            [
                move
                for move in moves
                if move is not PaymentStatus.REFUNDED
                and not (status is OrderStatus.CANCELLED and move in payments.TAKES_MONEY)
            ]
            for moves in payments.TRANSITIONS.values()
        ]


def test_where_goods_leave_and_what_is_left_of_them(page: Page) -> None:
    order: dict[str, object] = {
        "items": [{"quantity": 3}, {"quantity": 1}],
        "shipments": [{"lines": [{"line": 1, "quantity": 2}]}, {"lines": [{"line": 2, "quantity": 1}]}],
    }
    assert each(page, "rules", "unshipped", [[order]]) == [[1, 0]]
    calls: list[list[object]] = [[{**order, "status": status}, STAFF_USER] for status in OrderStatus]
    assert each(page, "rules", "canShip", calls) == [status in shipments.SHIPS_IN for status in OrderStatus]


def test_how_far_an_order_is_has_the_same_names(page: Page) -> None:
    read = """async names => {
        const rules = await import("/console/js/rules.js");
        return names.map(name => rules[name]);
    }"""
    assert page.evaluate(read, ["PAID", "FULFILLED"]) == [[*OrderPaymentStatus], [*FulfilmentStatus]]


def test_customers_and_staff_have_room_for_comments_each(page: Page) -> None:
    full = {"customer_id": "ana", "comments": [{"by": "ana"}] * comments.MAX_COMMENTS}
    calls: list[list[object]] = [[full, CUSTOMER_USER | {"sub": "ana"}], [full, STAFF_USER | {"sub": "boss"}]]
    assert each(page, "rules", "canComment", calls) == [False, True]


def test_what_can_still_come_back(page: Page) -> None:
    def entry(status: str, line: int, quantity: int) -> dict[str, object]:
        return {"status": status, "lines": [{"line": line, "quantity": quantity}]}

    order: dict[str, object] = {
        "status": "DELIVERED",
        "items": [{"quantity": 3}, {"quantity": 1}],
        "returns": [entry("REFUNDED", 1, 2), entry("REJECTED", 2, 1)],
    }
    assert each(page, "rules", "returnable", [[order], [{**order, "status": "SHIPPED"}]]) == [[1, 1], [0, 0]]
    many = {**order, "returns": [entry("REJECTED", 1, 1)] * returns.MAX_RETURNS}
    assert each(page, "rules", "canReturn", [[order, CUSTOMER_USER], [many, CUSTOMER_USER]]) == [True, False]


def test_what_is_paid_back_is_what_the_api_pays_back(page: Page) -> None:
    random = Random(2026)
    orders = [an_order_with_returns(random) for _ in range(400)]
    asked = [quantities_of(random, order) for order in orders]
    views = [json.loads(msgspec.json.encode(view_of(order))) for order in orders]
    calls: list[list[object]] = [list(call) for call in zip(views, asked, strict=True)]
    refunds = each(page, "refunds", "refundsOf", calls)
    for order, quantities, shown in zip(orders, asked, refunds, strict=True):
        assert [int(refund) for refund in shown] == paid_back(order, quantities)
    left = each(page, "refunds", "shippingLeft", [[view] for view in views])
    assert [int(amount) for amount in left] == [shipping_left(order) for order in orders]


def an_order_with_returns(random: Random) -> Order:
    """A delivered order with charges of every kind, of which up to three returns are on their way."""
    order = an_order(status=OrderStatus.DELIVERED, content=content_of(random))
    for number in range(random.randint(0, 3)):
        wanted = lines_of(quantities_of(random, order))
        if not wanted:
            continue
        order = returns.request(order, f"r{number}", wanted, "broken", at=moment(9), by="ana")
        for status in random.choice(WAYS):
            refund = random.randint(0, shipping_left(order)) if status is ReturnStatus.REFUNDED else 0
            order = returns.move(
                order, f"r{number}", status, at=moment(9), by="staff", shipping_refund=refund
            )
    return order


WAYS = (
    (),
    (ReturnStatus.REJECTED,),
    (ReturnStatus.APPROVED,),
    (ReturnStatus.APPROVED, ReturnStatus.RECEIVED, ReturnStatus.REFUNDED),
)


def content_of(random: Random) -> OrderContent:
    prices = [
        (random.randint(1, 5), random.choice((0, 1, 333, 950, 4_999))) for _ in range(random.randint(1, 5))
    ]
    items = tuple(
        LineItem(
            "A-1",
            quantity,
            price,
            discount=random.randint(0, quantity * price),
            tax=random.choice((0, random.randint(0, 500))),
        )
        for quantity, price in prices
    )
    left = sum(item.quantity * item.unit_price - item.discount for item in items)
    return OrderContent(
        items,
        random.choice(("EUR", "JPY", "KWD")),
        discounts=tuple(
            Discount(amount) for amount in (left // 3, left // 7) if random.random() < 0.5 and amount
        ),
        shipping=random.choice((None, Shipping("standard", 490, tax=103))),
        taxes=tuple(Tax("IVA", random.randint(1, 2_000)) for _ in range(random.randint(0, 2))),
        taxes_included=random.random() < 0.3,
    )


def quantities_of(random: Random, order: Order) -> list[int]:
    return [random.randint(0, left) for left in returns.returnable(order).values()]


def lines_of(quantities: list[int]) -> list[tuple[int, int]]:
    return [(line, quantity) for line, quantity in enumerate(quantities, start=1) if quantity]


def paid_back(order: Order, quantities: list[int]) -> list[int]:
    """What the API pays back for each item, once the return is requested."""
    refunds = [0] * len(quantities)
    if lines := lines_of(quantities):
        wanted = returns.request(order, "last", lines, "broken", at=moment(9), by="ana").returns[-1]
        for line in wanted.lines:
            refunds[line.line - 1] = line.refund_amount
    return refunds


def shipping_left(order: Order) -> int:
    return amounts.paid_for_shipping(order.content) - sum(entry.shipping_refund for entry in order.returns)
