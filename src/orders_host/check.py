"""Checks the databases of a data directory: their pages, and what they say of each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from orders_core.events import OrderEvent
from orders_core.models import Order
from orders_host import sqlite_file
from orders_host.data_dir import DATABASES, EVENTS_DB, ORDERS_DB

MAX_FINDINGS: Final = 100
"""A damaged file can have one for each of its orders."""

_Row = tuple[str, str, str, str, str, int, bytes]


class Finding(NamedTuple):
    """Something that is not as it must be."""

    file: str
    text: str


class CheckResult(NamedTuple):
    """What was checked, and the first MAX_FINDINGS that are wrong."""

    orders: int
    events: int
    findings: list[Finding]


def check(data_dir: Path) -> CheckResult:
    """Check all databases of a directory, each as it is at one moment; the host may be running.

    Raises:
        FileNotFoundError: there is none.
        OSError, sqlite3.Error: one can't be opened.
    """
    paths = [data_dir / name for name in DATABASES if (data_dir / name).is_file()]
    if not paths:
        raise FileNotFoundError(f"there is no database in {data_dir}; `orders serve` makes them")
    counted = _Counted()
    findings: list[Finding] = []
    for found in _all_findings(paths, counted):
        findings.append(found)
        if len(findings) == MAX_FINDINGS:
            break
    return CheckResult(counted.orders, counted.events, findings)


class _Counted:
    orders = 0
    events = 0


def _all_findings(paths: list[Path], counted: _Counted) -> Iterator[Finding]:
    for path in paths:
        try:
            with closing(sqlite_file.connect(path)) as connection:
                connection.execute("BEGIN")
                sound = True
                for text in _pages(connection):
                    sound = False
                    yield Finding(path.name, text)
                if sound:
                    yield from (Finding(path.name, text) for text in _content(path, connection, counted))
        except sqlite3.DatabaseError as error:
            yield Finding(path.name, f"can't be read: {error}")


def _pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (text,) in connection.execute(f"PRAGMA integrity_check({MAX_FINDINGS})"):
        if text != "ok":
            yield text
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"{table}, row {row}: what it refers to in {parent} is not there"


def _content(path: Path, connection: sqlite3.Connection, counted: _Counted) -> Iterator[str]:
    if path.name == ORDERS_DB:
        yield from _orders(connection, counted)
        yield from _figures(connection)
    elif path.name == EVENTS_DB:
        yield from _webhooks(path, connection)


def _orders(connection: sqlite3.Connection, counted: _Counted) -> Iterator[str]:
    """Walk the orders and the events side by side, both by order id."""
    orders: Iterator[_Row] = connection.execute(
        "SELECT order_id, customer_id, status, created_at, currency, total, document"
        " FROM orders ORDER BY order_id"
    )
    events = groupby(
        connection.execute("SELECT order_id, version, document FROM outbox ORDER BY order_id, version"),
        key=lambda row: str(row[0]),
    )
    deleted = {row[0] for row in connection.execute("SELECT order_id FROM tombstone")}
    row = next(orders, None)
    for order_id, group in events:
        while row is not None and row[0] < order_id:
            yield f"order {row[0]}: it has no events"
            row = next(orders, None)
        last: OrderEvent | None = None
        for event, text in _chain(order_id, group, counted):
            if text:
                yield text
            last = event or last
        if row is not None and row[0] == order_id:
            counted.orders += 1
            yield from _order(row, last)
            row = next(orders, None)
        elif last is not None and last.type != "OrderDeleted":
            yield f"order {order_id}: it is missing; its last event is {last.type}, version {last.version}"
        elif order_id not in deleted:
            yield f"order {order_id}: it was deleted, but has no tombstone"
    while row is not None:
        yield f"order {row[0]}: it has no events"
        row = next(orders, None)


def _chain(
    order_id: str, rows: Iterator[tuple[str, int, bytes]], counted: _Counted
) -> Iterator[tuple[OrderEvent | None, str | None]]:
    """Each event of one order, and what is wrong with it. Versions follow each other, from 1."""
    expected = 1
    for _, version, document in rows:
        counted.events += 1
        named = f"order {order_id}, event {version}"
        if version != expected:
            yield None, f"{named}: version {expected} was expected"
        expected = version + 1
        try:
            event = msgspec.json.decode(document, type=OrderEvent)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            yield None, f"{named}: its document can't be read: {error}"
            continue
        same = (event.order_id, event.version) == (order_id, version)
        ids = event.id.startswith(f"{order_id}:{version}")
        yield event, None if same and ids else f"{named}: its document is of {event.id}"


def _order(row: _Row, last: OrderEvent | None) -> Iterator[str]:
    named = f"order {row[0]}"
    try:
        order = msgspec.json.decode(row[6], type=Order)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        yield f"{named}: its document can't be read: {error}"
        return
    content = order.content
    columns = ("order_id", "customer_id", "status", "created_at", "currency", "total")
    said = (
        order.order_id,
        order.customer_id,
        order.status,
        order.created_at,
        content.currency,
        content.total_amount,
    )
    for column, indexed, in_document in zip(columns, row, said, strict=False):
        if indexed != in_document:
            yield f"{named}: {column} is {indexed!r}, and {in_document!r} in its document"
    if last is None:
        return
    if last.order != order:
        state = f"it is {order.status}, version {order.version}"
        yield f"{named}: {state}; its last event says {last.order.status}, {last.version}"


_KEPT: Final = (
    "SELECT day, status, currency, orders, amount_high, amount_low FROM daily_figures WHERE orders != 0"
)
_RECOUNTED: Final = (
    "SELECT substr(created_at, 1, 10), status, currency, count(*), sum(total >> 32), sum(total & 0xffffffff)"
    " FROM orders GROUP BY 1, 2, 3"
)
_DIFFERING: Final = (
    f"SELECT * FROM ({_KEPT} EXCEPT {_RECOUNTED}) UNION SELECT * FROM ({_RECOUNTED} EXCEPT {_KEPT})"  # noqa: S608
)


def _figures(connection: sqlite3.Connection) -> Iterator[str]:
    keys = {tuple(row[:3]) for row in connection.execute(_DIFFERING)}
    for day, status, currency in sorted(keys):
        yield f"the figures of {day}, {status}, {currency} are not those of its orders"


def _webhooks(path: Path, connection: sqlite3.Connection) -> Iterator[str]:
    newest = _newest(path.with_name(ORDERS_DB))
    if newest is None:
        return
    beyond = "SELECT webhook_id, cursor FROM webhook WHERE cursor > ?"
    for webhook_id, cursor in connection.execute(beyond, (newest,)):
        yield f"webhook {webhook_id}: it has come to event {cursor}, and the last there is is {newest}"


def _newest(orders_db: Path) -> int | None:
    if not orders_db.is_file():
        return None
    with suppress(sqlite3.DatabaseError), closing(sqlite_file.connect(orders_db)) as connection:
        (newest,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM outbox").fetchone()
        return int(newest)
    return None
