"""Where orders are kept: one protocol, and what its adapters have in common."""

from typing import Annotated, Protocol

from msgspec import Meta, Struct

from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange, OrderRemoval, OrderStatus


class Position(Struct, frozen=True):
    """The place of an order in a listing, which runs from the newest to the oldest."""

    created_at: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$")]
    order_id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$")]


class OrderQuery(Struct, frozen=True):
    """Which orders to list: a customer's (None: all), by status, reference, time (bounds included), words.

    Times are RFC 3339 UTC with milliseconds, so that their texts sort as they do.
    """

    customer_id: str | None
    status: OrderStatus | None = None
    created_from: str | None = None
    created_to: str | None = None
    external_reference: str | None = None
    q: str | None = None


class Page(Struct, frozen=True):
    """Some orders, newest first, and where the next page starts (None: there is no more)."""

    orders: list[Order]
    next_after: Position | None


class OrderRepository(Protocol):
    """Each operation is one round trip to the store; guards travel inside the write.

    Every method raises `StoreUnavailable` when the store can't answer.
    """

    def create(self, order: Order) -> None:
        """Store a new order.

        Raises:
            OrderExists: there is one with this id already.
            OrderWasDeleted: there was one, and its id is not given again.
        """

    def get(self, order_id: str) -> Order | None:
        """The order as last written (strongly consistent)."""

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """At most `limit` orders. A page may be short of it, even empty, and still have a next.

        Raises:
            UnsupportedQuery: this store can't answer it.
        """

    def update(self, change: OrderChange) -> Order:
        """Apply the change and return the order after it.

        Raises:
            OrderNotFound, NotAllowed, VersionMismatch, IllegalState: as `models.change` does.
        """

    def save(self, order: Order, expected_version: int) -> None:
        """Store an order that was read and changed, if it is still at the version it was read at.

        Raises:
            VersionMismatch: it was changed meanwhile.
            OrderNotFound: it was deleted meanwhile.
        """

    def delete(self, removal: OrderRemoval) -> None:
        """Remove the order.

        Raises:
            OrderNotFound, VersionMismatch, IllegalState: as `models.check_removal` does.
        """


class EventRepository(Protocol):
    """The history of each order: its events, oldest first, kept when the order is deleted."""

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        """At most `limit` events that follow a version."""


class DayFigures(Struct, frozen=True):
    """Orders placed on one day (UTC) that are in a status now, and their value in minor units."""

    day: str
    status: OrderStatus
    currency: str
    orders: int
    amount: int


class StatisticsRepository(Protocol):
    """Figures that are kept or computed without reading every order."""

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        """The figures of each day from `first` to `last` (dates, both included) that has any."""


class Store(OrderRepository, EventRepository, StatisticsRepository, Protocol):
    """All that the application needs of a store."""


class OrderExists(Exception):
    """The id is taken, by `existing`."""

    def __init__(self, existing: Order) -> None:
        super().__init__(existing.order_id)
        self.existing = existing


class OrderWasDeleted(Exception):
    """The id belonged to an order that was deleted. A late retry must not bring it back."""


class UnsupportedQuery(Exception):
    """A parameter that this kind of store can't answer; the message says why, and what it can."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(f"{parameter} {detail}")
        self.parameter = parameter
        self.detail = detail


class StoreUnavailable(Exception):
    """The store throttles, is away or is full; trying again later may help."""
