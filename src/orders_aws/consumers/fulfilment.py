"""Sample consumer: hands orders to the warehouse, each task once, though events come twice and unordered.

Beside an order's events, as version 0, it keeps how far the warehouse has come with the order. A lease keeps
two invocations from dealing with one order at the same time; it ends by itself if its holder dies:

    event ──▶ take the lease ──▶ hand over ──▶ note the version, drop the lease
                 ├ this version or a later one was handed over before: done
                 └ another invocation has the lease: again later
"""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from orders_aws.client.deadline import INVOCATION
from orders_aws.consumers import environment
from orders_aws.consumers.batch import BatchResponse, QueueBatch, QueueMessage, each_alone
from orders_aws.dynamodb.client import ConditionFailed, DynamoDBClient
from orders_core.models import OrderStatus
from orders_core.schemas import Envelope, OrderEventView

TASKS: Final = {
    OrderStatus.CONFIRMED: "reserve the goods",
    OrderStatus.PROCESSING: "pick and pack",
    OrderStatus.CANCELLED: "put the goods back",
}
"""What the warehouse has to do when an order enters a status."""

LEASE_SECONDS: Final = 120
"""Longer than an invocation may take."""

_log = logging.getLogger(__name__)

HandOver = Callable[[str, OrderEventView], None]


def handler(event: object, context: object) -> BatchResponse:
    """Lambda's entry point, for a batch of the queue."""
    INVOCATION.begin(context)
    return each_alone(msgspec.convert(event, QueueBatch).Records, _consumer().consume)


class UnderWay(Exception):
    """Another invocation deals with the order now."""


class Fulfilment:
    """`hand_over` is told the task and the event, whose id it should pass on as an idempotency key."""

    def __init__(
        self,
        client: DynamoDBClient,
        events_table: str,
        hand_over: HandOver,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = events_table
        self._hand_over = hand_over
        self._clock = clock

    def consume(self, message: QueueMessage) -> None:
        """Raises UnderWay, or whatever the warehouse does: the message comes again."""
        event = msgspec.json.decode(message.body, type=Envelope).detail
        task = TASKS.get(event.order.status) if event.type == "OrderStatusChanged" else None
        if task is not None and self._lease(event):
            self._hand_over(task, event)
            self._note(event)

    def _lease(self, event: OrderEventView) -> bool:
        """Whether there is something to hand over."""
        now = self._clock()
        lease = int((now + LEASE_SECONDS) * 1000)
        try:
            self._update(
                event,
                "SET lease = :lease",
                {":lease": lease, ":now": int(now * 1000), ":version": event.version},
                "(attribute_not_exists(fulfilled) OR fulfilled < :version)"
                " AND (attribute_not_exists(lease) OR lease < :now)",
            )
        except ConditionFailed as failure:
            stored: Any = failure.item or {}
            if int(stored.get("fulfilled", {"N": "0"})["N"]) >= event.version:
                return False
            ours = failure.retried and stored["lease"]["N"] == str(lease)
            if not ours:
                raise UnderWay(event.order_id) from None
        return True

    def _note(self, event: OrderEventView) -> None:
        self._update(event, "SET fulfilled = :version REMOVE lease", {":version": event.version})

    def _update(
        self, event: OrderEventView, update: str, numbers: dict[str, int], condition: str | None = None
    ) -> None:
        request = {
            "TableName": self._table,
            "Key": {"order_id": {"S": event.order_id}, "version": {"N": "0"}},
            "UpdateExpression": update,
            "ExpressionAttributeValues": {name: {"N": str(number)} for name, number in numbers.items()},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        self._client.call("UpdateItem", request | ({"ConditionExpression": condition} if condition else {}))


def log_task(task: str, event: OrderEventView) -> None:
    """Stands in for the warehouse."""
    _log.info("for the warehouse: %s, order %s, event %s", task, event.order_id, event.id)


@cache
def _consumer() -> Fulfilment:
    return Fulfilment(environment.dynamodb(), environment.table_beside_orders("events"), log_task)
