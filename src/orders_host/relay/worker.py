"""Delivers to one webhook: in order within each order, several orders at once, and on its own time.

    outbox ──take in──▶ deliveries ──due──▶ attempt ──▶ delivered
                             ▲                 │ failed
                             └──── later ◀─────┤
                                               └──▶ dead letter, when the schedule is exhausted

Only the earliest event of an order is ever due; those behind it wait for it, those of other orders do not.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec

from orders_core.events import OrderEvent
from orders_core.schemas import event_view_of
from orders_host.relay.faults import Faults
from orders_host.relay.feed import Feed
from orders_host.relay.store import Attempt, Delivery, EventStore
from orders_webhooks import schedule, webhook
from orders_webhooks.attempt import DeliveryResult
from orders_webhooks.payload import Message, message_of
from orders_webhooks.webhook import NoSuchWebhook, Webhook

AT_ONCE: Final = 8
"""Attempts under way at a time; one while the endpoint fails."""

TAKEN_IN: Final = 500
"""Deliveries kept at a time; the others are still in the outbox."""

_TROUBLE_SECONDS: Final = 1.0
_BUSY_SECONDS: Final = 0.05
_TRIES_TO_NOTE: Final = 100

_log = logging.getLogger(__name__)

_decoder: Final = msgspec.json.Decoder(OrderEvent)

Clock = Callable[[], float]
"""Unix time in seconds."""

DeliveryAttempt = Callable[[Webhook, Message], Awaitable[DeliveryResult]]


class Worker:
    """The deliveries of one webhook, until it is removed. Nothing of it ever waits for another's."""

    def __init__(
        self,
        webhook_id: str,
        store: EventStore,
        feed: Feed,
        attempt: DeliveryAttempt,
        faults: Faults,
        now: Clock = time.time,
    ) -> None:
        self._id = webhook_id
        self._store = store
        self._feed = feed
        self._attempt = attempt
        self._woken = asyncio.Event()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._not_before = 0.0
        self._faults = faults
        self._part = f"webhook {webhook_id}"
        self._now = now
        self._failures_noted = 0
        self._limited = False

    def wake(self) -> None:
        """Look now: there are events, or the webhook was changed."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until the webhook is removed; when cancelled, attempts under way are given up."""
        try:
            while True:
                self._woken.clear()
                try:
                    subscription = self._store.get(self._id)
                    if subscription is None:
                        return
                    seconds = self._move_on(subscription)
                    self._faults.works(self._part)
                except Exception as error:  # noqa: BLE001 - a damaged row must not end it in silence
                    self._faults.failed(self._part, error)
                    seconds = _TROUBLE_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._woken.wait()
        finally:
            self._faults.works(self._part)
            for task in self._under_way.values():
                task.cancel()

    async def settle(self, seconds: float) -> None:
        """Wait for the attempts under way, but not for long."""
        if self._under_way:
            await asyncio.wait(self._under_way.values(), timeout=seconds)

    def _move_on(self, subscription: Webhook) -> float | None:
        """Start what can be started; returns the seconds until there is more to start, if that is known."""
        if subscription.disabled is not None:
            return None
        self._take_in(subscription)
        now = self._now()
        if not self._limited:
            self._store.limit_delays(self._id, now + schedule.MAX_RETRY_AFTER_SECONDS)
            self._limited = True
        resumes_at = max(_resumes_at(subscription, now), self._not_before)
        if now < resumes_at:
            return resumes_at - now
        free = (1 if subscription.failures else AT_ONCE) - len(self._under_way)
        if free > 0:
            self._start(subscription, now, free)
        due_at = self._store.next_due(self._id, now)
        return None if due_at is None else due_at - now

    def _take_in(self, subscription: Webhook) -> None:
        """Take in some more. A page at a time: whatever else this loop runs should not wait for a backlog."""
        cursor = self._store.cursor(self._id)
        if cursor >= self._feed.last or self._store.waiting(self._id) >= TAKEN_IN:
            return
        entries = self._feed.after(cursor)
        wanted = [(entry.sequence, entry.order_id) for entry in entries if subscription.wants(entry.type)]
        self._store.take_in(self._id, wanted, entries[-1].sequence)
        self._woken.set()

    def _start(self, subscription: Webhook, now: float, free: int) -> None:
        due = self._store.due(self._id, now, free + len(self._under_way))
        for delivery in [each for each in due if each.sequence not in self._under_way][:free]:
            task = asyncio.create_task(self._deliver(subscription, delivery))
            self._under_way[delivery.sequence] = task

    async def _deliver(self, subscription: Webhook, delivery: Delivery) -> None:
        noted_before = self._failures_noted
        try:
            result = await self._try(subscription, delivery)
            await self._note_when_free(subscription, delivery, result, noted_before)
        except NoSuchWebhook:
            pass  # removed meanwhile
        except (sqlite3.Error, msgspec.MsgspecError):
            _log.exception("what came of a delivery can't be noted; it will be repeated")
            self._not_before = self._now() + _TROUBLE_SECONDS
        finally:
            del self._under_way[delivery.sequence]
            self._woken.set()

    async def _try(self, subscription: Webhook, delivery: Delivery) -> DeliveryResult:
        entry = self._feed.entry(delivery.sequence)
        if entry is None:
            return DeliveryResult("the event is not in the outbox")
        try:
            return await self._attempt(
                subscription, message_of(event_view_of(_decoder.decode(entry.document)))
            )
        except Exception as error:  # noqa: BLE001 - one event that can't be sent must not stop the others
            _log.exception("event %s can't be sent", delivery.sequence)
            return DeliveryResult(f"{type(error).__name__}: {error}")

    async def _note_when_free(
        self, subscription: Webhook, delivery: Delivery, result: DeliveryResult, noted_before: int
    ) -> None:
        """Note what came of it. While another process writes to events.db, the loop goes on."""
        for _ in range(_TRIES_TO_NOTE):
            try:
                return self._note(subscription, delivery, result, noted_before)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            await asyncio.sleep(_BUSY_SECONDS)
        return self._note(subscription, delivery, result, noted_before)

    def _note(
        self, subscription: Webhook, delivery: Delivery, result: DeliveryResult, noted_before: int
    ) -> None:
        now = self._now()
        if result.error is None:
            self._store.delivered(self._id, delivery)
            if subscription.failures:
                self._store.change(self._id, webhook.succeeded)
            self._note_attempt(delivery, now, None, None)
            return
        error = result.error
        if noted_before == self._failures_noted or result.gone:
            after = self._store.change(
                self._id, lambda before: webhook.failed(before, error, now, gone=result.gone)
            )
            self._failures_noted += 1
        else:
            # It was under way when another attempt failed: for the endpoint both are one failure.
            after = subscription
        if result.retry_after is not None:
            self._not_before = now + min(result.retry_after, schedule.MAX_RETRY_AFTER_SECONDS)
        seconds = schedule.delay(delivery.attempts + 1, result.retry_after)
        if seconds is None:
            self._store.give_up(self._id, delivery, error, now)
        else:
            self._store.try_again(self._id, delivery, now + seconds)
        self._note_attempt(delivery, now, error, None if seconds is None else now + seconds)
        _log.warning("webhook %s, event %s: %s", self._id, delivery.sequence, after.disabled or error)

    def _note_attempt(self, delivery: Delivery, now: float, error: str | None, next_at: float | None) -> None:
        attempt = Attempt(delivery.sequence, delivery.order_id, now, error, next_at)
        self._store.note_attempt(self._id, attempt)


def _resumes_at(subscription: Webhook, now: float) -> float:
    """Until when the endpoint is left alone. A failure in the future says that the clock was set back."""
    failed_at = subscription.last_failed_at
    return 0.0 if failed_at is None or failed_at > now else subscription.resumes_at
