"""Returns: never more than was bought, one step after the other, and the refund is what was paid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.orders import MUGS, an_order, moment

from orders_core import returns
from orders_core.line_quantities import InvalidLines
from orders_core.models import (
    Discount,
    IllegalState,
    LineItem,
    Order,
    OrderContent,
    OrderStatus,
    ReturnStatus,
    Shipping,
    Tax,
)
from orders_core.returns import TRANSITIONS, InvalidShippingRefund, ReturnNotFound

ITEMS = (LineItem("A-1", 3, 950), LineItem("B-7", 1, 4_999), LineItem("C-3", 2, 0))
BARGAIN = OrderContent(
    (LineItem("A-1", 3, 950, discount=100, tax=577), LineItem("B-7", 1, 4_999), LineItem("C-3", 2, 0)),
    "EUR",
    discounts=(Discount(500, "SPRING"),),
    shipping=Shipping("standard", 490, tax=103),
    taxes=(Tax("IVA", 1_000),),
)
STEPS = {
    ("REQUESTED", "APPROVED"),
    ("REQUESTED", "REJECTED"),
    ("APPROVED", "RECEIVED"),
    ("RECEIVED", "REFUNDED"),
}


def delivered(content: OrderContent | None = None) -> Order:
    return an_order(status=OrderStatus.DELIVERED, content=content or OrderContent(ITEMS, "EUR"))


def ask(order: Order, *quantities: tuple[int, int], return_id: str = "r1") -> Order:
    return returns.request(order, return_id, list(quantities), "broken", at=moment(9), by="ana")


@pytest.mark.parametrize("status", OrderStatus)
def test_only_what_was_delivered_comes_back(status: OrderStatus) -> None:
    order = an_order(status=status, content=MUGS)
    if status is OrderStatus.DELIVERED:
        assert ask(order, (1, 1)).returns[0].status is ReturnStatus.REQUESTED
        return
    with pytest.raises(IllegalState) as caught:
        ask(order, (1, 1))
    assert caught.value.status is status


def test_a_return_says_what_comes_back_and_what_is_paid_back() -> None:
    before = delivered()
    order = ask(before, (2, 1), (1, 2))
    (wanted,) = order.returns
    assert [(line.line, line.quantity, line.refund_amount) for line in wanted.lines] == [
        (2, 1, 4_999),
        (1, 2, 1_900),
    ]
    assert wanted.refund_amount == 6_899
    assert (order.version, order.updated_at, order.updated_by) == (before.version + 1, moment(9), "ana")


@pytest.mark.parametrize(
    ("quantities", "faulty"),
    [
        ([(0, 1)], {0}),
        ([(4, 1)], {0}),
        ([(1, 4)], {0}),
        ([(1, 1), (1, 1)], {1}),
        ([(1, 4), (9, 1), (2, 1), (2, 1)], {0, 1, 3}),
    ],
)
def test_every_line_that_cannot_come_back_is_named(
    quantities: list[tuple[int, int]], faulty: set[int]
) -> None:
    with pytest.raises(InvalidLines) as caught:
        ask(delivered(), *quantities)
    assert caught.value.faults.keys() == faulty


@pytest.mark.parametrize("source", ReturnStatus)
@pytest.mark.parametrize("target", ReturnStatus)
def test_a_return_moves_one_step_at_a_time(source: ReturnStatus, target: ReturnStatus) -> None:
    order = ask(delivered(), (1, 1))
    for step in {
        "APPROVED": ["APPROVED"],
        "RECEIVED": ["APPROVED", "RECEIVED"],
        "REFUNDED": ["APPROVED", "RECEIVED", "REFUNDED"],
        "REJECTED": ["REJECTED"],
    }.get(source, []):
        order = returns.move(order, "r1", ReturnStatus(step), at=moment(10), by="boss")
    if source == target:
        assert returns.move(order, "r1", target, at=moment(11), by="boss") is order
    elif (source, target) in STEPS:
        moved = returns.move(order, "r1", target, at=moment(11), by="boss").returns[0]
        assert moved.status is target
        assert moved.history[-1] == (type(moved.history[-1]))(target, moment(11), "boss")
    else:
        with pytest.raises(IllegalState) as caught:
            returns.move(order, "r1", target, at=moment(11), by="boss")
        assert set(caught.value.allowed) == {end for start, end in STEPS if start == source}


def test_a_return_that_is_not_there_is_not_found() -> None:
    with pytest.raises(ReturnNotFound):
        returns.move(ask(delivered(), (1, 1)), "r2", ReturnStatus.APPROVED, at=moment(9), by="boss")


def test_the_table_says_the_same() -> None:
    assert {(source, target) for source in ReturnStatus for target in TRANSITIONS[source]} == STEPS


@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(1, 5)), max_size=6))
def test_a_request_is_good_or_its_faults_are_named(quantities: list[tuple[int, int]]) -> None:
    try:
        order = ask(delivered(), *quantities)
    except InvalidLines as error:
        assert error.faults
        assert error.faults.keys() <= set(range(len(quantities)))
    else:
        assert [(line.line, line.quantity) for line in order.returns[0].lines] == quantities


def follow(order: Order, return_id: str, shipping_refund: int = 0) -> Order:
    """The order after its return went all the way to the refund."""
    for status in (ReturnStatus.APPROVED, ReturnStatus.RECEIVED):
        order = returns.move(order, return_id, status, at=moment(9), by="boss")
    return returns.move(
        order, return_id, ReturnStatus.REFUNDED, at=moment(9), by="boss", shipping_refund=shipping_refund
    )


def test_a_refund_is_what_was_paid_less_discounts_and_with_taxes() -> None:
    order = ask(delivered(BARGAIN), (1, 3), (2, 1), (3, 2))
    # 27.50 and 49.99 bear the 5.00 off and the 10.00 of taxes as 27.50 : 49.99.
    assert [line.refund_amount for line in order.returns[0].lines] == [
        2_750 - 177 + 577 + 355,
        4_999 - 323 + 645,
        0,
    ]
    assert order.returns[0].refund_amount + 593 == BARGAIN.total_amount


def test_pieces_that_come_back_one_by_one_come_to_their_line() -> None:
    order = delivered(OrderContent((LineItem("A-1", 3, 333, discount=1),), "EUR"))
    for number in range(3):
        order = ask(order, (1, 1), return_id=f"r{number}")
    assert [each.refund_amount for each in order.returns] == [332, 333, 333]


def test_shipping_is_paid_back_with_the_refund_once() -> None:
    order = follow(ask(delivered(BARGAIN), (1, 1)), "r1", 500)
    assert order.returns[0].refund_amount == order.returns[0].lines[0].refund_amount + 500
    again = returns.move(order, "r1", ReturnStatus.REFUNDED, at=moment(9), by="boss", shipping_refund=500)
    assert again is order
    with pytest.raises(
        InvalidShippingRefund, match=r"at most 0\.93 = 5\.93 paid for shipping - 5\.00 refunded"
    ):
        follow(ask(order, (1, 1), return_id="r2"), "r2", 94)


@pytest.mark.parametrize("status", [ReturnStatus.APPROVED, ReturnStatus.REJECTED])
def test_shipping_is_paid_back_with_no_other_step(status: ReturnStatus) -> None:
    with pytest.raises(InvalidShippingRefund, match="comes with REFUNDED only"):
        returns.move(
            ask(delivered(BARGAIN), (1, 1)), "r1", status, at=moment(9), by="boss", shipping_refund=1
        )


class ManyReturns(RuleBasedStateMachine):
    """Whatever is asked for, rejected and refunded in any order: goods come back at most once."""

    def __init__(self) -> None:
        super().__init__()
        self.order = delivered(BARGAIN)

    @rule(lines=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=3))
    def request(self, lines: list[tuple[int, int]]) -> None:
        try:
            self.order = ask(self.order, *lines, return_id=f"r{len(self.order.returns)}")
        except InvalidLines:
            return

    @rule(
        number=st.integers(0, 5),
        status=st.sampled_from(ReturnStatus),
        shipping_refund=st.sampled_from([0, 0, 300, 593]),
    )
    def move(self, number: int, status: ReturnStatus, shipping_refund: int) -> None:
        try:
            self.order = returns.move(
                self.order, f"r{number}", status, at=moment(9), by="boss", shipping_refund=shipping_refund
            )
        except (IllegalState, ReturnNotFound, InvalidShippingRefund):
            return

    @invariant()
    def nothing_comes_back_twice(self) -> None:
        back = dict.fromkeys(range(1, len(ITEMS) + 1), 0)
        for each in self.order.returns:
            if each.status is not ReturnStatus.REJECTED:
                for line in each.lines:
                    back[line.line] += line.quantity
        assert all(0 <= back[number] <= item.quantity for number, item in enumerate(ITEMS, start=1))

    @invariant()
    def no_more_is_refunded_than_was_paid(self) -> None:
        refunded = sum(
            each.refund_amount for each in self.order.returns if each.status is not ReturnStatus.REJECTED
        )
        shipping = sum(each.shipping_refund for each in self.order.returns)
        paid = self.order.content.total_amount
        assert refunded <= paid
        assert shipping <= 593
        if not any(returns.returnable(self.order).values()):
            assert refunded - shipping == paid - 593


TestManyReturns = ManyReturns.TestCase
