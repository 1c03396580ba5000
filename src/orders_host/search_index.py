"""The full-text index of orders.db: words of an order, found as soon as its write is durable.

A row of the index has the sequence number of the event that placed the order, so that rows run from the
oldest to the newest order and lead to it by a key. The index keeps no copy of the text (`content=''`):
https://www.sqlite.org/fts5.html#contentless_tables
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import msgspec

from orders_core import order_numbers
from orders_core.models import Order
from orders_core.order_numbers import InvalidNumber
from orders_core.stores import OrderQuery, Position

CREATE: Final = (
    # Prefixes of two and three letters are indexed, too: a clerk's first letters find at once.
    "CREATE VIRTUAL TABLE search USING fts5(customer, words, content='', prefix='2 3',"
    ' tokenize="unicode61 remove_diacritics 2")'
)

MAX_WORDS: Final = 10
"""More words of a query are not looked at."""

_FIND: Final = (
    # CROSS JOIN keeps this order of tables: the index, then two rows by their keys for each hit.
    "SELECT orders.created_at, orders.order_id, orders.status, orders.document FROM search"
    " CROSS JOIN outbox ON outbox.sequence = search.rowid"
    " CROSS JOIN orders ON orders.order_id = outbox.order_id"
    " WHERE search MATCH ? AND search.rowid {beyond} ? ORDER BY search.rowid {direction} LIMIT ?"
)
_NEWEST_FIRST: Final = _FIND.format(beyond="<", direction="DESC")
_OLDEST_FIRST: Final = _FIND.format(beyond=">", direction="ASC")
_END: Final = 2**63 - 1

_PAGES_A_MERGE: Final = 64
_LEAST_CHANGES: Final = 2
"""The statement itself counts as a change of one row."""


Step = Callable[[sqlite3.Connection, Order], None]
"""`add` or `remove`."""


def add(connection: sqlite3.Connection, order: Order) -> None:
    """Index an order whose first event is in the outbox."""
    _put(connection, "INSERT INTO search (rowid, customer, words) VALUES (?, ?, ?)", order)


def remove(connection: sqlite3.Connection, order: Order) -> None:
    """Take an order out of the index; it must be as it was indexed."""
    _put(
        connection,
        "INSERT INTO search (search, rowid, customer, words) VALUES ('delete', ?, ?, ?)",
        order,
    )


def differ(old: Order, new: Order) -> bool:
    """Whether an order that was changed is found by other words."""
    return old.content != new.content and _words(old) != _words(new)


def fill(connection: sqlite3.Connection) -> None:
    """Index all orders of a file that has no index yet; those that can't be read are left out."""
    for (document,) in connection.execute("SELECT document FROM orders"):
        with suppress(msgspec.DecodeError):
            add(connection, msgspec.json.decode(document, type=Order))


def is_missing(connection: sqlite3.Connection) -> bool:
    """Whether there are orders, and none of them is indexed."""
    (missing,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM orders) AND NOT EXISTS (SELECT 1 FROM search_docsize)"
    ).fetchone()
    return bool(missing)


def merge(connection: sqlite3.Connection, *, begin: bool) -> bool:
    """Merge a part of the index's segments into one; return whether there was nothing left to merge.

    An entry that was taken out is only marked so, in a newer segment, until the two are merged. FTS5's own
    option `secure-delete` came with SQLite 3.42: https://www.sqlite.org/fts5.html#the_merge_command
    """
    before = connection.total_changes
    # A negative number starts: all segments are to become one.
    pages = -_PAGES_A_MERGE if begin else _PAGES_A_MERGE
    connection.execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before < _LEAST_CHANGES


def hits(
    connection: sqlite3.Connection, query: OrderQuery, after: Position | None, limit: int
) -> Iterator[tuple[str, str, str, bytes]]:
    """Find orders by their words, as they were placed: when each was, id, status, document.

    Raises sqlite3.Error.
    """
    descending = query.sort.descending
    start: int | None = _END if descending else 0
    if after is not None:
        start = _sequence(connection, after.order_id)
    statement = _NEWEST_FIRST if descending else _OLDEST_FIRST
    return connection.execute(statement, (_match(query), start, limit))


def _put(connection: sqlite3.Connection, statement: str, order: Order) -> None:
    sequence = _sequence(connection, order.order_id)
    connection.execute(statement, (sequence, order.customer_id, _words(order)))


def _sequence(connection: sqlite3.Connection, order_id: str) -> int | None:
    """The number of the event that placed an order; None if it is not in the outbox any more."""
    row = connection.execute(
        "SELECT sequence FROM outbox WHERE order_id = ? AND version = 1", (order_id,)
    ).fetchone()
    return None if row is None else int(row[0])


def _words(order: Order) -> str:
    """What an order is found by: its number and reference, who ordered, products, metadata."""
    content, contact = order.content, order.content.contact
    found = [
        order_numbers.number_of(order.order_id),
        content.external_reference,
        *((contact.name, contact.email) if contact else ()),
        *(text for item in content.items for text in (item.product_id, item.name)),
        *content.metadata.values(),
    ]
    return "\n".join(text for text in found if text)


def _match(query: OrderQuery) -> str:
    """The query in the language of FTS5: every word, each as the beginning of one in the order.

    A word is quoted, so that nothing in it is an operator: https://www.sqlite.org/fts5.html#fts5_strings
    """
    text = query.q or ""
    words = [_number(text)] if _number(text) else text.split()[:MAX_WORDS]
    wanted = " AND ".join(f"{_quoted(str(word))} *" for word in words)
    match = f"words : ({wanted})"
    return match if query.customer_id is None else f"customer : {_quoted(query.customer_id)} AND {match}"


def _number(text: str) -> str | None:
    """The order number that a text is, as the index has it, however it was written."""
    try:
        order_id = order_numbers.id_from(text.strip())
    except InvalidNumber:
        return None
    return None if order_id is None else order_numbers.number_of(order_id)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""').replace("\0", " ") + '"'
