"""Quantities of an order's lines, as returns and shipments name them: is so much of them left?"""

from collections.abc import Iterable, Mapping, Sequence

from orders_core.models import Order, OrderError

LineQuantities = Sequence[tuple[int, int]]
"""Pairs of a line's number, from 1, and how many pieces of it."""


class InvalidLines(OrderError):
    """Lines that can't be taken: each index of the request with what is wrong with it."""

    def __init__(self, faults: dict[int, str]) -> None:
        super().__init__("the lines can't be taken")
        self.faults = faults


def left_of(order: Order, taken: Iterable[tuple[int, int]]) -> dict[int, int]:
    """What is left of each line of the order, by its number, after these quantities were taken."""
    left = {number: item.quantity for number, item in enumerate(order.content.items, start=1)}
    for line, quantity in taken:
        left[line] -= quantity
    return left


def check(quantities: LineQuantities, left: Mapping[int, int], deed: str) -> None:
    """Pass if so much is left of each line.

    Args:
        quantities: what is asked for.
        left: what there is, by the line's number.
        deed: what is to be done with the pieces, as a fault says it: "returned".

    Raises:
        InvalidLines: a line is not there or named twice, or more than is left of it.
    """
    faults: dict[int, str] = {}
    seen: set[int] = set()
    for index, (line, quantity) in enumerate(quantities):
        if line not in left:
            faults[index] = f"line {line} is not one of the order's {len(left)}"
        elif line in seen:
            faults[index] = f"line {line} is named twice; give one quantity for it"
        elif quantity > left[line]:
            faults[index] = f"of line {line} at most {left[line]} can still be {deed}, not {quantity}"
        seen.add(line)
    if faults:
        raise InvalidLines(faults)
