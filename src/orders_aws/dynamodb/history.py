"""What the stream's consumer keeps beside the orders: each order's events, each day's figures.

Both follow the orders table with a second or so of delay.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Protocol

import msgspec

from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.kept_events import from_attribute, to_attribute
from orders_core.events import OrderEvent
from orders_core.models import OrderStatus
from orders_core.stores import DayFigures

_READERS: Final = 8


class TableNames(Protocol):
    """Names of the tables that history is kept in."""

    @property
    def events(self) -> str:
        """The table of events."""

    @property
    def stats(self) -> str:
        """The table of daily figures."""


class DynamoDBHistory:
    """`EventRepository` and `StatisticsRepository`.

    Events have the key (order_id, version) and are kept in `event` (see `kept_events.py`). Figures have the
    key (day, sk) where `sk` is `{status}#{currency}`, and the counters `orders` and `amount`.
    """

    def __init__(self, client: DynamoDBClient, tables: TableNames) -> None:
        self._client = client
        self._tables = tables

    def list_events(self, order_id: str, limit: int, after_version: int = 0) -> list[OrderEvent]:
        """The events after a version, oldest first; a page of DynamoDB that ends by bytes is not the last."""
        request = {
            "TableName": self._tables.events,
            "KeyConditionExpression": "order_id = :order AND #version > :after",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {
                ":order": {"S": order_id},
                ":after": {"N": str(after_version)},
            },
        }
        found: list[OrderEvent] = []
        start: dict[str, Any] = {}
        while True:
            reply: Any = self._client.call("Query", request | start | {"Limit": limit - len(found)})
            found += [from_attribute(item["event"]) for item in reply["Items"]]
            if len(found) >= limit or "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    def rewrite_event(self, event: OrderEvent) -> None:
        """See `ErasureRepository.rewrite_event`; the stream's consumer never replaces what is there."""
        self._client.call(
            "UpdateItem",
            {
                "TableName": self._tables.events,
                "Key": {"order_id": {"S": event.order_id}, "version": {"N": str(event.version)}},
                "UpdateExpression": "SET #event = :event",
                "ConditionExpression": "attribute_exists(order_id)",
                "ExpressionAttributeNames": {"#event": "event"},
                "ExpressionAttributeValues": {":event": to_attribute(msgspec.json.encode(event).decode())},
            },
        )

    def daily_figures(self, first: str, last: str) -> list[DayFigures]:
        """See `StatisticsRepository.daily_figures`; the days are read side by side."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_READERS) as pool:
            return [figures for day in pool.map(self._figures_of, _days(first, last)) for figures in day]

    def _figures_of(self, day: str) -> list[DayFigures]:
        reply: Any = self._client.call(
            "Query",
            {
                "TableName": self._tables.stats,
                "KeyConditionExpression": "#day = :day",
                "ExpressionAttributeNames": {"#day": "day"},
                "ExpressionAttributeValues": {":day": {"S": day}},
            },
        )
        figures = [_figures(day, item) for item in reply["Items"]]
        return [each for each in figures if each.orders]


def _figures(day: str, item: dict[str, Any]) -> DayFigures:
    status, _, currency = item["sk"]["S"].partition("#")
    orders, amount = int(item["orders"]["N"]), int(item["amount"]["N"])
    return DayFigures(day, OrderStatus(status), currency, orders, amount)


def _days(first: str, last: str) -> Iterator[str]:
    days = range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1)
    return (date.fromordinal(day).isoformat() for day in days)
