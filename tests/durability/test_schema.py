"""orders.db: created, migrated forward, and left alone when a later release wrote it."""

import sqlite3
from pathlib import Path

import pytest
from tests.orders import an_order

from orders_core.stores import StoreUnavailable
from orders_host.sqlite import SqliteOrderRepository
from orders_host.sqlite_file import SchemaTooNew


def test_a_file_is_opened_again_as_it_was(tmp_path: Path) -> None:
    order = an_order()
    for _ in range(2):
        store = SqliteOrderRepository(tmp_path / "orders.db")
        if store.get(order.order_id) is None:
            store.create(order)
        assert store.get(order.order_id) == order
        store.close()


def test_it_is_durable_at_each_commit(tmp_path: Path) -> None:
    store = SqliteOrderRepository(tmp_path / "orders.db")
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert store._reader.execute("PRAGMA query_only").fetchone() == (1,)
    store.close()


def test_a_later_releases_file_is_left_alone_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    SqliteOrderRepository(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match="schema version 99"):
        SqliteOrderRepository(path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    path.write_text("not a database, and long enough to be taken for one" * 10)
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqliteOrderRepository(path)
