"""Delivers events to webhooks from a queue: first a message for each subscriber, then each on its own time.

The queue is a standard one: an order's events may arrive in another order than they happened, and each at
least once. Receivers compare `version` and remember ids.

event ──▶ one message for each webhook ──▶ attempt ──▶ done
                                             └ failed: the message is seen again after a while,
                                               and is a dead letter when the queue gives it up
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from threading import Lock
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from orders_aws.client.calls import SQS, AwsClient
from orders_aws.client.deadline import INVOCATION
from orders_aws.consumers import environment
from orders_aws.consumers.batch import BatchResponse, QueueBatch, QueueMessage, failed
from orders_aws.consumers.webhook_store import DynamoDBWebhooks
from orders_core.schemas import OrderEventView
from orders_webhooks import schedule, webhook
from orders_webhooks.attempt import DeliveryResult, attempt
from orders_webhooks.payload import Message, message_of
from orders_webhooks.webhook import Webhook, Webhooks

_MAX_MESSAGES: Final = 10
_MAX_DELAY_SECONDS: Final = 12 * 3600 - 60
"""What SQS lets a message wait from its receipt on, less what this invocation takes."""

LIST_SECONDS: Final = 10.0
"""How long the list of webhooks is used before the table is read again.

A new webhook may hear nothing until then.
"""

_log = logging.getLogger(__name__)

DeliveryAttempt = Callable[[Webhook, Message], Awaitable[DeliveryResult]]


def handler(event: object, context: object) -> BatchResponse:
    """Lambda's entry point, for a batch of the queue."""
    INVOCATION.begin(context)
    return asyncio.run(_courier().deliver(msgspec.convert(event, QueueBatch).Records))


class _ForOne(Struct):
    """What is in the queue for one webhook: a message that is ready to be signed."""

    webhook_id: str
    message_id: str
    body: Raw


class _FromBus(Struct):
    """What is in the queue for all of them."""

    detail: OrderEventView


class WebhookDispatcher:
    """Attempts all deliveries of a batch at once; none waits for another."""

    def __init__(
        self,
        webhooks: Webhooks,
        queue: AwsClient,
        queue_url: str,
        attempt_: DeliveryAttempt = attempt,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._webhooks = webhooks
        self._queue = queue
        self._queue_url = queue_url
        self._attempt = attempt_
        self._clock = clock
        self._listed: list[Webhook] = []
        self._listed_until = 0.0
        self._list_lock = Lock()

    async def deliver(self, messages: Sequence[QueueMessage]) -> BatchResponse:
        """Attempt the deliveries of a batch and return those that must come again."""
        done = await asyncio.gather(*map(self._work, messages))
        return failed(each.messageId for each, is_done in zip(messages, done, strict=True) if not is_done)

    async def _work(self, message: QueueMessage) -> bool:
        """Whether there is nothing more to do about the message."""
        try:
            if '"webhook_id"' not in message.body[:20]:
                await asyncio.to_thread(
                    self._fan_out, msgspec.json.decode(message.body, type=_FromBus).detail
                )
                return True
            return await self._deliver(message, msgspec.json.decode(message.body, type=_ForOne))
        except Exception:  # noqa: BLE001 - one message must not fail the others; the queue gives it up in the end
            _log.exception("message %s failed, receive %s", message.messageId, message.receive_count)
            return False

    def _fan_out(self, event: OrderEventView) -> None:
        wanting = [each for each in self._list() if each.disabled is None and each.wants(event.type)]
        message = message_of(event)
        bodies = [
            msgspec.json.encode(_ForOne(each.webhook_id, message.id, Raw(message.body))).decode()
            for each in wanting
        ]
        for start in range(0, len(bodies), _MAX_MESSAGES):
            entries = [
                {"Id": str(number), "MessageBody": body}
                for number, body in enumerate(bodies[start : start + _MAX_MESSAGES])
            ]
            reply: Any = self._queue.call(
                "SendMessageBatch", {"QueueUrl": self._queue_url, "Entries": entries}
            )
            if reply.get("Failed"):
                raise NotSent(f"{event.id}: {reply['Failed'][0]}")

    def _list(self) -> list[Webhook]:
        """All webhooks, of LIST_SECONDS ago at most."""
        with self._list_lock:
            if self._clock() >= self._listed_until:
                self._listed = self._webhooks.all()
                self._listed_until = self._clock() + LIST_SECONDS
            return self._listed

    async def _deliver(self, message: QueueMessage, task: _ForOne) -> bool:
        # In threads: a table that is slow must not hold up the other deliveries of the batch.
        subscription = await asyncio.to_thread(self._webhooks.get, task.webhook_id)
        if subscription is None or subscription.disabled is not None:
            return True
        result = await self._try(subscription, Message(task.message_id, bytes(task.body)))
        if result.error is None:
            if subscription.failures:
                await asyncio.to_thread(self._webhooks.change, task.webhook_id, webhook.succeeded)
            return True
        _log.warning("webhook %s, event %s: %s", task.webhook_id, task.message_id, result.error)
        await asyncio.to_thread(self._try_later, message, result)
        return False

    async def _try(self, subscription: Webhook, message: Message) -> DeliveryResult:
        """An attempt; none at an endpoint that fails again and again, which would keep the others waiting."""
        if time.time() < subscription.resumes_at:
            return DeliveryResult("it is left alone for a while: it failed again and again")
        result = await self._attempt(subscription, message)
        if (error := result.error) is not None:
            now = time.time()
            await asyncio.to_thread(
                self._webhooks.change,
                subscription.webhook_id,
                lambda before: webhook.failed(before, error, now, gone=result.gone, message_id=message.id),
            )
        return result

    def _try_later(self, message: QueueMessage, result: DeliveryResult) -> None:
        attempts = min(message.receive_count, len(schedule.DELAYS_SECONDS))
        seconds = schedule.delay(attempts, result.retry_after) or 0.0
        self._queue.call(
            "ChangeMessageVisibility",
            {
                "QueueUrl": self._queue_url,
                "ReceiptHandle": message.receiptHandle,
                "VisibilityTimeout": int(min(seconds, _MAX_DELAY_SECONDS)),
            },
        )


class NotSent(Exception):
    """The queue did not take a message."""


@cache
def _courier() -> WebhookDispatcher:
    table = environment.table_beside_orders("webhooks")
    queue = environment.client_of(SQS)
    return WebhookDispatcher(
        DynamoDBWebhooks(environment.dynamodb(), table), queue, environment.required("WEBHOOKS_QUEUE_URL")
    )
