"""Webhooks as the API takes and shows them."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from orders_core.timestamps import Timestamp

MAX_WEBHOOKS: Final = 50
"""Every event is offered to each of them, and the list has one page."""

MAX_REPLAYED: Final = 1_000
"""Events that one request replays at most."""

MAX_ATTEMPTS_SHOWN: Final = 50


class EventName(StrEnum):
    """The names under which subscribers outside know the events."""

    CREATED = "order.created"
    UPDATED = "order.updated"
    STATUS_CHANGED = "order.status_changed"
    DELETED = "order.deleted"
    PERSONAL_DATA_ERASED = "order.personal_data_erased"


Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="`https://`, with a public address; redirects are not followed.",
    ),
]
Events = Annotated[list[EventName], Meta(max_length=len(EventName), description="None means all.")]


class WebhookInput(Struct, forbid_unknown_fields=True):
    """An endpoint that is to be told of events."""

    url: Url
    events: Events = []


class WebhookPatch(Struct, forbid_unknown_fields=True):
    """What is to change of a webhook."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    enabled: Annotated[bool, Meta(description="`true` also forgets its failures.")] | UnsetType = UNSET


class WebhookView(Struct, frozen=True, kw_only=True):
    """A webhook, and how it does."""

    webhook_id: str
    url: str
    events: Annotated[list[str], Meta(description="None means all.")]
    enabled: bool
    disabled_reason: Annotated[str | None, Meta(description="Why nothing is delivered to it.")]
    failures: Annotated[int, Meta(description="Attempts that failed since the last that succeeded.")]
    failing_since: Timestamp | None
    last_error: str | None
    created_at: Timestamp


class WebhookWithSecret(Struct, frozen=True):
    """A webhook and the secret that its receiver verifies with."""

    webhook: WebhookView
    secret: Annotated[
        str | None, Meta(description="Shown this once; null where a creation is answered again.")
    ]


class WebhookList(Struct, frozen=True):
    """All webhooks, oldest first."""

    webhooks: list[WebhookView]


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """What came of one attempt to deliver an event."""

    event_id: Annotated[str | None, Meta(description="Null if the event is no longer kept.")]
    order_id: str
    at: Timestamp
    error: Annotated[str | None, Meta(description="Null: it was delivered.")]
    next_attempt_at: Annotated[
        Timestamp | None, Meta(description="Null: there is none, or on AWS, where the queue knows it.")
    ]


class Deliveries(Struct, frozen=True, kw_only=True):
    """The latest attempts of a webhook, and what it still has to get; null where that is not known."""

    waiting: Annotated[int | None, Meta(description="Events that are still to be delivered.")]
    failing: Annotated[int | None, Meta(description="Of these, how many were tried in vain.")]
    dead_letters: Annotated[int | None, Meta(description="Events that were given up.")]
    attempts: Annotated[list[DeliveryAttempt], Meta(description="The latest first.")]


class ReplayInput(Struct, forbid_unknown_fields=True):
    """Which events to deliver once more: the dead letters, unless something else is named."""

    since: Annotated[Timestamp, Meta(description="All events since this time.")] | UnsetType = UNSET
    order_id: (
        Annotated[str, Meta(min_length=36, max_length=36, description="All events of this order.")]
        | UnsetType
    ) = UNSET


class Replay(Struct, frozen=True):
    """How many events will be delivered once more."""

    events: int
    next_since: Annotated[
        Timestamp | None, Meta(description="There are more: replay again, since this time.")
    ]
