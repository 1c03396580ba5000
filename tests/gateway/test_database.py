"""gateway.db: private, migrated forward, safe to share."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orders_host.database import MIGRATIONS, Database
from orders_host.sqlite_file import SchemaTooNew


def test_only_the_owner_may_read_it(database: Database, tmp_path: Path) -> None:
    database.rows("SELECT * FROM user")
    files = list(tmp_path.glob("gateway.db*"))
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_the_schema_version_is_recorded_and_applied_once(database: Database, tmp_path: Path) -> None:
    version = database.row("PRAGMA user_version")
    assert version is not None
    assert version[0] == len(MIGRATIONS)
    Database(tmp_path / "gateway.db").close()


def test_a_later_versions_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaTooNew, match="upgrade orders-api"):
        Database(path)


def test_processes_may_open_it_for_the_first_time_together(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        opened = list(threads.map(lambda _: Database(tmp_path / "gateway.db"), range(8)))
    for database in opened:
        database.close()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as connection:
        connection.execute("INSERT INTO lockout VALUES ('x', 1, 0)")
        with database.transaction() as inner:
            inner.execute("INSERT INTO lockout VALUES ('y', 1, 0)")
        raise RuntimeError
    assert not database.rows("SELECT * FROM lockout")


def test_what_can_not_be_committed_is_rolled_back(database: Database, tmp_path: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO membership VALUES ('nobody', 'staff')")
    with database.transaction() as connection:
        connection.execute("INSERT INTO lockout VALUES ('x', 1, 0)")
    other = Database(tmp_path / "gateway.db")
    assert len(other.rows("SELECT * FROM lockout")) == 1
    other.close()
