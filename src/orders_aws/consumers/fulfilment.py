"""Sample consumer: hands orders to the warehouse, each task once, though events come twice and unordered.

Beside an order's events, as version 0, it keeps how far the warehouse has come with the order. A lease keeps
two invocations from dealing with one order at the same time; it ends by itself if its holder dies:

    event ──▶ take the lease ──▶ hand over what is due ──▶ note the version, drop the lease
                 ├ this version or a later one was handed over before: done
                 └ another invocation has the lease: again later

An event that overtook an earlier one names the status that was passed over, in the order's history: the
task of that status is handed over first.
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
from orders_core.schemas import Envelope, OrderEventView, OrderView

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
    """`hand_over` is told a task and the event that made it due.

    No status is entered twice, so the order's id and the task are an idempotency key to pass on.
    """

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
        if event.type != "OrderStatusChanged" or event.order.status not in TASKS:
            return
        done = self._lease(event)
        if done is None:
            return
        for status in _due(event.order):
            if status not in done:
                self._hand_over(TASKS[status], event)
                self._update(event, "ADD done :done", {":done": {"SS": [status]}})
        values: dict[str, object] = {":version": {"N": str(event.version)}}
        self._update(event, "SET fulfilled = :version REMOVE lease", values)

    def _lease(self, event: OrderEventView) -> list[str] | None:
        """The statuses whose tasks were handed over before; None if there is nothing more to do.

        Raises:
            UnderWay: another invocation has the lease.
        """
        now = self._clock()
        lease = str(int((now + LEASE_SECONDS) * 1000))
        values: dict[str, object] = {
            ":lease": {"N": lease},
            ":now": {"N": str(int(now * 1000))},
            ":version": {"N": str(event.version)},
        }
        try:
            stored = self._update(
                event,
                "SET lease = :lease",
                values,
                "(attribute_not_exists(fulfilled) OR fulfilled < :version)"
                " AND (attribute_not_exists(lease) OR lease < :now)",
            )
        except ConditionFailed as failure:
            stored = dict(failure.item or {})
            if int(stored.get("fulfilled", {"N": "0"})["N"]) >= event.version:
                return None
            if not (failure.retried and stored["lease"]["N"] == lease):
                raise UnderWay(event.order_id) from None
        done: list[str] = stored.get("done", {"SS": []})["SS"]
        return done

    def _update(
        self, event: OrderEventView, update: str, values: dict[str, object], condition: str | None = None
    ) -> dict[str, Any]:
        """The item with version 0 after the update."""
        request = {
            "TableName": self._table,
            "Key": {"order_id": {"S": event.order_id}, "version": {"N": "0"}},
            "UpdateExpression": update,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        reply: Any = self._client.call(
            "UpdateItem", request | ({"ConditionExpression": condition} if condition else {})
        )
        attributes: dict[str, Any] = reply["Attributes"]
        return attributes


def _due(order: OrderView) -> list[OrderStatus]:
    """The statuses whose tasks the order needs: those that it has entered; a cancellation replaces them."""
    entered = [entry.status for entry in order.history if entry.status in TASKS]
    return [OrderStatus.CANCELLED] if OrderStatus.CANCELLED in entered else entered


def log_task(task: str, event: OrderEventView) -> None:
    """Stands in for the warehouse."""
    _log.info("for the warehouse: %s, order %s, event %s", task, event.order_id, event.id)


@cache
def _consumer() -> Fulfilment:
    return Fulfilment(environment.dynamodb(), environment.table_beside_orders("events"), log_task)
