"""Orders of all customers by time of placing: the shards of StatusIndex, read side by side and merged.

A shard is read a page at a time. Newest first, behind the oldest instant that a page has come to there may
be more of the same instant, so of a shard that has more, only what is newer than that instant is complete:

    shard 1   9 8 7 6 | 5 …                what is newer than 6 is complete here,
    shard 2   9 5 2                        this shard was read to its end:
    merged    9 9 8 7                      newer than 6, until shard 1 is read on

Oldest first it is the other way round.
"""

import operator
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
    def edge(self) -> str | None:
        """The instant that was come to: all orders before it in the listing were read; None if all were."""
        return self._start["created_at"]["S"] if self._start else None

    def read_on(self, client: DynamoDBClient) -> None:
        start = {"ExclusiveStartKey": self._start} if self._start else {}
        reply: Any = client.call("Query", self._request | start)
        self.orders += map(from_item, reply["Items"])
        self._start = reply.get("LastEvaluatedKey")
        self.cut_by_bytes = self._start is not None and len(reply["Items"]) < self._request["Limit"]


def merged(
    client: DynamoDBClient, requests: Sequence[Item], limit: int, after: Position | None, *, descending: bool
) -> Page:
    """The first orders after a position: `limit` of them, fewer where DynamoDB's pages end by bytes.

    Args:
        requests: a Query for each shard, in the direction of the listing.
    """
    # Only staff's listings come here; a cold start should not pay for the import.
    from concurrent.futures import ThreadPoolExecutor

    nearest, comes_before = (max, operator.gt) if descending else (min, operator.lt)
    position = None if after is None else (str(after.key), after.order_id)
    shards = [_Shard(request | {"Limit": limit + 1}) for request in requests]
    waiting = shards
    found: list[Order] = []
    edge: str | None = None
    with ThreadPoolExecutor(_READERS) as pool:
        while waiting:
            list(pool.map(lambda shard: shard.read_on(client), waiting))
            edge = nearest((shard.edge for shard in shards if shard.edge is not None), default=None)
            found = [
                order
                for shard in shards
                for order in shard.orders
                if (edge is None or comes_before((order.created_at,), (edge,)))
                and (position is None or comes_before(position, _key(order)))
            ]
            if len(found) >= limit or (found and any(shard.cut_by_bytes for shard in shards)):
                break
            waiting = [shard for shard in shards if edge is not None and shard.edge == edge]
    found.sort(key=_key, reverse=descending)
    more = len(found) > limit or edge is not None
    page = found[:limit]
    return Page(page, Position(*_key(page[-1])) if page and more else None)


def _key(order: Order) -> tuple[str, str]:
    return order.created_at, order.order_id
