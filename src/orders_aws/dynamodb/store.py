"""Orders in a DynamoDB table, each operation in one round trip: the guards are the write's condition."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from orders_aws.client.calls import MAX_CALL_SECONDS
from orders_aws.dynamodb import status_listing
from orders_aws.dynamodb.client import ConditionFailed, DynamoDBClient
from orders_aws.dynamodb.history import DynamoDBHistory
from orders_aws.dynamodb.items import STATUS_SHARDS, Item, from_item, has_write, is_tombstone, to_item
from orders_aws.dynamodb.requests import delete_request, save_request, update_request
from orders_core import models
from orders_core.models import Order, OrderChange, OrderNotFound, OrderRemoval, OrderStatus, VersionMismatch
from orders_core.stores import (
    Accounts,
    CreateRefused,
    NoAccounts,
    OrderExists,
    OrderQuery,
    OrderWasDeleted,
    Page,
    Position,
    SortField,
    StoreUnavailable,
    UnsupportedQuery,
    WebhookRegistry,
    no_webhooks,
)

READ_BUDGET: Final = 10
"""Most queries that one filtered page may cost."""

_FILTERED_READ_SIZE: Final = 100
_WRITERS: Final = 16
_NO_SEARCH: Final = (
    "can't be answered on AWS, where it would read every order; list by customer_id, status and time, or get"
    " an order by its number: GET /v1/orders/{number}"
)
_NO_PROGRESS: Final = (
    "can't be answered on AWS, whose indexes do not have it; list by status (an order is SHIPPED with its"
    " first shipment), and read payment_status and fulfilment_status of each order"
)
_NO_OTHER_ORDER: Final = (
    "is created_at or -created_at on AWS, whose indexes have orders by the time they were placed;"
    " another order would read all of them. Narrow the listing by customer_id, status, created_from and"
    " created_to"
)
_NO_COUNT: Final = (
    "can't be answered on AWS, where it would read every order that it counts; GET /v1/orders/stats has the"
    " number of orders of each day"
)
_EARLIEST: Final = "0"
_LATEST: Final = "9"


class Tables(NamedTuple):
    """Names of the tables: the orders, and what the stream's consumer keeps of them."""

    orders: str
    events: str
    stats: str

    @classmethod
    def beside(cls, orders: str) -> "Tables":
        """The tables of the deployment that the orders table belongs to, by their usual names."""
        stem = orders.removesuffix("-orders")
        return cls(orders, f"{stem}-events", f"{stem}-stats")


