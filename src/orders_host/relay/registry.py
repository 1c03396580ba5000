"""The webhooks of this host as the API manages them, and what is replayed to one."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from orders_core.stores import StoreUnavailable
from orders_core.webhook_schemas import (
    MAX_ATTEMPTS_SHOWN,
    MAX_REPLAYED,
    Deliveries,
    DeliveryAttempt,
    Replay,
    WebhookInput,
    WebhookPatch,
    WebhookView,
    WebhookWithSecret,
)
from orders_host.relay.feed import Entry, Feed
from orders_host.relay.store import EventStore
from orders_webhooks.management import ManagedWebhooks, time_of
from orders_webhooks.webhook import Webhook

T = TypeVar("T")

MAX_REPLAYED_AT_ONCE: Final = 200
"""Events put among the deliveries by one transaction: a running host waits for no longer than that."""


class Replayed(NamedTuple):
    """How many events were put among the deliveries, and the first that was not, if there are more."""

    events: int
    next: Entry | None


def replay(
    feed: Feed,
    store: EventStore,
    webhook: Webhook,
    since: str | None,
    order_id: str | None,
    at_most: int | None = None,
) -> Replayed:
    """Put what a webhook wants among its deliveries once more: since a time, or of an order.

    Without both, its dead letters.

    Raises:
        sqlite3.Error: a file can't be read or written.
    """
    if since is None and order_id is None:
        letters = iter([(each.sequence, each.order_id) for each in store.dead_letters(webhook.webhook_id)])
        return Replayed(_put(store, webhook, islice(letters, at_most)), None)
    wanted = (each for each in feed.search(since, order_id) if webhook.wants(each.type))
    number = _put(store, webhook, ((each.sequence, each.order_id) for each in islice(wanted, at_most)))
    return Replayed(number, next(wanted, None) if number == at_most else None)


def _put(store: EventStore, webhook: Webhook, events: Iterator[tuple[int, str]]) -> int:
    number = 0
    while some := list(islice(events, MAX_REPLAYED_AT_ONCE)):
        store.replay(webhook.webhook_id, some)
        number += len(some)
    return number


class _Added:
    """The store as `WebhookStore` has it: a new webhook hears of what comes after now."""

    def __init__(self, feed: Feed, store: EventStore) -> None:
        self._feed = feed
        self._store = store
        self.get, self.all = store.get, store.all
        self.change, self.remove = store.change, store.remove

    def add(self, webhook: Webhook) -> None:
        self._store.add(webhook, self._feed.last)


class RelayedWebhooks(ManagedWebhooks):
    """`WebhookRegistry` over events.db, with a connection of its own, which the relay sees as another's."""

    def __init__(self, feed: Feed, store: EventStore) -> None:
        super().__init__(_Added(feed, store))
        self._feed = feed
        self._store = store

    def list_webhooks(self) -> list[WebhookView]:
        """See `WebhookRegistry`."""
        return _answered(super().list_webhooks)

    def create(self, webhook: WebhookInput, webhook_id: str | None) -> WebhookWithSecret:
        """See `WebhookRegistry`."""
        return _answered(super().create, webhook, webhook_id)

    def read(self, webhook_id: str) -> WebhookView:
        """See `WebhookRegistry`."""
        return _answered(super().read, webhook_id)

    def modify(self, webhook_id: str, patch: WebhookPatch) -> WebhookView:
        """See `WebhookRegistry`."""
        return _answered(super().modify, webhook_id, patch)

    def delete(self, webhook_id: str) -> None:
        """See `WebhookRegistry`."""
        _answered(super().delete, webhook_id)

    def rotate_secret(self, webhook_id: str) -> WebhookWithSecret:
        """See `WebhookRegistry`."""
        return _answered(super().rotate_secret, webhook_id)

    def deliveries(self, webhook_id: str) -> Deliveries:
        """See `WebhookRegistry`."""
        return _answered(self._deliveries, webhook_id)

    def replay(self, webhook_id: str, since: str | None, order_id: str | None) -> Replay:
        """See `WebhookRegistry`."""
        return _answered(self._replay, webhook_id, since, order_id)

    def _deliveries(self, webhook_id: str) -> Deliveries:
        backlog = self._store.backlog(self._existing(webhook_id).webhook_id)
        unread = self._feed.count_after(self._store.cursor(webhook_id))
        attempts = []
        for each in self._store.attempts(webhook_id, MAX_ATTEMPTS_SHOWN):
            entry = self._feed.entry(each.sequence)
            attempts.append(
                DeliveryAttempt(
                    event_id=entry.event_id if entry else None,
                    order_id=each.order_id,
                    at=time_of(each.at),
                    error=each.error,
                    next_attempt_at=None if each.next_at is None else time_of(each.next_at),
                )
            )
        return Deliveries(
            waiting=backlog.waiting + unread,
            failing=backlog.failing,
            dead_letters=backlog.dead,
            attempts=attempts,
        )

    def _replay(self, webhook_id: str, since: str | None, order_id: str | None) -> Replay:
        webhook = self._existing(webhook_id)
        replayed = replay(self._feed, self._store, webhook, since, order_id, MAX_REPLAYED)
        return Replay(replayed.events, _time_of(replayed.next) if replayed.next else None)


class _Timed(msgspec.Struct):
    time: str


def _time_of(entry: Entry) -> str:
    return msgspec.json.decode(entry.document, type=_Timed).time


def _answered(call: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - arguments of any of the methods
    try:
        return call(*args)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"events.db: {error}") from error
