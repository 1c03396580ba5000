"""Returns: goods of a delivered order come back, and the customer gets its money."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from msgspec.structs import replace

from orders_core import amounts, line_quantities, money, payments
from orders_core.line_quantities import LineQuantities
from orders_core.models import (
    IllegalState,
    Order,
    OrderError,
    OrderStatus,
    Return,
    ReturnEntry,
    ReturnLine,
    ReturnStatus,
)

TRANSITIONS: Final[dict[ReturnStatus, tuple[ReturnStatus, ...]]] = {
    ReturnStatus.REQUESTED: (ReturnStatus.APPROVED, ReturnStatus.REJECTED),
    ReturnStatus.APPROVED: (ReturnStatus.RECEIVED,),
    ReturnStatus.RECEIVED: (ReturnStatus.REFUNDED,),
    ReturnStatus.REFUNDED: (),
    ReturnStatus.REJECTED: (),
}


MAX_RETURNS: Final = 20
"""Returns stay on their order, rejected ones too, and an item of DynamoDB has at most 400 KB."""


class InvalidShippingRefund(OrderError):
    """What was to be paid back for shipping can't be; the message says why."""


class ReturnNotFound(OrderError):
    """The order has no such return."""


def find(order: Order, return_id: str) -> Return | None:
    """The order's return with this id."""
    return next((each for each in order.returns if each.return_id == return_id), None)


def get(order: Order, return_id: str) -> Return:
    """Return the order's return with this id.

    Raises:
        ReturnNotFound: the order has no such return.
    """
    found = find(order, return_id)
    if found is None:
        raise ReturnNotFound(return_id)
    return found


def request(
    order: Order, return_id: str, quantities: LineQuantities, reason: str, *, at: str, by: str
) -> Order:
    """The order with a new return of (line, quantity) pairs; lines count from 1.

    Raises:
        IllegalState: the order is not DELIVERED, or has MAX_RETURNS already.
        InvalidLines: a line that is not there or is named twice, or more than is left of it.
    """
    if order.status is not OrderStatus.DELIVERED:
        raise IllegalState(
            f"Goods can be returned once the order is DELIVERED; this one is {order.status}.", order.status
        )
    if len(order.returns) >= MAX_RETURNS:
        raise IllegalState(f"An order can have at most {MAX_RETURNS} returns.", order.status)
    left = returnable(order)
    line_quantities.check(quantities, left, "returned")
    refundable = _refundable(order)
    lines = tuple(
        ReturnLine(line, quantity, refundable[line] * quantity // left[line]) for line, quantity in quantities
    )
    entry = ReturnEntry(ReturnStatus.REQUESTED, at, by)
    wanted = Return(return_id, ReturnStatus.REQUESTED, lines, reason, (entry,))
    return _written(order, (*order.returns, wanted), at, by)


def move(
    order: Order, return_id: str, status: ReturnStatus, *, at: str, by: str, shipping_refund: int = 0
) -> Order:
    """The order after one of its returns has moved; unchanged if the return has the status already.

    With REFUNDED, the refund is taken from the order's payments, if it has any.

    Args:
        order: whose return it is.
        return_id: which one.
        status: where it goes.
        at: when, as RFC 3339 UTC with milliseconds.
        by: the actor's `sub`.
        shipping_refund: what is paid back for shipping, with REFUNDED only; in minor units.

    Raises:
        ReturnNotFound: the order has no such return.
        IllegalState: it can't move there, or less is left of the payments than is to be paid back.
        InvalidShippingRefund: it comes with another status, or is more than is left of what was paid.
    """
    current = get(order, return_id)
    if current.status is status and shipping_refund in (0, current.shipping_refund):
        return order
    allowed = TRANSITIONS[current.status]
    if status not in allowed:
        moves = f"can move to {' or '.join(allowed)}" if allowed else "can't move any more"
        raise IllegalState(
            f"A return that is {current.status} can't become {status}; it {moves}.", current.status, allowed
        )
    _check_shipping_refund(order, status, shipping_refund)
    moved = replace(
        current,
        status=status,
        history=(*current.history, ReturnEntry(status, at, by)),
        shipping_refund=shipping_refund,
    )
    if status is ReturnStatus.REFUNDED:
        order = replace(order, payments=payments.pay_back(order, moved.refund_amount, at=at, by=by))
    returns = tuple(moved if each is current else each for each in order.returns)
    return _written(order, returns, at, by)


def returnable(order: Order) -> dict[int, int]:
    """What is left to return of each line, by its number."""
    coming_back = ((each.line, each.quantity) for each in _lines_coming_back(order))
    return line_quantities.left_of(order, coming_back)


def _check_shipping_refund(order: Order, status: ReturnStatus, amount: int) -> None:
    """Raise InvalidShippingRefund unless so much may be paid back for shipping with this step."""
    if amount and status is not ReturnStatus.REFUNDED:
        raise InvalidShippingRefund(f"comes with {ReturnStatus.REFUNDED} only, not with {status}")
    paid = amounts.paid_for_shipping(order.content)
    refunded = sum(each.shipping_refund for each in order.returns)
    if amount > paid - refunded:
        text = partial(money.to_text, currency=order.content.currency)
        raise InvalidShippingRefund(
            f"must be at most {text(paid - refunded)} = {text(paid)} paid for shipping"
            f" - {text(refunded)} refunded, not {text(amount)}"
        )


def _refundable(order: Order) -> dict[int, int]:
    """What was paid for each line and is not promised back yet, by its number, in minor units.

    A return gets the part of it that its pieces are of the pieces left. So the refunds of a line never exceed
    what was paid for it and come to just that with its last piece, whatever was rejected in between.
    """
    refundable = dict(enumerate(amounts.paid_for_lines(order.content), start=1))
    for each in _lines_coming_back(order):
        refundable[each.line] -= each.refund_amount
    return refundable


def _lines_coming_back(order: Order) -> Iterator[ReturnLine]:
    for each in order.returns:
        if each.status is not ReturnStatus.REJECTED:
            yield from each.lines


def _written(order: Order, returns: tuple[Return, ...], at: str, by: str) -> Order:
    return replace(order, returns=returns, version=order.version + 1, updated_at=at, updated_by=by)
