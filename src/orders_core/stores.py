"""Where orders are kept: one protocol, and what its adapters have in common."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from msgspec import Meta, Struct

from orders_core import payments, shipments
from orders_core.events import OrderEvent
from orders_core.models import Order, OrderChange, OrderRemoval, OrderStatus
from orders_core.payment_models import OrderPaymentStatus
from orders_core.shipment_models import FulfilmentStatus

if TYPE_CHECKING:
    from orders_core.webhook_schemas import (
        Deliveries,
        Replay,
        WebhookInput,
        WebhookPatch,
        WebhookView,
        WebhookWithSecret,
    )

SortKey = str | int
"""What orders are sorted by: a time, or a total in minor units.

Times are RFC 3339 UTC with milliseconds, so that their texts sort as they do.
"""


class SortField(StrEnum):
    """A field of an order that listings are sorted by, as clients write it."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    TOTAL_AMOUNT = "total_amount"

    def key_of(self, order: Order) -> SortKey:
        """The order's value of this field."""
        if self is SortField.TOTAL_AMOUNT:
            return order.content.total_amount
        return order.created_at if self is SortField.CREATED_AT else order.updated_at


class Sort(Struct, frozen=True):
    """The order of a listing; of equal keys always the same one, such as by their ids."""

    field: SortField = SortField.CREATED_AT
    descending: bool = True


NEWEST_FIRST: Final = Sort()


class Position(Struct, frozen=True):
    """The place of an order in a listing: what it is sorted by, and its id."""

    key: (
        Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$")]
        | Annotated[int, Meta(ge=0, le=2**63 - 1)]
    )
    order_id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$")]


class OrderQuery(Struct, frozen=True):
    """Which orders to list, and in which order.

    Args:
        customer_id: whose; None for everyone's.
        statuses: in one of these; in any if there are none.
        lowest, highest: bounds of what they are sorted by, included.
        external_reference: with this number of the shop's own.
        q: with these words. Such a listing is sorted by `created_at`.
        currency: in this one; always given where they are sorted by their total.
        payment_statuses, fulfilment_statuses: paid or shipped so far; any if there are none.
    """

    customer_id: str | None
    statuses: tuple[OrderStatus, ...] = ()
    lowest: SortKey | None = None
    highest: SortKey | None = None
    external_reference: str | None = None
    q: str | None = None
    sort: Sort = NEWEST_FIRST
    currency: str | None = None
    payment_statuses: tuple[OrderPaymentStatus, ...] = ()
    fulfilment_statuses: tuple[FulfilmentStatus, ...] = ()

    @property
    def is_by_progress(self) -> bool:
        """Whether orders are asked for that are paid or shipped so far, which no index tells."""
        return bool(self.payment_statuses or self.fulfilment_statuses)

    def has_progress(self, order: Order) -> bool:
        """Whether an order is paid and shipped as far as is asked for."""
        return (not self.payment_statuses or payments.status_of(order) in self.payment_statuses) and (
            not self.fulfilment_statuses or shipments.status_of(order) in self.fulfilment_statuses
        )

    def position_of(self, order: Order) -> Position:
        """The place of an order in this listing."""
        return Position(self.sort.field.key_of(order), order.order_id)

    def is_within(self, key: SortKey) -> bool:
        """Whether a key is one of this listing: of its kind, and within its bounds."""
        low, high = self.lowest, self.highest
        if self.sort.field is SortField.TOTAL_AMOUNT:
            return isinstance(key, int) and int(low or 0) <= key <= (key if high is None else int(high))
        return isinstance(key, str) and str(low or "") <= key <= str(high or "~")


