"""What an operation consumes of DynamoDB, by the size of the order; tests/cost ask DynamoDB's own engine.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from math import ceil
from typing import Any, Final, NamedTuple

from orders_aws.dynamodb.items import to_item
from orders_core.models import LineItem, Order, OrderContent, place

INDEXES: Final = 2
"""CustomerIndex and StatusIndex hold whole orders, so each write of an order also writes both.

ReferenceIndex holds only orders with an `external_reference`; the orders counted here have none.
"""

_MOMENT: Final = "2026-01-31T09:30:00.123Z"


class Units(NamedTuple):
    """Write and read request units."""

    write: float = 0.0
    read: float = 0.0


def units_of(operation: str, item_bytes: int, page: int) -> Units:
    """What one operation on orders of this size consumes; `page` is how many a listing returns."""
    write = ceil(item_bytes / 1024)
    return {
        "create": Units(write=write * (1 + INDEXES)),
        "edit": Units(write=write * (1 + INDEXES)),
        # StatusIndex is keyed by the status: the entry leaves one partition and enters another.
        "move": Units(write=write * (2 + INDEXES)),
        # The tombstone that is left goes into DeletedIndex.
        "delete": Units(write=write * (1 + INDEXES) + 1),
        "get": Units(read=ceil(item_bytes / 4096)),
        # An index is read eventually consistent, at half the price, and one more to see if there is more.
        "list": Units(read=ceil((page + 1) * item_bytes / 4096) / 2),
    }[operation]


def recording_units(event_bytes: int) -> tuple[int, int]:
    """Write request units of an event of this size in the history, and of a daily figure.

    Both are written in one transaction, which takes twice the units of a write.
    """
    return 2 * ceil(event_bytes / 1024), 2


def order_of(payload_bytes: int) -> Order:
    """An order whose JSON is about this long: a line for each 110 bytes beyond the rest."""
    lines = max(1, round((payload_bytes - 520) / 110))
    name = "A product with a name of forty letters.."
    items = tuple(LineItem(f"SKU-{number:04}", 1, 1995, name) for number in range(lines))
    content = OrderContent(items, "EUR")
    return place("0" * 36, "1" * 36, content, at=_MOMENT, by="1" * 36)


def item_bytes(order: Order) -> int:
    """The order's size as DynamoDB counts it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _size(value) for name, value in to_item(order).items())


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return ceil(len(content.strip("-").strip("0").replace(".", "")) / 2) + 1
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(element) for name, element in content.items())
    return 1
