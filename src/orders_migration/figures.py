"""Counts the daily figures of the tables anew, from the orders that there are."""

import threading
from collections import defaultdict
from typing import Final

from orders_aws.dynamodb.items import Item, from_item, is_tombstone
from orders_core.models import OrderStatus
from orders_core.stores import DayFigures
from orders_migration.table_side import MAX_BATCH, TableSide

Counter = tuple[str, OrderStatus, str]
"""Day, status and currency."""

_NOTHING: Final = (0, 0)


def recount(side: TableSide) -> int:
    """Replace all daily figures by what the orders table says; returns how many orders were counted.

    Nothing may write orders meanwhile: what the publisher adds to a counter that is replaced is lost.

    Raises:
        StoreUnavailable: DynamoDB can't answer; some figures may be replaced. Run it again.
    """
    found: defaultdict[Counter, tuple[int, int]] = defaultdict(lambda: _NOTHING)
    lock = threading.Lock()

    def count(items: list[Item]) -> None:
        orders = [from_item(item) for item in items if not is_tombstone(item)]
        with lock:
            for order in orders:
                counter = order.created_at[:10], order.status, order.content.currency
                number, amount = found[counter]
                found[counter] = number + 1, amount + order.content.total_amount

    def keep(items: list[Item]) -> None:
        """Counters of which no order is left become zero, which readers leave out."""
        with lock:
            for item in items:
                status, _, currency = item["sk"]["S"].partition("#")
                found.setdefault((item["day"]["S"], OrderStatus(status), currency), _NOTHING)

    side.scan(side.tables.orders, count)
    side.scan(side.tables.stats, keep)
    figures = [DayFigures(*counter, *sums) for counter, sums in found.items()]
    for start in range(0, len(figures), MAX_BATCH):
        side.put_figures(figures[start : start + MAX_BATCH])
    return sum(each.orders for each in figures)
