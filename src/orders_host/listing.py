"""The statements that list and count orders: each reads an index from one bound on, in the order of its page.

An index of the statuses has one run of orders for each, sorted. Several runs are read side by side, and
SQLite merges them, so that a page costs what it shows whichever statuses are asked for.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from orders_core.models import OrderStatus
from orders_core.stores import OrderQuery, Position, SortField, SortKey
from orders_host.sqlite_schema import CUSTOMER_INDEX, LISTING_INDEXES, REFERENCE_INDEX, SORT_INDEXES

_COLUMNS: Final = {
    SortField.CREATED_AT: "created_at",
    SortField.UPDATED_AT: "updated_at",
    SortField.TOTAL_AMOUNT: "total",
}


class Statement(NamedTuple):
    """A SELECT and the values that are bound to it."""

    text: str
    values: tuple[SortKey, ...]


class _Source(NamedTuple):
    """An index to read; `by_status` if it has a run of orders for each status."""

    name: str
    by_status: bool = False


def page(query: OrderQuery, limit: int, after: Position | None) -> Statement:
    """Select the documents of at most `limit` orders after a position."""
    column = _COLUMNS[query.sort.field]
    direction = "DESC" if query.sort.descending else "ASC"
    order = f" ORDER BY {column} {direction}, order_id {direction} LIMIT ?"
    runs = [*_runs(query, after)]
    # What a merge sorts by, it must also select.
    selected = "document" if len(runs) == 1 else f"document, {column}, order_id"
    return _union(runs, selected, order, limit)


def count(query: OrderQuery, up_to: int) -> Statement:
    """Count the orders of all pages, but no more than `up_to`."""
    text, values = _union([*_runs(query, None)], "1", " LIMIT ?", up_to)
    return Statement(f"SELECT count(*) FROM ({text})", values)  # noqa: S608 - only fixed texts


def is_sorted_in_memory(query: OrderQuery) -> bool:
    """Whether no index has the orders as they are asked for: all of the customer's must be read."""
    return query.customer_id is not None and query.sort.field is not SortField.CREATED_AT


def _union(runs: list[Statement], selected: str, tail: str, limit: int) -> Statement:
    text = " UNION ALL ".join(f"SELECT {selected} FROM {source}" for source, _ in runs)  # noqa: S608
    return Statement(text + tail, (*(value for _, values in runs for value in values), limit))


def _runs(query: OrderQuery, after: Position | None) -> Iterator[Statement]:
    """Each run of an index with its conditions; only fixed texts are put together, all values are bound."""
    source = _source(query)
    statuses = query.statuses
    if source.by_status:
        for status in statuses or OrderStatus:
            yield _run(source, query, (status,), after)
    else:
        yield _run(source, query, statuses, after)


def _source(query: OrderQuery) -> _Source:
    if query.external_reference is not None:
        # Few orders share a reference: what else was asked is compared row by row.
        return _Source(REFERENCE_INDEX)
    if is_sorted_in_memory(query):
        return _Source(CUSTOMER_INDEX)
    if query.sort.field is SortField.CREATED_AT:
        by_status = bool(query.statuses)
        return _Source(LISTING_INDEXES[query.customer_id is not None, by_status], by_status)
    return _Source(SORT_INDEXES[query.sort.field], by_status=True)


def _run(
    source: _Source, query: OrderQuery, statuses: tuple[OrderStatus, ...], after: Position | None
) -> Statement:
    column = _COLUMNS[query.sort.field]
    lowest, highest = query.lowest, query.highest
    # SQLite starts an index at one bound only, and a position is nearer than the bound on its side.
    if after is not None and query.sort.descending:
        highest = None
    elif after is not None:
        lowest = None
    beyond = "<" if query.sort.descending else ">"
    marks = ", ".join("?" * len(statuses))
    asked: dict[str, tuple[SortKey | None, ...]] = {
        "external_reference = ?": (query.external_reference,),
        "customer_id = ?": (query.customer_id,),
        "currency = ?": (query.currency,),
        "status = ?" if len(statuses) == 1 else f"status IN ({marks})": statuses or (None,),
        f"{column} >= ?": (lowest,),
        f"{column} <= ?": (highest,),
        f"({column}, order_id) {beyond} (?, ?)": (after.key, after.order_id) if after else (None,),
    }
    given = {text: values for text, values in asked.items() if values[0] is not None}
    where = f" WHERE {' AND '.join(given)}" if given else ""
    values = tuple(value for values in given.values() for value in values if value is not None)
    return Statement(f"orders INDEXED BY {source.name}{where}", values)
