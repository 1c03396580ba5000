"""Payments: what was authorized, captured and paid back for an order, never more than there is of it.

The API takes no money: staff, or a service in its name, records what the payment provider did.
"""

from functools import partial
from typing import Final

from msgspec.structs import replace

from orders_core import money
from orders_core.models import IllegalState, Order, OrderError, OrderStatus
from orders_core.payment_models import OrderPaymentStatus, Payment, PaymentEntry, PaymentStatus

STARTS: Final = (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED, PaymentStatus.FAILED)
"""The statuses that a payment may be recorded with."""

TRANSITIONS: Final[dict[PaymentStatus, tuple[PaymentStatus, ...]]] = {
    PaymentStatus.AUTHORIZED: (PaymentStatus.CAPTURED, PaymentStatus.FAILED),
    PaymentStatus.CAPTURED: (PaymentStatus.REFUNDED,),
    PaymentStatus.FAILED: (),
    PaymentStatus.REFUNDED: (PaymentStatus.REFUNDED,),
}
"""The statuses that a payment may move to. REFUNDED is entered again when more is paid back."""

TAKES_MONEY: Final = (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)
"""What may not be entered while the order is CANCELLED: it has nothing to pay any more."""

CAPTURED: Final = (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)
"""The statuses of payments whose money was taken."""

MAX_PAYMENTS: Final = 20
"""Payments stay on their order, failed ones too, and an item of DynamoDB has at most 400 KB."""


class InvalidPayment(OrderError):
    """A payment that can't be recorded or moved so: the field of the request, and what is wrong with it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class PaymentNotFound(OrderError):
    """The order has no such payment."""


def status_of(order: Order) -> OrderPaymentStatus:
    """How far the order is paid: what was paid back counts first, then what was captured."""
    captured, refunded = _captured(order.payments), _refunded(order.payments)
    if refunded:
        whole = refunded == captured
        return OrderPaymentStatus.REFUNDED if whole else OrderPaymentStatus.PARTIALLY_REFUNDED
    if captured:
        whole = captured >= order.content.total_amount
        return OrderPaymentStatus.PAID if whole else OrderPaymentStatus.PARTIALLY_PAID
    return OrderPaymentStatus.AUTHORIZED if order.held_amount else OrderPaymentStatus.UNPAID


def find(order: Order, payment_id: str) -> Payment | None:
    """The order's payment with this id."""
    return next((each for each in order.payments if each.payment_id == payment_id), None)


def get(order: Order, payment_id: str) -> Payment:
    """Return the order's payment with this id.

    Raises:
        PaymentNotFound: the order has no such payment.
    """
    found = find(order, payment_id)
    if found is None:
        raise PaymentNotFound(payment_id)
    return found


def record(
    order: Order,
    payment_id: str,
    provider: str,
    reference: str,
    amount: int,
    status: PaymentStatus,
    *,
    at: str,
    by: str,
) -> Order:
    """The order with a new payment of `amount` minor units.

    Raises:
        IllegalState: the order is CANCELLED, or has MAX_PAYMENTS already.
        InvalidPayment: it can't start with this status, is of nothing, or of more than is left to pay.
    """
    if status not in STARTS:
        raise InvalidPayment("status", f"must be one of {', '.join(STARTS)} to begin with")
    _check_takes_money(order, status)
    if len(order.payments) >= MAX_PAYMENTS:
        raise IllegalState(f"An order can have at most {MAX_PAYMENTS} payments.", order.status)
    if amount == 0:
        raise InvalidPayment("amount", "must be more than 0")
    if status is not PaymentStatus.FAILED:
        _check_left_to_pay(order, amount)
    entry = PaymentEntry(status, at, by)
    payment = Payment(payment_id, provider, reference, amount, status, (entry,))
    return _written(order, (*order.payments, payment), at, by)


