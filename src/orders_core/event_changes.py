"""What each event of an order changed: fields with their values before and after.

Nothing is stored for it. Each event has the order after it, so two events in a row have both values; what
was erased from the events is in no change either.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from orders_core.models import OrderContent
from orders_core.schemas import FieldChangeView, OrderEventView, OrderView

MAX_VALUE_BYTES: Final = 5_000
"""The JSON of a value that is shown: any note and any address fit, the lines of a large order do not."""

_FIELDS: Final = (
    *OrderContent.__struct_fields__,
    "total_amount",
    "status",
    "payment_status",
    "fulfilment_status",
)
"""Fields that have a value before and after. Returns, payments, shipments and comments only grow and move on;
they have times of their own."""


def with_changes(events: list[OrderEventView], earlier: OrderEventView | None) -> list[OrderEventView]:
    """The events of one order, oldest first, each with its changes where the event before it is known.

    Args:
        events: as they are read.
        earlier: the event before the first of them.
    """
    before = [earlier, *events]
    return [_with_changes(event, previous) for previous, event in pairwise(before) if event is not None]


def _with_changes(event: OrderEventView, previous: OrderEventView | None) -> OrderEventView:
    if previous is None or previous.version + 1 != event.version:
        return event
    changes = list(_changes(previous.order, event.order))
    return replace(event, changes=changes) if changes else event


def _changes(before: OrderView, after: OrderView) -> Iterator[FieldChangeView]:
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new and _is_small(old) and _is_small(new):
            yield FieldChangeView(name, _shown(old), _shown(new))


def _is_small(value: object) -> bool:
    return value is UNSET or len(msgspec.json.encode(value)) <= MAX_VALUE_BYTES


def _shown(value: object) -> object:
    return None if value is UNSET else value
