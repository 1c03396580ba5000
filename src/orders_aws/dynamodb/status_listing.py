"""Orders of all customers, newest first: the shards of StatusIndex, read side by side and merged.

A shard is read a page at a time. Behind the oldest instant that a page has come to there may be more of
the same instant, so of a shard that has more, only what is newer than that instant is complete:

    shard 1   9 8 7 6 | 5 …                what is newer than 6 is complete here,
    shard 2   9 5 2                        this shard was read to its end:
    merged    9 9 8 7                      newer than 6, until shard 1 is read on
"""

from collections.abc import Sequence
from typing import Any, Final

from orders_aws.dynamodb.client import DynamoDBClient
from orders_aws.dynamodb.items import Item, from_item
from orders_core.models import Order
from orders_core.stores import Page, Position

_READERS: Final = 8


class _Shard:
    """One shard, as far as it was read."""

    def __init__(self, request: Item) -> None:
        self.orders: list[Order] = []
        self.cut_by_bytes = False
        self._request = request
        self._start: Any = None

    @property
    def complete_after(self) -> str:
        """The instant after which all of the shard's orders were read; empty if all of them were."""
        return self._start["created_at"]["S"] if self._start else ""

    def read_on(self, client: DynamoDBClient) -> None:
        start = {"ExclusiveStartKey": self._start} if self._start else {}
        reply: Any = client.call("Query", self._request | start)
        self.orders += map(from_item, reply["Items"])
        self._start = reply.get("LastEvaluatedKey")
        self.cut_by_bytes = self._start is not None and len(reply["Items"]) < self._request["Limit"]


def newest(client: DynamoDBClient, requests: Sequence[Item], limit: int, after: Position | None) -> Page:
    """The newest orders after a position: `limit` of them, fewer where DynamoDB's pages end by bytes.

    Args:
        requests: a Query for each shard, newest first.
    """
    # Only staff's listings come here; a cold start should not pay for the import.
    from concurrent.futures import ThreadPoolExecutor

    shards = [_Shard(request | {"Limit": limit + 1}) for request in requests]
    waiting = shards
    found: list[Order] = []
    complete_after = ""
    with ThreadPoolExecutor(_READERS) as pool:
        while waiting:
            list(pool.map(lambda shard: shard.read_on(client), waiting))
            complete_after = max(shard.complete_after for shard in shards)
            found = [
                order for shard in shards for order in shard.orders if _is_due(order, complete_after, after)
            ]
            if len(found) >= limit or (found and any(shard.cut_by_bytes for shard in shards)):
                break
            waiting = [shard for shard in shards if complete_after and shard.complete_after == complete_after]
    found.sort(key=_key, reverse=True)
    more = len(found) > limit or complete_after
    page = found[:limit]
    return Page(page, Position(*_key(page[-1])) if page and more else None)


def _is_due(order: Order, complete_after: str, position: Position | None) -> bool:
    if order.created_at <= complete_after:
        return False
    return position is None or _key(order) < (position.created_at, position.order_id)


def _key(order: Order) -> tuple[str, str]:
    return order.created_at, order.order_id
