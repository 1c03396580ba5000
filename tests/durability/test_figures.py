"""The daily figures, kept as orders are written, are what counting every order would give."""

import itertools
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.orders import MUGS, a_change, a_removal, an_order

from orders_core.models import IllegalState, LineItem, OrderContent, OrderStatus
from orders_core.stores import DayFigures, OrderExists, StoreUnavailable
from orders_host.sqlite import SqliteOrderRepository
from orders_host.sqlite_schema import MIGRATIONS

EVER: Final = ("2000-01-01", "2099-12-31")
DAYS: Final = ("2026-01-31", "2026-02-01")
# The largest total there can be; a handful of them exceeds 64 bits.
LARGEST: Final = OrderContent(
    items=tuple(LineItem("A-1", 10_000, 10**11, "Yacht") for _ in range(100)), currency="KWD"
)
NEXT: Final = dict(
    itertools.pairwise(
        [
            OrderStatus.PENDING,
            OrderStatus.CONFIRMED,
            OrderStatus.PROCESSING,
            OrderStatus.SHIPPED,
            OrderStatus.DELIVERED,
        ]
    )
)
CONTENTS: Final = (MUGS, replace(MUGS, currency="JPY"), LARGEST)


def recount(store: SqliteOrderRepository) -> list[DayFigures]:
    orders: Counter[tuple[str, OrderStatus, str]] = Counter()
    amounts: Counter[tuple[str, OrderStatus, str]] = Counter()
    rows = store._reader.execute("SELECT substr(created_at, 1, 10), status, currency, total FROM orders")
    for day, status, currency, total in rows:
        orders[day, OrderStatus(status), currency] += 1
        amounts[day, OrderStatus(status), currency] += total
    return [DayFigures(*key, number, amounts[key]) for key, number in sorted(orders.items())]


steps = st.lists(
    st.tuples(
        st.sampled_from(["create", "create again", "change", "move on", "cancel", "delete", "undo"]),
        st.integers(0, 20),
        st.sampled_from(CONTENTS),
        st.sampled_from(DAYS),
    ),
    max_size=40,
)


@given(steps)
def test_they_equal_a_recount_after_any_history(history: list[tuple[str, int, OrderContent, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(opened(Path(folder) / "orders.db")) as store:
        ids: list[str] = []
        for step, pick, content, day in history:
            with suppress(IllegalState, OrderExists):
                do(store, ids, step, pick, content, day)
        assert store.daily_figures(*EVER) == recount(store)


def test_sums_beyond_64_bits_are_exact(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "orders.db")) as store:
        for _ in range(200):
            store.create(an_order(content=LARGEST))
        (figures,) = store.daily_figures(*EVER)
        assert figures.amount == 200 * LARGEST.total_amount > 2**63
        assert figures.orders == 200


def test_a_file_of_the_version_before_has_its_orders_counted(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as raw, raw:
        for statement in MIGRATIONS[0]:
            raw.execute(statement)
        raw.execute("PRAGMA user_version = 1")
        row = "INSERT INTO orders VALUES (?, 'ana', 'PENDING', '2026-01-31T09:00:00.000Z', 'EUR', ?, x'00')"
        raw.executemany(row, [(str(number), 2**62) for number in range(5)])
    with closing(SqliteOrderRepository(path)) as store:
        assert store.daily_figures(*EVER) == [
            DayFigures("2026-01-31", OrderStatus.PENDING, "EUR", 5, 5 * 2**62)
        ]


def opened(path: Path) -> SqliteOrderRepository:
    store = SqliteOrderRepository(path)
    store._writer.execute("PRAGMA synchronous = OFF")  # durability is another test's matter
    return store


def do(
    store: SqliteOrderRepository, ids: list[str], step: str, pick: int, content: OrderContent, day: str
) -> None:
    if step == "undo":
        undo(store, content)
    elif step == "create" or not ids:
        order = an_order(at=f"{day}T09:00:00.000Z", content=content)
        store.create(order)
        ids.append(order.order_id)
    else:
        existing(store, ids[pick % len(ids)], ids, step, content)


def existing(
    store: SqliteOrderRepository, order_id: str, ids: list[str], step: str, content: OrderContent
) -> None:
    order = store.get(order_id)
    assert order is not None
    if step == "create again":
        store.create(replace(order, content=content))
    elif step == "change":
        store.update(a_change(order, content))
    elif step in {"move on", "cancel"}:
        status = OrderStatus.CANCELLED if step == "cancel" else NEXT.get(order.status, OrderStatus.DELIVERED)
        store.update(a_change(order, order.content, status=status))
    else:
        store.delete(a_removal(order))
        ids.remove(order_id)


def undo(store: SqliteOrderRepository, content: OrderContent) -> None:
    """A batch that can't be committed leaves no trace in the figures."""
    store.begin()
    with suppress(StoreUnavailable):
        store.create(an_order(content=content))
    store.rollback()
