"""Payments: never more taken than the total, never more paid back than was captured."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace
from tests.orders import MUGS, a_change, a_removal, an_order, moment

from orders_core import models, payments, returns
from orders_core.line_quantities import InvalidLines
from orders_core.models import IllegalState, LineItem, Order, OrderContent, OrderStatus, ReturnStatus
from orders_core.payment_models import OrderPaymentStatus, Payment, PaymentStatus
from orders_core.payments import STARTS, TRANSITIONS, InvalidPayment, PaymentNotFound

AUTHORIZED, CAPTURED, FAILED, REFUNDED = PaymentStatus
STEPS = {
    ("AUTHORIZED", "CAPTURED"),
    ("AUTHORIZED", "FAILED"),
    ("CAPTURED", "REFUNDED"),
    ("REFUNDED", "REFUNDED"),
}
TOTAL = 1_900
"""What MUGS come to."""


def record(
    order: Order, amount: int, status: PaymentStatus = CAPTURED, payment_id: str | None = None
) -> Order:
    payment_id = payment_id or f"p{len(order.payments) + 1}"
    return payments.record(order, payment_id, "cash", payment_id, amount, status, at=moment(9), by="boss")


def move(order: Order, payment_id: str, status: PaymentStatus, refunded: int | None = None) -> Order:
    return payments.move(order, payment_id, status, at=moment(10), by="boss", refunded_amount=refunded)


def refunded_return(order: Order, *quantities: tuple[int, int]) -> Order:
    """The order after some of it came back and was refunded."""
    return_id = f"r{len(order.returns) + 1}"
    order = returns.request(order, return_id, list(quantities), "broken", at=moment(11), by="ana")
    for status in (ReturnStatus.APPROVED, ReturnStatus.RECEIVED, ReturnStatus.REFUNDED):
        order = returns.move(order, return_id, status, at=moment(12), by="boss")
    return order


def figures(order: Order) -> list[tuple[str, int, int]]:
    """Status, amount and what was paid back, of each payment."""
    return [(each.status, each.amount, each.refunded_amount) for each in order.payments]


def test_the_table_says_the_same() -> None:
    assert {(source, target) for source in PaymentStatus for target in TRANSITIONS[source]} == STEPS


def test_a_payment_is_recorded_as_it_was_told() -> None:
    before = an_order()
    order = record(before, 1_000, AUTHORIZED)
    (payment,) = order.payments
    assert payment == Payment(
        "p1", "cash", "p1", 1_000, AUTHORIZED, (type(payment.history[0])(AUTHORIZED, moment(9), "boss"),)
    )
    assert (order.version, order.updated_at, order.updated_by) == (before.version + 1, moment(9), "boss")


@pytest.mark.parametrize("status", PaymentStatus)
def test_a_payment_begins_before_anything_is_paid_back(status: PaymentStatus) -> None:
    if status in STARTS:
        assert record(an_order(), 1, status).payments[0].status is status
        return
    with pytest.raises(InvalidPayment, match="AUTHORIZED, CAPTURED, FAILED") as caught:
        record(an_order(), 1, status)
    assert caught.value.field == "status"


@pytest.mark.parametrize("source", STARTS)
@pytest.mark.parametrize("target", PaymentStatus)
def test_a_payment_moves_as_the_table_says(source: PaymentStatus, target: PaymentStatus) -> None:
    order = record(an_order(), TOTAL, source)
    if source is target:
        assert move(order, "p1", target) is order
    elif (source, target) in STEPS:
        moved = move(order, "p1", target).payments[0]
        assert [entry.status for entry in moved.history] == [source, target]
    else:
        with pytest.raises(IllegalState) as caught:
            move(order, "p1", target)
        assert {(source, each) for each in caught.value.allowed} == {
            each for each in STEPS if each[0] == source
        }


@pytest.mark.parametrize("status", OrderStatus)
def test_a_cancelled_order_takes_no_more_money_and_gives_it_back(status: OrderStatus) -> None:
    paid = record(record(an_order(), 900), 1_000, AUTHORIZED)
    order = replace(paid, status=status)
    assert figures(move(move(order, "p1", REFUNDED), "p2", FAILED)) == [
        ("REFUNDED", 900, 900),
        ("FAILED", 1_000, 0),
    ]
    if status is not OrderStatus.CANCELLED:
        assert move(order, "p2", CAPTURED).payments[1].status is CAPTURED
        return
    with pytest.raises(IllegalState, match="takes no more money"):
        move(order, "p2", CAPTURED)
    with pytest.raises(IllegalState, match="takes no more money"):
        record(replace(an_order(), status=status), 1, AUTHORIZED)


def test_no_more_is_taken_than_the_total() -> None:
    order = record(record(an_order(), 1_000, AUTHORIZED), 500)
    message = r"at most 4\.00 = 19\.00 total - 15\.00 authorized or captured, not 4\.01"
    with pytest.raises(InvalidPayment, match=message):
        record(order, 401, AUTHORIZED)
    assert record(order, 400).held_amount == TOTAL
    # What failed takes no room, however much it was of.
    assert record(move(record(order, 5_000, FAILED), "p1", FAILED), 1_400).held_amount == TOTAL


def test_nothing_is_no_payment() -> None:
    with pytest.raises(InvalidPayment, match="more than 0"):
        record(an_order(), 0)


def test_an_order_has_so_many_payments_and_no_more() -> None:
    order = an_order()
    for _ in range(payments.MAX_PAYMENTS):
        order = record(order, 1, FAILED)
    with pytest.raises(IllegalState, match="at most 20 payments"):
        record(order, 1, FAILED)


def test_a_payment_that_is_not_there_is_not_found() -> None:
    with pytest.raises(PaymentNotFound):
        move(record(an_order(), 1), "p2", REFUNDED)


def test_a_payment_is_paid_back_in_parts_told_as_their_sum() -> None:
    order = move(record(an_order(), TOTAL), "p1", REFUNDED, 500)
    assert figures(order) == [("REFUNDED", TOTAL, 500)]
    assert move(order, "p1", REFUNDED, 500) is order
    assert figures(move(order, "p1", REFUNDED, 700)) == [("REFUNDED", TOTAL, 700)]
    assert figures(move(order, "p1", REFUNDED)) == [("REFUNDED", TOTAL, TOTAL)]
    assert [entry.status for entry in move(order, "p1", REFUNDED).payments[0].history] == [CAPTURED, REFUNDED]


@pytest.mark.parametrize("refunded", [0, 499, TOTAL + 1])
def test_what_was_paid_back_grows_up_to_what_was_captured(refunded: int) -> None:
    order = move(record(an_order(), TOTAL), "p1", REFUNDED, 500)
    with pytest.raises(InvalidPayment, match=r"more than the 5\.00 refunded before and at most the 19\.00"):
        move(order, "p1", REFUNDED, refunded)


def test_a_refunded_amount_comes_with_no_other_status() -> None:
    with pytest.raises(InvalidPayment, match="comes with REFUNDED only"):
        move(record(an_order(), TOTAL, AUTHORIZED), "p1", CAPTURED, 1)


@pytest.mark.parametrize(
    ("recorded", "refunded", "status"),
    [
        ([], None, "UNPAID"),
        ([(TOTAL, FAILED)], None, "UNPAID"),
        ([(1, AUTHORIZED)], None, "AUTHORIZED"),
        ([(1, AUTHORIZED), (1, CAPTURED)], None, "PARTIALLY_PAID"),
        ([(1, CAPTURED), (TOTAL - 1, CAPTURED)], None, "PAID"),
        ([(1, CAPTURED)], 1, "REFUNDED"),
        ([(TOTAL, CAPTURED)], 1, "PARTIALLY_REFUNDED"),
        ([(TOTAL, CAPTURED)], TOTAL, "REFUNDED"),
    ],
)
def test_how_far_an_order_is_paid_follows_from_its_payments(
    recorded: list[tuple[int, PaymentStatus]], refunded: int | None, status: str
) -> None:
    order = an_order()
    for amount, start in recorded:
        order = record(order, amount, start)
    if refunded:
        order = move(order, "p1", REFUNDED, refunded)
    assert payments.status_of(order) is OrderPaymentStatus(status)


def test_a_refund_of_a_return_is_taken_from_the_first_captured_payments() -> None:
    order = an_order(status=OrderStatus.DELIVERED)
    for amount, status in ((700, FAILED), (700, CAPTURED), (200, AUTHORIZED), (1_000, CAPTURED)):
        order = record(order, amount, status)
    order = refunded_return(order, (1, 1))
    assert [each[2] for each in figures(order)] == [0, 700, 0, 250]
    assert [each[0] for each in figures(order)] == ["FAILED", "REFUNDED", "AUTHORIZED", "REFUNDED"]


def test_a_return_of_an_order_without_payments_moves_none() -> None:
    assert refunded_return(an_order(status=OrderStatus.DELIVERED), (1, 1)).payments == ()


def test_a_return_pays_back_no_more_than_is_left() -> None:
    order = record(an_order(status=OrderStatus.DELIVERED), TOTAL)
    order = move(order, "p1", REFUNDED, 1_000)
    with pytest.raises(
        IllegalState, match=r"9\.00 = 19\.00 captured - 10\.00 refunded can be paid back, not 9\.50"
    ):
        refunded_return(order, (1, 1))


def test_a_paid_order_keeps_its_currency_and_comes_to_no_less() -> None:
    order = record(an_order(), 1_000)
    change = a_change(order, OrderContent((LineItem("A-1", 1, 1_000),), "EUR", notes="Cheaper"))
    assert models.change(order, change).content.total_amount == 1_000
    for content in (OrderContent((LineItem("A-1", 1, 999),), "EUR"), replace(MUGS, currency="USD")):
        with pytest.raises(IllegalState, match=r"10\.00 EUR was authorized or captured"):
            models.change(order, a_change(order, content))


def test_an_order_with_payments_is_not_deleted() -> None:
    with pytest.raises(IllegalState, match="can't be deleted"):
        models.check_removal(record(an_order(), 1, FAILED), a_removal(an_order()))


class ManyPayments(RuleBasedStateMachine):
    """Whatever is recorded, moved, sent back and ordered anew: sums are those of what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.order = an_order(status=OrderStatus.DELIVERED)
        self.paid_back = 0

    @rule(amount=st.integers(0, TOTAL), status=st.sampled_from(PaymentStatus))
    def record(self, amount: int, status: PaymentStatus) -> None:
        self.apply(lambda: record(self.order, amount, status))

    @rule(
        number=st.integers(1, 4),
        status=st.sampled_from(PaymentStatus),
        refunded=st.none() | st.integers(0, TOTAL),
    )
    def move(self, number: int, status: PaymentStatus, refunded: int | None) -> None:
        before = sum(each.refunded_amount for each in self.order.payments)
        self.apply(lambda: move(self.order, f"p{number}", status, refunded))
        self.paid_back += sum(each.refunded_amount for each in self.order.payments) - before

    @rule(quantity=st.integers(1, 2))
    def send_back(self, quantity: int) -> None:
        moved = bool(self.order.payments)
        if self.apply(lambda: refunded_return(self.order, (1, quantity))) and moved:
            self.paid_back += self.order.returns[-1].refund_amount

    @rule(price=st.integers(0, TOTAL))
    def reprice(self, price: int) -> None:
        at_first = replace(self.order, status=OrderStatus.PENDING)
        content = OrderContent((LineItem("A-1", 2, price),), "EUR")
        if not self.order.returns and self.apply(
            lambda: models.change(at_first, a_change(at_first, content))
        ):
            self.order = replace(self.order, status=OrderStatus.DELIVERED)

    @invariant()
    def no_more_is_taken_than_the_total(self) -> None:
        taken = [each.amount for each in self.order.payments if each.status is not FAILED]
        assert sum(taken) == self.order.held_amount <= self.order.content.total_amount

    @invariant()
    def no_more_is_paid_back_than_was_captured(self) -> None:
        for each in self.order.payments:
            captured = each.amount if each.status in (CAPTURED, REFUNDED) else 0
            assert 0 <= each.refunded_amount <= captured
            assert (each.status is REFUNDED) == (each.refunded_amount > 0)

    @invariant()
    def what_was_paid_back_is_what_was_told_and_returned(self) -> None:
        assert sum(each.refunded_amount for each in self.order.payments) == self.paid_back

    def apply(self, step: Callable[[], Order]) -> bool:
        try:
            self.order = step()
        except (IllegalState, InvalidPayment, PaymentNotFound, InvalidLines):
            return False
        return True


TestManyPayments = ManyPayments.TestCase


@given(st.lists(st.tuples(st.integers(1, TOTAL), st.sampled_from(STARTS)), max_size=6))
def test_payments_recorded_in_any_order_are_all_kept(recorded: list[tuple[int, PaymentStatus]]) -> None:
    order, kept = an_order(), []
    for amount, status in recorded:
        try:
            order = record(order, amount, status)
        except InvalidPayment:
            assert order.held_amount + amount > TOTAL
        else:
            kept.append((amount, status))
    assert [(each.amount, each.status) for each in order.payments] == kept
