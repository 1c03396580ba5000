"""Returns: goods of a delivered order come back, and the customer gets its money."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

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


class InvalidReturn(OrderError):
    """Lines that can't be returned: each index of the request with what is wrong with it."""

    def __init__(self, faults: dict[int, str]) -> None:
        super().__init__("the lines can't be returned")
        self.faults = faults


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
    order: Order, return_id: str, quantities: list[tuple[int, int]], reason: str, *, at: str, by: str
) -> Order:
    """The order with a new return of (line, quantity) pairs; lines count from 1.

    Raises:
        IllegalState: the order is not DELIVERED, or has MAX_RETURNS already.
        InvalidReturn: a line that is not there or is named twice, or more than is left of it.
    """
    if order.status is not OrderStatus.DELIVERED:
        raise IllegalState(
            f"Goods can be returned once the order is DELIVERED; this one is {order.status}.", order.status
        )
    if len(order.returns) >= MAX_RETURNS:
        raise IllegalState(f"An order can have at most {MAX_RETURNS} returns.", order.status)
    left = returnable(order)
    faults = _faults(quantities, left)
    if faults:
        raise InvalidReturn(faults)
    lines = tuple(_line(order, line, quantity) for line, quantity in quantities)
    entry = ReturnEntry(ReturnStatus.REQUESTED, at, by)
    wanted = Return(return_id, ReturnStatus.REQUESTED, lines, reason, (entry,))
    return _written(order, (*order.returns, wanted), at, by)


def move(order: Order, return_id: str, status: ReturnStatus, *, at: str, by: str) -> Order:
    """The order after one of its returns has moved; unchanged if the return has the status already.

    Raises:
        ReturnNotFound, IllegalState
    """
    current = get(order, return_id)
    if current.status is status:
        return order
    allowed = TRANSITIONS[current.status]
    if status not in allowed:
        moves = f"can move to {' or '.join(allowed)}" if allowed else "can't move any more"
        raise IllegalState(
            f"A return that is {current.status} can't become {status}; it {moves}.", current.status, allowed
        )
    moved = replace(current, status=status, history=(*current.history, ReturnEntry(status, at, by)))
    returns = tuple(moved if each is current else each for each in order.returns)
    return _written(order, returns, at, by)


def returnable(order: Order) -> dict[int, int]:
    """What is left to return of each line, by its number."""
    left = {number: item.quantity for number, item in enumerate(order.content.items, start=1)}
    for each in order.returns:
        if each.status is not ReturnStatus.REJECTED:
            for line in each.lines:
                left[line.line] -= line.quantity
    return left


def _faults(quantities: list[tuple[int, int]], left: Mapping[int, int]) -> dict[int, str]:
    faults: dict[int, str] = {}
    seen: set[int] = set()
    for index, (line, quantity) in enumerate(quantities):
        if line not in left:
            faults[index] = f"line {line} is not one of the order's {len(left)}"
        elif line in seen:
            faults[index] = f"line {line} is named twice; give one quantity for it"
        elif quantity > left[line]:
            faults[index] = f"of line {line} at most {left[line]} can still be returned, not {quantity}"
        seen.add(line)
    return faults


def _line(order: Order, line: int, quantity: int) -> ReturnLine:
    return ReturnLine(line, quantity, quantity * order.content.items[line - 1].unit_price)


def _written(order: Order, returns: tuple[Return, ...], at: str, by: str) -> Order:
    return replace(order, returns=returns, version=order.version + 1, updated_at=at, updated_by=by)
