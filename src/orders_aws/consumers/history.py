"""Keeps each order's events and each day's figures, in one transaction: what comes again counts once."""

import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct, field

from orders_aws.client.calls import AwsClient, Refused, Unavailable
from orders_aws.consumers.table_changes import Change
from orders_aws.dynamodb.items import EXPIRES
from orders_aws.dynamodb.kept_events import to_attribute
from orders_aws.limits import MAX_TRANSACTION_BYTES
from orders_core.events import OrderEvent
from orders_core.models import Order
from orders_core.retention import expires_at

MAX_AT_ONCE: Final = 20
"""Changes in one transaction: each is an item and touches two counters at most, of the 100 there may be."""

_MAX_BYTES_AT_ONCE: Final = MAX_TRANSACTION_BYTES * 3 // 4
"""Of events in one transaction; the rest is for keys, names and counters."""

_ATTEMPTS: Final = 5
_BACKOFF_SECONDS: Final = 0.05
_TRANSIENT: Final = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})

Counter = tuple[str, str]
Item = dict[str, object]


class _Reason(Struct):
    Code: str = "None"


class _Cancelled(Struct):
    reasons: list[_Reason] = field(name="CancellationReasons", default_factory=list)


class History:
    """The tables `events` and `stats`, as `dynamodb/history.py` reads them."""

    def __init__(self, client: AwsClient, events_table: str, stats_table: str) -> None:
        self._client = client
        self._events = events_table
        self._stats = stats_table

    def record(self, changes: Sequence[Change]) -> None:
        """Record the changes of one transaction, without those that are recorded already.

        Raises:
            Refused, Unavailable: try them again.
        """
        self._record(changes)
        for change in changes:
            if change.event.type == "OrderDeleted":
                self._let_expire(change.event)

    def _record(self, changes: Sequence[Change]) -> None:
        remaining = list(changes)
        for attempt in range(_ATTEMPTS):
            if not remaining:
                return
            codes = self._try(remaining)
            known = {number for number, code in enumerate(codes) if code == "ConditionalCheckFailed"}
            remaining = [change for number, change in enumerate(remaining) if number not in known]
            if not codes:
                return
            if not known:
                time.sleep(random.uniform(0, _BACKOFF_SECONDS * 2**attempt))  # noqa: S311
        if remaining:
            raise Unavailable("the events can't be recorded: others write the same counters")

    def _try(self, changes: Sequence[Change]) -> list[str]:
        """Why the transaction was cancelled, for each of its items; nothing if it was not."""
        items = [*map(self._put, changes), *self._counts(changes)]
        try:
            self._client.call("TransactWriteItems", {"TransactItems": items})
        except Refused as error:
            if error.kind != "TransactionCanceledException":
                raise
            codes = [each.Code for each in msgspec.json.decode(error.reply, type=_Cancelled).reasons]
            if set(codes) - _TRANSIENT - {"None", "ConditionalCheckFailed"}:
                raise
            return codes
        return []

    def _let_expire(self, deletion: OrderEvent) -> None:
        """Have DynamoDB remove the events of an order, version 0 with them, some time after its deletion."""
        for version in range(deletion.version + 1):
            request = {
                "TableName": self._events,
                "Key": {"order_id": {"S": deletion.order_id}, "version": {"N": str(version)}},
                "UpdateExpression": f"SET {EXPIRES} = :expires",
                "ConditionExpression": "attribute_exists(order_id)",
                "ExpressionAttributeValues": {":expires": {"N": str(expires_at(deletion.time))}},
            }
            try:
                self._client.call("UpdateItem", request)
            except Refused as error:
                if error.kind != "ConditionalCheckFailedException":
                    raise

    def _put(self, change: Change) -> Item:
        event = change.event
        return {
            "Put": {
                "TableName": self._events,
                "Item": {
                    "order_id": {"S": event.order_id},
                    "version": {"N": str(event.version)},
                    "event": to_attribute(change.document),
                },
                "ConditionExpression": "attribute_not_exists(order_id)",
            }
        }

    def _counts(self, changes: Iterable[Change]) -> list[Item]:
        return [
            {
                "Update": {
                    "TableName": self._stats,
                    "Key": {"day": {"S": day}, "sk": {"S": kind}},
                    "UpdateExpression": "ADD orders :orders, amount :amount",
                    "ExpressionAttributeValues": {
                        ":orders": {"N": str(orders)},
                        ":amount": {"N": str(amount)},
                    },
                }
            }
            for (day, kind), (orders, amount) in counted(changes).items()
        ]


def transactions(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """The changes in their order, as many at once as one transaction takes, by number and by bytes."""
    start = size = 0
    for end, change in enumerate(changes):
        more = len(change.document.encode())
        if end > start and (end - start == MAX_AT_ONCE or size + more > _MAX_BYTES_AT_ONCE):
            yield changes[start:end]
            start, size = end, 0
        size += more
    if start < len(changes):
        yield changes[start:]


def counted(changes: Iterable[Change]) -> dict[Counter, tuple[int, int]]:
    """What the changes add to the counters (day, status#currency): orders, and minor units."""
    sums: defaultdict[Counter, list[int]] = defaultdict(lambda: [0, 0])
    for change in changes:
        for order, sign in ((change.old, -1), (change.new, 1)):
            if order is not None:
                sums[_counter(order)][0] += sign
                sums[_counter(order)][1] += sign * order.content.total_amount
    return {counter: (orders, amount) for counter, (orders, amount) in sums.items() if orders or amount}


def _counter(order: Order) -> Counter:
    return order.created_at[:10], f"{order.status}#{order.content.currency}"
