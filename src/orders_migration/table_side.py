"""The DynamoDB tables of a deployment as a side of a migration."""

import random
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from orders_aws.dynamodb.client import DynamoDBClient, RequestRefused
from orders_aws.dynamodb.items import EXPIRES, MOVED, Item, from_item, is_tombstone, to_item, was_moved
from orders_aws.dynamodb.kept_events import document_in, to_attribute
from orders_aws.dynamodb.store import Tables
from orders_core.models import Order
from orders_core.retention import expires_at
from orders_core.stores import DayFigures, StoreUnavailable
from orders_migration.digest import Digest, OrdersDigest
from orders_migration.records import EventRecord, Tombstone, encode_order

MAX_BATCH: Final = 25
"""Items of one BatchWriteItem. Together they are below its 16 MB, as each has 400 KB at most."""

CONNECTIONS: Final = 8

_ATTEMPTS: Final = 12
_BACKOFF_SECONDS: Final = 0.05
_MAX_BACKOFF_SECONDS: Final = 10.0
_SEGMENTS: Final = 4

_KEYS: Final = {"orders": ("order_id",), "events": ("order_id", "version"), "stats": ("day", "sk")}


class TargetUnusable(ValueError):
    """The tables are not there, or hold what no migration from here has brought."""


class TableSide:
    """The tables `orders`, `events` and `stats`, over several connections at once."""

    def __init__(self, client: DynamoDBClient, tables: Tables) -> None:
        self._client = client
        self.tables = tables

    def check(self) -> None:
        """Pass if all three tables are there, with the keys that the deployment gives them.

        Raises:
            TargetUnusable: one is not.
            StoreUnavailable: DynamoDB can't be asked.
        """
        for field, keys in _KEYS.items():
            name = getattr(self.tables, field)
            try:
                reply: Any = self._client.call("DescribeTable", {"TableName": name})
            except RequestRefused as error:
                raise TargetUnusable(f"the table {name} can't be used: {error}") from error
            found = tuple(key["AttributeName"] for key in reply["Table"]["KeySchema"])
            if found != keys:
                raise TargetUnusable(
                    f"the table {name} has the key {', '.join(found)}, not {', '.join(keys)}"
                )

    def is_empty(self) -> bool:
        """Whether there is nothing in any of the tables."""
        return not any(
            self._client.call("Scan", {"TableName": table, "Limit": 1})["Count"] for table in self.tables
        )

    # --- writing ---

    def put_events(self, events: Sequence[EventRecord]) -> None:
        """Write at most MAX_BATCH events."""
        items = [
            {
                "order_id": {"S": event.order_id},
                "version": {"N": str(event.version)},
                "event": to_attribute(event.document.decode()),
            }
            for event in events
        ]
        self._put(self.tables.events, items)

    def put_orders(self, orders: Sequence[Order]) -> None:
        """Write at most MAX_BATCH orders, marked as brought here: the stream publishes none of them."""
        self._put(
            self.tables.orders, [to_item(order) | {MOVED: {"N": str(order.version)}} for order in orders]
        )

    def put_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        """Write what is left of at most MAX_BATCH deleted orders, marked likewise."""
        items: list[Item] = [
            {
                "order_id": {"S": each.order_id},
                "deleted_at": {"S": each.deleted_at},
                "deleted_by": {"S": each.deleted_by},
                MOVED: {"N": "0"},
            }
            # Orders that were deleted before there was a key for their customers have none.
            | ({"deleted_customer": {"S": each.customer_id}} if each.customer_id else {})
            | ({EXPIRES: {"N": str(expires_at(each.deleted_at))}} if each.deleted_at else {})
            for each in tombstones
        ]
        self._put(self.tables.orders, items)

    def is_as_moved(self, order_id: str) -> bool:
        """Whether an order's item is not there, or as a migration wrote it: nothing else wrote it since."""
        request = {"TableName": self.tables.orders, "Key": _key(order_id), "ConsistentRead": True}
        item = self._read("GetItem", request).get("Item")
        return item is None or was_moved(item)

    def remove_events(self, order_id: str, kept: Container[int] = ()) -> None:
        """Remove the events of an order, but for those of some versions."""
        request = {
            "TableName": self.tables.events,
            "KeyConditionExpression": "order_id = :order",
            "ExpressionAttributeValues": {":order": {"S": order_id}},
            "ProjectionExpression": "order_id, #version",
            "ExpressionAttributeNames": {"#version": "version"},
        }
        keys = [item for page in self._pages("Query", request) for item in page]
        gone = [{"DeleteRequest": {"Key": key}} for key in keys if int(key["version"]["N"]) not in kept]
        for start in range(0, len(gone), MAX_BATCH):
            self._write(self.tables.events, gone[start : start + MAX_BATCH])

    def remove(self, order_id: str) -> None:
        """Remove an order, or what is left of it; a tombstone comes between, so that nothing is published."""
        self.put_tombstones([Tombstone(order_id, "", "", "")])
        self._write(self.tables.orders, [{"DeleteRequest": {"Key": _key(order_id)}}])

    def put_figures(self, figures: Sequence[DayFigures]) -> None:
        """Write at most MAX_BATCH daily figures, in place of those that are there."""
        items: list[Item] = [
            {
                "day": {"S": each.day},
                "sk": {"S": f"{each.status}#{each.currency}"},
                "orders": {"N": str(each.orders)},
                "amount": {"N": str(each.amount)},
            }
            for each in figures
        ]
        self._put(self.tables.stats, items)

    def _put(self, table: str, items: Sequence[Item]) -> None:
        self._write(table, [{"PutRequest": {"Item": item}} for item in items])

    def _write(self, table: str, requests: Sequence[Item]) -> None:
        unwritten: Any = {table: requests}
        for attempt in range(_ATTEMPTS):
            with suppress(StoreUnavailable):
                reply = self._client.call("BatchWriteItem", {"RequestItems": unwritten})
                unwritten = reply.get("UnprocessedItems")
                if not unwritten:
                    return
            _pause(attempt)
        raise StoreUnavailable(f"{table} takes no more for now; run the command again to go on from here")

    # --- reading ---

    def digest(self, into: Digest | OrdersDigest, read: Callable[[int], None] = lambda _: None) -> None:
        """Take all records into a digest; `read` hears how many more were read."""
        lock = threading.Lock()

        def take_event(item: Item) -> tuple[str, str, int, bytes]:
            event = event_record(item)
            return "event", event.order_id, event.version, event.document

        def take(page: Iterable[tuple[str, str, int, bytes]]) -> None:
            records = list(page)
            with lock:
                for record in records:
                    into.add(*record)
                read(len(records))

        self.scan(self.tables.events, lambda items: take(map(take_event, items)))
        self.scan(self.tables.orders, lambda items: take(map(_order_record, items)))

    def scan(self, table: str, take: Callable[[list[Item]], None]) -> None:
        """Read a table, strongly consistent, in segments side by side; `take` is called in their threads."""

        def read(segment: int) -> None:
            request = {
                "TableName": table,
                "ConsistentRead": True,
                "Segment": segment,
                "TotalSegments": _SEGMENTS,
            }
            for page in self._pages("Scan", request):
                take(page)

        with ThreadPoolExecutor(_SEGMENTS) as pool:
            for each in [pool.submit(read, segment) for segment in range(_SEGMENTS)]:
                each.result()

    def _pages(self, operation: str, request: Mapping[str, object]) -> Iterator[list[Item]]:
        start: dict[str, object] = {}
        while True:
            reply = self._read(operation, {**request, **start})
            yield reply["Items"]
            if "LastEvaluatedKey" not in reply:
                return
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    def _read(self, operation: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - of any shape
        for attempt in range(_ATTEMPTS - 1):
            with suppress(StoreUnavailable):
                return self._client.call(operation, request)
            _pause(attempt)
        return self._client.call(operation, request)


def _key(order_id: str) -> Item:
    return {"order_id": {"S": order_id}}


def event_record(item: Item) -> EventRecord:
    """The event in an item of the table `events`."""
    return EventRecord(item["order_id"]["S"], int(item["version"]["N"]), document_in(item["event"]))


def tombstone_record(item: Item) -> Tombstone:
    """What is left of a deleted order in an item of the table `orders`."""
    customer = item.get("deleted_customer", {"S": ""})["S"]
    return Tombstone(item["order_id"]["S"], item["deleted_at"]["S"], customer, item["deleted_by"]["S"])


def _order_record(item: Item) -> tuple[str, str, int, bytes]:
    if is_tombstone(item):
        tombstone = tombstone_record(item)
        return "deleted", tombstone.order_id, 0, tombstone.compared
    order = from_item(item)
    return "order", order.order_id, order.version, encode_order(order)


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0, min(_BACKOFF_SECONDS * 2**attempt, _MAX_BACKOFF_SECONDS)))  # noqa: S311
