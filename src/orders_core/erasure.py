"""Erases what is held of a customer in orders and events, some orders at a time; and exports it.

What goes is what the declarations mark as personal (`personal.py`). Amounts, statuses, times, products and
the shop's own reference stay: they are the accounts. Erasing again changes nothing, so a run that was
interrupted is run again. Why orders are rewritten: docs/decisions/erasing-a-customer.md.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Final, NamedTuple

from msgspec import Meta, Struct
from msgspec.structs import replace

from orders_core.events import OrderEvent
from orders_core.models import KEY_CHARS, Order, OrderNotFound, VersionMismatch
from orders_core.personal import without_personal_data
from orders_core.stores import OrderQuery, Position, Sort, Store, StoreUnavailable

ORDERS_A_STEP: Final = 20
"""Orders that one step looks at, each with its events."""

_EVENTS_A_READ: Final = 100
_ATTEMPTS: Final = 20

_OLDEST_FIRST: Final = Sort(descending=False)
"""Orders that are placed meanwhile come last, and are met."""


class Place(Struct, frozen=True):
    """Where the next step starts: among the customer's orders, or after those among the deleted ones."""

    orders: Position | None = None
    deleted: Annotated[str, Meta(pattern=r"^[0-9a-f-]{0,36}$")] | None = None


class Counts(NamedTuple):
    """Orders and events from which personal data were erased, or would be.

    `late` are the orders whose latest events the store does not have yet: run again in a moment.
    """

    orders: int = 0
    events: int = 0
    late: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """The sums of both."""
        return Counts(self.orders + other.orders, self.events + other.events, self.late + other.late)


class HeldOrder(NamedTuple):
    """An order of the customer with its events; None if it was deleted and only the events are left."""

    order_id: str
    order: Order | None
    events: list[OrderEvent]


class Actor(NamedTuple):
    """Who erases, and when (RFC 3339 UTC with milliseconds)."""

    by: str
    at: str


def erased_order(order: Order, actor: Actor) -> Order:
    """The next version of the order, without personal data; the same object if it holds none."""
    if without_personal_data(order) is order:
        return order
    return replace(
        _emptied(order, actor.at), version=order.version + 1, updated_at=actor.at, updated_by=actor.by
    )


def erased_event(event: OrderEvent, at: str) -> OrderEvent:
    """The same event about the order without personal data; the same object if it tells none."""
    if without_personal_data(event.order) is event.order:
        return event
    return replace(event, order=_emptied(event.order, at))


def erase_some(
    store: Store, customer_id: str, actor: Actor, place: Place | None = None, *, dry_run: bool = False
) -> tuple[Counts, Place | None]:
    """Erase personal data from some of a customer's orders.

    Returns:
        What was erased, and where to go on; None at the end.

    Raises:
        StoreUnavailable: an order changes too fast, or the store is away.
    """
    ids, after = _some(store, customer_id, place or Place())
    counts = Counts()
    for order_id in ids:
        counts = counts.plus(_erase(store, order_id, actor, dry_run))
    return counts, after


def export_some(
    store: Store, customer_id: str, place: Place | None = None
) -> tuple[list[HeldOrder], Place | None]:
    """Read some of a customer's orders with their events, and where to go on; None at the end."""
    ids, after = _some(store, customer_id, place or Place())
    held = [HeldOrder(order_id, store.get(order_id), list(_events(store, order_id))) for order_id in ids]
    return held, after


def _some(store: Store, customer_id: str, place: Place) -> tuple[list[str], Place | None]:
    """The ids of the next orders, those that were deleted after the others."""
    ids: list[str] = []
    if place.deleted is None:
        query = OrderQuery(customer_id, sort=_OLDEST_FIRST)
        page = store.list_orders(query, ORDERS_A_STEP, place.orders)
        ids = [order.order_id for order in page.orders]
        if page.next_after:
            return ids, Place(orders=page.next_after)
    deleted = store.list_deleted(customer_id, ORDERS_A_STEP, place.deleted or "")
    return [*ids, *deleted], Place(deleted=deleted[-1]) if len(deleted) == ORDERS_A_STEP else None


def _emptied(order: Order, at: str) -> Order:
    # The fingerprint of a request can tell whether a guess of what it had in it is right.
    return replace(without_personal_data(order), erased_at=at, fingerprint=order.fingerprint[:KEY_CHARS])


def _erase(store: Store, order_id: str, actor: Actor, dry_run: bool) -> Counts:
    """Erase from one order and its events; the order first, so that no new event tells personal data."""
    version, orders = _erase_order(store, order_id, actor, dry_run)
    events = latest = 0
    for event in _events(store, order_id):
        latest = event.version
        erased = erased_event(event, actor.at)
        if erased is not event:
            events += 1
            if not dry_run:
                store.rewrite_event(erased)
    return Counts(orders, events, int(latest < version))


def _erase_order(store: Store, order_id: str, actor: Actor, dry_run: bool) -> tuple[int, int]:
    """The version of the order now, 0 if it was deleted, and how many orders were erased: one or none."""
    for _ in range(_ATTEMPTS):
        order = store.get(order_id)
        if order is None:
            break
        erased = erased_order(order, actor)
        if dry_run or erased is order:
            return order.version, int(erased is not order)
        with suppress(VersionMismatch, OrderNotFound):
            store.save(erased, order.version)
            return erased.version, 1
    else:
        raise StoreUnavailable("the order changes too fast")
    return 0, 0


def _events(store: Store, order_id: str) -> Iterator[OrderEvent]:
    after = 0
    while found := store.list_events(order_id, _EVENTS_A_READ, after):
        yield from found
        if len(found) < _EVENTS_A_READ:
            return
        after = found[-1].version