class DynamoDBStore:
    """`Store` over the orders table with its three indexes, and the two tables beside it."""

    def __init__(
        self,
        client: DynamoDBClient,
        tables: Tables,
        accounts: Accounts | None = None,
        webhooks: Callable[[], WebhookRegistry] = no_webhooks,
    ) -> None:
        self._client = client
        self.accounts = accounts or NoAccounts()
        self._webhooks = webhooks
        self._table = tables.orders
        self._history = DynamoDBHistory(client, tables)
        self.list_events = self._history.list_events
        self.rewrite_event = self._history.rewrite_event
        self.daily_figures = self._history.daily_figures

    @property
    def webhooks(self) -> WebhookRegistry:
        """See `Store`."""
        return self._webhooks()

    def create(self, order: Order) -> None:
        """Store a new order; a repeated request of the client itself counts as the first."""
        try:
            self._client.call(
                "PutItem",
                {
                    "TableName": self._table,
                    "Item": to_item(order),
                    "ConditionExpression": "attribute_not_exists(order_id)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                },
            )
        except ConditionFailed as failure:
            if is_tombstone(failure.item or {}):
                raise OrderWasDeleted(order.order_id) from None
            existing = from_item(failure.item or {})
            if not (failure.retried and existing == order):
                raise OrderExists(existing) from None

    def create_all(self, orders: Sequence[Order]) -> list[CreateRefused | None]:
        """Store new orders side by side; those that are not begun in the time of one call are refused."""
        until = time.monotonic() + MAX_CALL_SECONDS

        def refusal(order: Order) -> CreateRefused | None:
            if time.monotonic() > until:
                return StoreUnavailable("no time was left")
            try:
                self.create(order)
            except (OrderExists, OrderWasDeleted, StoreUnavailable) as refused:
                return refused
            return None

        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_WRITERS) as pool:
            return list(pool.map(refusal, orders))

    def get(self, order_id: str) -> Order | None:
        """Return the order by a strongly consistent read."""
        reply = self._client.call(
            "GetItem",
            {"TableName": self._table, "Key": {"order_id": {"S": order_id}}, "ConsistentRead": True},
        )
        item: Any = reply.get("Item")
        return from_item(item) if item and not is_tombstone(item) else None

    def list_orders(self, query: OrderQuery, limit: int, after: Position | None = None) -> Page:
        """Return a page from the index that fits the query."""
        if query.q is not None:
            raise UnsupportedQuery("q", _NO_SEARCH)
        if query.payment_statuses:
            raise UnsupportedQuery("payment_status", _NO_PROGRESS)
        if query.fulfilment_statuses:
            raise UnsupportedQuery("fulfilment_status", _NO_PROGRESS)
        if query.sort.field is not SortField.CREATED_AT:
            raise UnsupportedQuery("sort", _NO_OTHER_ORDER)
        if query.lowest and query.highest and str(query.lowest) > str(query.highest):
            return Page([], None)
        if query.external_reference is not None:
            key = {"external_reference": {"S": query.external_reference}}
            return self._list_by_key("ReferenceIndex", key, query, limit, after)
        if query.customer_id is None:
            return self._list_by_status(query, limit, after)
        return self._list_by_key(
            "CustomerIndex", {"customer_id": {"S": query.customer_id}}, query, limit, after
        )

    def count_orders(self, query: OrderQuery, up_to: int) -> int:
        """Refuse: DynamoDB counts by reading."""
        raise UnsupportedQuery("count", _NO_COUNT)

    def update(self, change: OrderChange) -> Order:
        """Apply the change once, also if a reply is lost; then with what others have written since."""
        write_id = _new_write_id()
        try:
            reply: Any = self._client.call("UpdateItem", update_request(self._table, change, write_id))
        except ConditionFailed as failure:
            old = _stored(failure, change.order_id)
            if has_write(failure.item or {}, write_id):
                return old
            models.change(old, change)
            raise AssertionError("the write's condition and the domain's rules disagree") from failure
        return from_item(reply["Attributes"])

    def save(self, order: Order, expected_version: int) -> None:
        """Store the order once, also if a reply is lost."""
        write_id = _new_write_id()
        try:
            self._client.call("UpdateItem", save_request(self._table, order, expected_version, write_id))
        except ConditionFailed as failure:
            stored = _stored(failure, order.order_id)
            if not has_write(failure.item or {}, write_id):
                raise VersionMismatch(stored.version) from None

    def delete(self, removal: OrderRemoval) -> None:
        """Replace the order by a tombstone."""
        try:
            self._client.call("UpdateItem", delete_request(self._table, removal))
        except ConditionFailed as failure:
            if failure.retried and _is_ours(failure, removal):
                return
            models.check_removal(_stored(failure, removal.order_id), removal)
            raise AssertionError("the write's condition and the domain's rules disagree") from failure

    def list_deleted(self, customer_id: str, limit: int, after: str) -> list[str]:
        """See `ErasureRepository.list_deleted`; of orders deleted before DeletedIndex there are none."""
        reply: Any = self._client.call(
            "Query",
            {
                "TableName": self._table,
                "IndexName": "DeletedIndex",
                "KeyConditionExpression": "deleted_customer = :customer AND order_id > :after",
                # No id is smaller than this, and no key is empty.
                "ExpressionAttributeValues": {
                    ":customer": {"S": customer_id},
                    ":after": {"S": after or "-"},
                },
                "Limit": limit,
            },
        )
        return [item["order_id"]["S"] for item in reply["Items"]]

    def _list_by_key(
        self, index: str, key: Item, query: OrderQuery, limit: int, after: Position | None
    ) -> Page:
        """Return the orders of one key of an index; what else is asked filters, and reads on for a full page.

        Without a filter a page ends where DynamoDB's does, by bytes: large orders make shorter pages.
        """
        start = _start_key(key, after) if after else None
        request = self._index_query(index, key, query)
        request["Limit"] = limit + 1
        owners = () if query.customer_id is None or "customer_id" in key else (query.customer_id,)
        asked = {"customer_id": owners, "status": query.statuses}
        filters = {name: among for name, among in asked.items() if among}
        if filters:
            request["Limit"] = max(limit + 1, _FILTERED_READ_SIZE)
            values = {
                name: {f":{name}{number}": {"S": str(value)} for number, value in enumerate(among)}
                for name, among in filters.items()
            }
            conditions = [f"#{name} IN ({', '.join(bound)})" for name, bound in values.items()]
            request["FilterExpression"] = " AND ".join(conditions)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in filters}
            for bound in values.values():
                request["ExpressionAttributeValues"] |= bound
        found: list[Order] = []
        for _ in range(READ_BUDGET):
            reply: Any = self._client.call("Query", request | ({"ExclusiveStartKey": start} if start else {}))
            found += map(from_item, reply["Items"])
            start = reply.get("LastEvaluatedKey")
            if start is None or len(found) > limit or (found and not filters):
                break
        if len(found) > limit:
            return Page(found[:limit], query.position_of(found[limit - 1]))
        return Page(found, Position(start["created_at"]["S"], start["order_id"]["S"]) if start else None)

    def _list_by_status(self, query: OrderQuery, limit: int, after: Position | None) -> Page:
        """Return orders of all customers, from all shards of StatusIndex."""
        statuses = query.statuses or OrderStatus
        shards = [f"{status}#{number}" for status in statuses for number in range(STATUS_SHARDS)]
        requests = [
            self._index_query("StatusIndex", {"status_shard": {"S": shard}}, query, after) for shard in shards
        ]
        return status_listing.merged(self._client, requests, limit, after, descending=query.sort.descending)

    def _index_query(self, index: str, key: Item, query: OrderQuery, after: Position | None = None) -> Item:
        ((name, value),) = key.items()
        earliest, latest = str(query.lowest or _EARLIEST), str(query.highest or _LATEST)
        if after is not None and query.sort.descending:
            latest = str(after.key)
        elif after is not None:
            earliest = str(after.key)
        return {
            "TableName": self._table,
            "IndexName": index,
            "KeyConditionExpression": f"{name} = :key AND created_at BETWEEN :from AND :to",
            "ExpressionAttributeValues": {
                ":key": value,
                ":from": {"S": earliest},
                ":to": {"S": latest},
            },
            "ScanIndexForward": not query.sort.descending,
        }


def _new_write_id() -> str:
    return os.urandom(8).hex()


def _is_ours(failure: ConditionFailed, removal: OrderRemoval) -> bool:
    item: Any = failure.item or {}
    return is_tombstone(item) and (item["deleted_at"]["S"], item["deleted_by"]["S"]) == (
        removal.at,
        removal.by,
    )


def _stored(failure: ConditionFailed, order_id: str) -> Order:
    if failure.item is None or is_tombstone(failure.item):
        raise OrderNotFound(order_id) from None
    return from_item(failure.item)


def _start_key(key: Item, after: Position) -> Item:
    return key | {"created_at": {"S": str(after.key)}, "order_id": {"S": after.order_id}}