def move(
    order: Order, payment_id: str, status: PaymentStatus, *, at: str, by: str, refunded_amount: int | None
) -> Order:
    """The order after one of its payments has moved; unchanged if it is there already.

    Args:
        order: whose payment it is.
        payment_id: which one.
        status: where it goes.
        at: when, as RFC 3339 UTC with milliseconds.
        by: the actor's `sub`.
        refunded_amount: all that was paid back of the payment so far, in minor units; with REFUNDED only,
            for which None stands for the whole payment.

    Raises:
        PaymentNotFound: the order has no such payment.
        IllegalState: the payment can't move there, or the order is CANCELLED and nothing more is taken.
        InvalidPayment: the amount comes with another status, is less than before or more than was captured.
    """
    current = get(order, payment_id)
    refunded = _refunded_after(current, status, refunded_amount)
    if current.status is status and refunded == current.refunded_amount:
        return order
    allowed = TRANSITIONS[current.status]
    if status not in allowed:
        others = [each for each in allowed if each is not current.status]
        moves = f"can move to {' or '.join(others)}" if others else "can't move any more"
        raise IllegalState(
            f"A payment that is {current.status} can't become {status}; it {moves}.", current.status, others
        )
    _check_takes_money(order, status)
    _check_refunded(order, current, status, refunded)
    moved = _moved(current, status, refunded, at, by)
    return _written(order, tuple(moved if each is current else each for each in order.payments), at, by)


def pay_back(order: Order, amount: int, *, at: str, by: str) -> tuple[Payment, ...]:
    """The order's payments after `amount` minor units were paid back, of the first captured ones first.

    An order without payments has its money elsewhere, and nothing is moved.

    Raises:
        IllegalState: less than that is left of what was captured.
    """
    if not order.payments:
        return ()
    captured, refunded = _captured(order.payments), _refunded(order.payments)
    if amount > captured - refunded:
        text = partial(money.to_text, currency=order.content.currency)
        raise IllegalState(
            f"Of the order's payments {text(captured - refunded)} = {text(captured)} captured"
            f" - {text(refunded)} refunded can be paid back, not {text(amount)}; record what was captured.",
            order.status,
        )
    after = []
    for each in order.payments:
        part = min(amount, each.amount - each.refunded_amount) if each.status in CAPTURED else 0
        amount -= part
        refunded_so_far = each.refunded_amount + part
        after.append(_moved(each, PaymentStatus.REFUNDED, refunded_so_far, at, by) if part else each)
    return tuple(after)


def _captured(payments: tuple[Payment, ...]) -> int:
    return sum(each.amount for each in payments if each.status in CAPTURED)


def _refunded(payments: tuple[Payment, ...]) -> int:
    return sum(each.refunded_amount for each in payments)


def _refunded_after(payment: Payment, status: PaymentStatus, given: int | None) -> int:
    """What will have been paid back of the payment in all; raises InvalidPayment."""
    if status is PaymentStatus.REFUNDED:
        return payment.amount if given is None else given
    if given is not None:
        raise InvalidPayment(
            "refunded_amount", f"comes with {PaymentStatus.REFUNDED} only, not with {status}"
        )
    return payment.refunded_amount


def _check_takes_money(order: Order, status: PaymentStatus) -> None:
    """Raise IllegalState if the order is cancelled and a payment is to take money for it."""
    if order.status is OrderStatus.CANCELLED and status in TAKES_MONEY:
        raise IllegalState(
            f"An order that is {order.status} takes no more money: no payment of it can become {status}.",
            order.status,
        )


def _check_left_to_pay(order: Order, amount: int) -> None:
    total, held = order.content.total_amount, order.held_amount
    if amount > total - held:
        text = partial(money.to_text, currency=order.content.currency)
        raise InvalidPayment(
            "amount",
            f"must be at most {text(total - held)} = {text(total)} total - {text(held)} authorized or"
            f" captured, not {text(amount)}",
        )


def _check_refunded(order: Order, payment: Payment, status: PaymentStatus, refunded: int) -> None:
    if status is PaymentStatus.REFUNDED and not payment.refunded_amount < refunded <= payment.amount:
        text = partial(money.to_text, currency=order.content.currency)
        raise InvalidPayment(
            "refunded_amount",
            f"must be more than the {text(payment.refunded_amount)} refunded before and at most the"
            f" {text(payment.amount)} captured, not {text(refunded)}",
        )


def _moved(payment: Payment, status: PaymentStatus, refunded: int, at: str, by: str) -> Payment:
    """The payment after a step; its history has each status once."""
    entered = () if payment.status is status else (PaymentEntry(status, at, by),)
    return replace(payment, status=status, refunded_amount=refunded, history=(*payment.history, *entered))


def _written(order: Order, payments: tuple[Payment, ...], at: str, by: str) -> Order:
    return replace(order, payments=payments, version=order.version + 1, updated_at=at, updated_by=by)
