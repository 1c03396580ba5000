"""The sums of an order are those of its parts, and what was paid for its lines and shipping is its total."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import every_field
from tests.orders import MUGS, an_order

from orders_core import returns
from orders_core.amounts import find_faults, paid_for_lines, paid_for_shipping, spread
from orders_core.models import (
    Discount,
    LineItem,
    Order,
    OrderContent,
    OrderStatus,
    ReturnStatus,
    Shipping,
    Tax,
)

BARGAIN = OrderContent(
    (LineItem("A-1", 2, 950, discount=100, tax=378), LineItem("B-7", 1, 4_999)),
    "EUR",
    discounts=(Discount(500, "SPRING"), Discount(250, description="A regular's")),
    shipping=Shipping("standard", 490, tax=103),
    taxes=(Tax("IVA", 1_000, "21"),),
)

contents = every_field.orders().map(lambda order: order.content)


def with_taxes_included(content: OrderContent) -> OrderContent:
    return OrderContent(
        content.items, "EUR", content.discounts, content.shipping, content.taxes, taxes_included=True
    )


def test_the_sums_of_an_order() -> None:
    assert BARGAIN.sums._asdict() == {
        "subtotal": 6_899,
        "discount_total": 850,
        "shipping_total": 490,
        "tax_total": 1_481,
        "total_amount": 6_899 - 850 + 490 + 1_481,
    }


def test_taxes_that_prices_have_in_them_are_not_added() -> None:
    content = with_taxes_included(BARGAIN)
    assert (content.sums.tax_total, content.total_amount) == (1_481, 6_899 - 850 + 490)


def test_an_order_of_items_alone_is_their_prices() -> None:
    assert MUGS.sums == (1_900, 0, 0, 0, 1_900)


@given(contents)
def test_what_is_paid_for_lines_and_shipping_is_the_total(content: OrderContent) -> None:
    lines = paid_for_lines(content)
    assert all(paid >= 0 for paid in lines)
    assert sum(lines) + paid_for_shipping(content) == content.total_amount


@given(contents)
def test_sums_that_are_right_have_no_fault_and_others_have(content: OrderContent) -> None:
    right = content.sums._asdict()
    assert find_faults(content, right) == []
    for name, amount in right.items():
        (fault,) = find_faults(content, right | {name: amount + 1})
        assert fault.pointer == f"/{name}"


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_spread_amount_is_whole_and_fair(amount: int, weights: list[int]) -> None:
    shares = spread(amount, weights)
    assert sum(shares) == amount
    if whole := sum(weights):
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share * whole - amount * weight) < whole
    else:
        assert max(shares) - min(shares) <= 1


@given(contents, st.data())
def test_all_that_comes_back_is_refunded_as_it_was_paid(content: OrderContent, data: st.DataObject) -> None:
    """In whatever portions, and whatever is rejected in between."""
    order = an_order(status=OrderStatus.DELIVERED, content=content)
    for number in range(returns.MAX_RETURNS):
        left = returns.returnable(order)
        last = number == returns.MAX_RETURNS - 1
        quantities = [
            (line, pieces if last else data.draw(st.integers(1, pieces)))
            for line, pieces in left.items()
            if pieces
        ]
        if not quantities:
            break
        order = returns.request(order, f"r{number}", quantities, "-", at=order.created_at, by="ana")
        if not last and data.draw(st.booleans()):
            order = rejected(order, f"r{number}")
    shipping = paid_for_shipping(content)
    assert sum(paid_back(order)) + shipping == content.total_amount


def rejected(order: Order, return_id: str) -> Order:
    return returns.move(order, return_id, ReturnStatus.REJECTED, at=order.created_at, by="boss")


def paid_back(order: Order) -> list[int]:
    return [each.refund_amount for each in order.returns if each.status is not ReturnStatus.REJECTED]


@pytest.mark.parametrize(
    ("sums", "told"),
    [
        ({"subtotal": 1}, "must be 68.99 = 2 × 9.50 + 1 × 49.99, not 0.01"),
        ({"discount_total": 0}, "must be 8.50 = 1.00 + 5.00 + 2.50, not 0.00"),
        ({"shipping_total": 593}, "must be 4.90, not 5.93"),
        ({"tax_total": 103}, "must be 14.81 = 3.78 + 10.00 + 1.03, not 1.03"),
        (
            {"total_amount": 8_019},
            "must be 80.20 = 68.99 - 8.50 + 4.90 + 14.81"
            " (subtotal - discount_total + shipping_total + tax_total), not 80.19",
        ),
    ],
)
def test_a_wrong_sum_is_told_with_its_arithmetic(sums: dict[str, int], told: str) -> None:
    (fault,) = find_faults(BARGAIN, sums)
    assert fault.detail == told


def test_the_arithmetic_of_prices_with_taxes_leaves_them_out() -> None:
    (fault,) = find_faults(with_taxes_included(BARGAIN), {"total_amount": 8_020})
    assert fault.detail == (
        "must be 65.39 = 68.99 - 8.50 + 4.90"
        " (subtotal - discount_total + shipping_total; prices include the taxes), not 80.20"
    )


def test_a_long_sum_is_cut_short() -> None:
    content = OrderContent((LineItem("A-1", 1, 100),) * 11, "EUR")
    (fault,) = find_faults(content, {"subtotal": 0})
    assert fault.detail == f"must be 11.00 = {'1 × 1.00 + ' * 10}…, not 0.00"


def test_a_discount_is_at_most_what_it_is_taken_from() -> None:
    items = (LineItem("A-1", 2, 950, discount=1_901), LineItem("B-7", 1, 100))
    faults = find_faults(OrderContent(items, "EUR", discounts=(Discount(60), Discount(50))), {"subtotal": 1})
    assert [(fault.pointer, fault.detail) for fault in faults] == [
        ("/items/0/discount", "must be at most 19.00 = 2 × 9.50, not 19.01"),
        (
            "/discounts",
            "must come to at most 0.99, what the lines are after their own discounts, not 0.60 + 0.50",
        ),
    ]
