"""Opens the host's SQLite files: readable by their owner only, in WAL mode, migrated forward."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from orders_host.data_dir import RESTORING

Migrations = Sequence[Sequence[str]]
"""The statements that lead from each schema version (`PRAGMA user_version`) to the next; only appended to."""

BUSY_TIMEOUT_SECONDS: Final = 5.0
"""How long a statement waits for another process's transaction, unless a caller says otherwise."""

_LOG_TIMEOUT_MILLISECONDS: Final = 50
_OWNER_ONLY: Final = 0o600

_ZEROED: Final = 0x4F524453
"""The application id ("ORDS") of a file whose free space holds nothing of what was deleted."""


class RestoreUnfinished(OSError):
    """A restore of the data directory was interrupted; its databases may be missing, or of another time."""


class SchemaTooNew(Exception):
    """The file was written by a later release of this program."""


def open_file(
    path: Path,
    migrations: Migrations,
    *,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS,
) -> sqlite3.Connection:
    """Create the file or migrate it, and return a connection to it.

    Raises:
        SchemaTooNew: the file needs a later release; it is left as it is.
        RestoreUnfinished: the data directory is being restored.
        OSError, sqlite3.Error: it can't be opened.
    """
    if (path.parent / RESTORING).exists():
        raise RestoreUnfinished(
            f"a restore of {path.parent} goes on, or was interrupted: let it end, or run it again"
        )
    # SQLite gives its -wal and -shm files the mode of the main one.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
    path.chmod(_OWNER_ONLY)
    connection = connect(path, synchronous=synchronous, busy_timeout_seconds=busy_timeout_seconds)
    try:
        is_new = not schema_version(connection)
        _migrate(connection, path, migrations)
        _zero_once(connection, is_new)
    except BaseException:
        connection.close()
        raise
    return connection


def connect(
    path: Path,
    *,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS,
) -> sqlite3.Connection:
    """Return one more connection to a file that `open_file` has opened, in autocommit mode.

    FULL: a commit is on the disk when it returns. NORMAL: a power loss may take back the latest commits.
    """
    connection = sqlite3.connect(
        path, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted or replaced is overwritten with zeros: docs/decisions/erasing-a-customer.md.
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit on leaving, roll back on an exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors (a full disk) have rolled everything back already.
        with suppress(sqlite3.OperationalError):
            connection.execute("ROLLBACK")
        raise


def empty_log(connection: sqlite3.Connection) -> bool:
    """Bring the write-ahead log into the file and cut it to nothing; whether no reader was in the way."""
    (timeout,) = connection.execute("PRAGMA busy_timeout").fetchone()
    # Writers wait while this waits for readers.
    connection.execute(f"PRAGMA busy_timeout = {_LOG_TIMEOUT_MILLISECONDS}")
    try:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")
    return not busy


def _zero_once(connection: sqlite3.Connection, is_new: bool) -> None:
    """Rewrite a file of a release that left what it deleted in place, without any of that."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if mark == _ZEROED:
        return
    # A file too large for what is free on the disk stays as it is until there is room.
    with suppress(sqlite3.OperationalError):
        if not is_new:
            connection.execute("VACUUM")
            empty_log(connection)
        connection.execute(f"PRAGMA application_id = {_ZEROED}")


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of migrations that were applied to the file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    if schema_version(connection) == len(migrations):
        return
    with transaction(connection):
        # Read again: another process may have migrated while this one waited for the lock.
        version = schema_version(connection)
        if version > len(migrations):
            raise SchemaTooNew(
                f"{path} has schema version {version}, and this release knows versions up to"
                f" {len(migrations)}: upgrade orders-api to the release that wrote it, or a later one."
            )
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
