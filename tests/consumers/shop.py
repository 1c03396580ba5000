"""A shop whose orders change: the records of its stream, and the figures that follow from its orders."""

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from orders_aws.dynamodb.items import to_item
from orders_core import timestamps
from orders_core.events import OrderEvent, event_for_delete, event_for_write
from orders_core.models import DELETABLE, TRANSITIONS, Order, OrderStatus, change, place
from orders_core.order_numbers import id_for
from tests.orders import LAMPS, MUGS, a_change

_CONTENTS: Final = (MUGS, LAMPS, replace(LAMPS, currency="USD"), replace(MUGS, notes="ring twice"))
_MAX_OPEN: Final = 300

Record = dict[str, Any]


class Shop:
    """Its orders as they are now, and every event that there was."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._open: list[Order] = []
        self._closed: list[Order] = []
        self.events: dict[str, OrderEvent] = {}
        self._written = 0

    @property
    def orders(self) -> list[Order]:
        """Those that exist."""
        return self._open + self._closed

    def changes(self, now: float) -> Record:
        """Change something, and return the stream's record of it."""
        at = timestamps.to_text(datetime.fromtimestamp(now, UTC))
        if len(self._open) < _MAX_OPEN // 3 or (len(self._open) < _MAX_OPEN and self._random.random() < 0.3):
            return self._place(at, now)
        order = self._open.pop(self._random.randrange(len(self._open)))
        if order.status in DELETABLE and self._random.random() < 0.05:
            return self._delete(order, at, now)
        return self._move(order, at, now)

    def figures(self) -> Counter[tuple[str, str]]:
        """How many orders there are by day, and by status and currency."""
        return Counter(
            (each.created_at[:10], f"{each.status}#{each.content.currency}") for each in self.orders
        )

    def amounts(self) -> Counter[tuple[str, str]]:
        """Their totals in minor units, likewise."""
        sums: Counter[tuple[str, str]] = Counter()
        for each in self.orders:
            sums[each.created_at[:10], f"{each.status}#{each.content.currency}"] += each.content.total_amount
        return sums

    def _place(self, at: str, now: float) -> Record:
        order = place(
            id_for(self._random.randbytes(7)),
            self._random.choice(("ana", "bo", "unverified", "unknown")),
            self._random.choice(_CONTENTS),
            at=at,
            by="ana",
        )
        self._open.append(order)
        return self._record(event_for_write(None, order), None, to_item(order), now)

    def _move(self, order: Order, at: str, now: float) -> Record:
        next_ones = [each for each in TRANSITIONS[order.status] if each is not OrderStatus.CANCELLED]
        status: OrderStatus | None = next_ones[0] if next_ones else None
        content = None
        if order.status is OrderStatus.PENDING and self._random.random() < 0.2:
            status, content = None, self._random.choice(_CONTENTS)
        elif OrderStatus.CANCELLED in TRANSITIONS[order.status] and self._random.random() < 0.1:
            status = OrderStatus.CANCELLED
        after = change(order, replace(a_change(order, content=content, status=status), at=at))
        ended = not TRANSITIONS[after.status]
        (self._closed if ended else self._open).append(after)
        return self._record(event_for_write(order, after), to_item(order), to_item(after), now)

    def _delete(self, order: Order, at: str, now: float) -> Record:
        tombstone = {"order_id": {"S": order.order_id}, "deleted_at": {"S": at}, "deleted_by": {"S": "staff"}}
        return self._record(event_for_delete(order, at, "staff"), to_item(order), tombstone, now)

    def _record(self, event: OrderEvent, old: Record | None, new: Record | None, now: float) -> Record:
        self.events[event.id] = event
        self._written += 1
        images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
        data = {
            "SequenceNumber": str(self._written),
            "Keys": {"order_id": {"S": event.order_id}},
            "ApproximateCreationDateTime": now,
            **images,
        }
        return {"eventID": f"record-{self._written}", "eventName": "MODIFY", "dynamodb": data}