class Page(Struct, frozen=True):
    """Some orders as their query sorts them, and where the next page starts (None: there is no more)."""

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

    def create_all(self, orders: Sequence[Order]) -> "list[CreateRefused | None]":
        """Store new orders, as many at once as suits the store; one that is refused holds up no other.

        Returns:
            For each order what `create` would have raised; None for one that is stored.
        """

    def get(self, order_id: str) -> Order | None:
        """The order as last written (strongly consistent)."""

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """At most `limit` orders. A page may be short of it, even empty, and still have a next.

        Raises:
            UnsupportedQuery: this store can't answer it.
        """

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        """How many orders a listing has in all; `up_to` if it has that many or more.

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


class ErasureRepository(Protocol):
    """What erasing a customer needs besides orders and events."""

    def rewrite_event(self, event: OrderEvent) -> None:
        """Put an event in the place of the one of this order and version; for nothing but erasing."""

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        """Ids of a customer's deleted orders whose events are kept: those that follow `after`, sorted."""


class Accounts(Protocol):
    """What is held of a customer besides orders, where there is any, such as an account in a user pool."""

    def export(self, customer_id: str) -> dict[str, Any]:
        """All of it, as JSON has it, without secrets."""

    def begin_erasing(self, customer_id: str) -> None:
        """Note that the customer is erased, and bar the account: no order is placed meanwhile."""

    def erase(self, customer_id: str) -> None:
        """Erase all of it; again, if it was erased before."""


class NoAccounts:
    """`Accounts` where nothing is held but orders."""

    def export(self, _: str) -> dict[str, Any]:
        """See `Accounts`."""
        return {}

    def begin_erasing(self, _: str) -> None:
        """See `Accounts`."""

    def erase(self, _: str) -> None:
        """See `Accounts`."""


class WebhookRegistry(Protocol):
    """The webhooks of a host, as the API manages them.

    A method that takes an id raises `WebhookNotFound` where there is no such webhook; all of them raise
    `StoreUnavailable` when they can't be read or written.
    """

    def list_webhooks(self) -> "list[WebhookView]":
        """All of them, oldest first."""

    def create(self, webhook: "WebhookInput", webhook_id: str | None) -> "WebhookWithSecret":
        """Add a webhook, under this id or a new one. Without a secret: this request added it before.

        Raises:
            InvalidWebhook: its address can't receive events, or there are too many webhooks.
            WebhookKeyReused: the id belongs to one that another request asked for.
        """

    def read(self, webhook_id: str) -> "WebhookView":
        """Read one webhook."""

    def modify(self, webhook_id: str, patch: "WebhookPatch") -> "WebhookView":
        """Change what the patch names.

        Raises:
            InvalidWebhook: its new address can't receive events.
        """

    def delete(self, webhook_id: str) -> None:
        """Remove a webhook and all that it still had to get."""

    def rotate_secret(self, webhook_id: str) -> "WebhookWithSecret":
        """Make a new secret; the one before it signs beside it for a day."""

    def deliveries(self, webhook_id: str) -> "Deliveries":
        """The latest attempts and what is still to be delivered."""

    def replay(self, webhook_id: str, since: str | None, order_id: str | None) -> "Replay":
        """Deliver once more what happened since a time, or to an order; without both, the dead letters.

        Raises:
            InvalidWebhook: this host can't; the message says what can.
        """


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


class Store(OrderRepository, EventRepository, ErasureRepository, StatisticsRepository, Protocol):
    """All that the application needs of a store."""

    @property
    def accounts(self) -> Accounts:
        """What else is held of customers."""

    @property
    def webhooks(self) -> WebhookRegistry:
        """The endpoints that are told of events."""


class WebhookNotFound(Exception):
    """There is no webhook with this id, or no longer."""


class WebhookKeyReused(Exception):
    """The idempotency key came with another request before."""


class InvalidWebhook(Exception):
    """A field that asks for what a webhook can't have; the message says what it can."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


def no_webhooks() -> WebhookRegistry:
    """The webhooks of a store by itself, which has none.

    Raises:
        StoreUnavailable: always.
    """
    raise StoreUnavailable("webhooks are not kept here")


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


CreateRefused = OrderExists | OrderWasDeleted | StoreUnavailable
"""Why a new order is not stored."""
