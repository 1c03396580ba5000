"""Opens gateway.db, the host's own SQLite file, and migrates it forward."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orders_host import sqlite_file
from orders_host.sqlite_file import Migrations

MIGRATIONS: Migrations = (
    (
        """CREATE TABLE pool (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            pool_id TEXT NOT NULL, client_id TEXT NOT NULL, base_url TEXT NOT NULL)""",
        """CREATE TABLE user (
            sub TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, email_verified INTEGER NOT NULL,
            status TEXT NOT NULL, enabled INTEGER NOT NULL, attributes TEXT NOT NULL,
            password_hash TEXT NOT NULL, password_set_at REAL NOT NULL, created_at REAL NOT NULL)""",
        """CREATE TABLE membership (
            sub TEXT NOT NULL REFERENCES user, group_name TEXT NOT NULL,
            PRIMARY KEY (sub, group_name)) WITHOUT ROWID""",
        """CREATE TABLE session (
            origin_jti TEXT PRIMARY KEY, refresh_hash BLOB NOT NULL UNIQUE, sub TEXT NOT NULL REFERENCES user,
            auth_time INTEGER NOT NULL, expires_at REAL NOT NULL, revoked INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX session_by_user ON session (sub)",
        "CREATE INDEX session_by_expiry ON session (expires_at)",
        """CREATE TABLE challenge (
            session_hash BLOB PRIMARY KEY, sub TEXT NOT NULL REFERENCES user, expires_at REAL NOT NULL)""",
        """CREATE TABLE code (
            number INTEGER PRIMARY KEY, purpose TEXT NOT NULL, account TEXT NOT NULL, known INTEGER NOT NULL,
            hash TEXT NOT NULL, expires_at REAL NOT NULL, attempts_left INTEGER NOT NULL,
            day INTEGER NOT NULL, sent_that_day INTEGER NOT NULL, UNIQUE (purpose, account))""",
        "CREATE TABLE lockout (account TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at REAL NOT NULL)",
        "CREATE INDEX lockout_by_time ON lockout (last_at)",
        """CREATE TABLE signing_key (
            kid TEXT PRIMARY KEY, public_jwk TEXT NOT NULL, private_pem BLOB,
            created_at REAL NOT NULL, retired_at REAL)""",
        """CREATE TABLE api_key (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, plan TEXT NOT NULL,
            secret_hash BLOB NOT NULL UNIQUE, created_at REAL NOT NULL)""",
        """CREATE TABLE quota (
            key_id TEXT NOT NULL, day INTEGER NOT NULL, used INTEGER NOT NULL,
            PRIMARY KEY (key_id, day)) WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE pool ADD COLUMN secret BLOB",
        "ALTER TABLE user ADD COLUMN srp_identity TEXT",
        "ALTER TABLE user ADD COLUMN srp_verifier BLOB",
        "CREATE INDEX user_by_srp_identity ON user (srp_identity)",
        """CREATE TABLE spent_challenge (
            block_hash BLOB PRIMARY KEY, expires_at REAL NOT NULL) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE rotated_token (
            refresh_hash BLOB PRIMARY KEY,
            origin_jti TEXT NOT NULL REFERENCES session ON DELETE CASCADE) WITHOUT ROWID""",
        "CREATE INDEX rotated_token_by_session ON rotated_token (origin_jti)",
    ),
    (
        """CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, event TEXT NOT NULL,
            subject TEXT NOT NULL, detail TEXT NOT NULL, source TEXT NOT NULL)""",
        """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    ),
    (
        # Numbers are not used again: a log that names one names one letter.
        """CREATE TABLE mail (
            number INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, address TEXT NOT NULL,
            subject TEXT NOT NULL, text TEXT NOT NULL, written_at REAL NOT NULL, expires_at REAL NOT NULL,
            attempts INTEGER NOT NULL, due_at REAL NOT NULL)""",
        "CREATE INDEX mail_by_due ON mail (due_at)",
    ),
    (
        # Erasing a customer takes away from where the customer came, and nothing else.
        "DROP TRIGGER audit_is_not_changed",
        """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
            WHEN new.source != 'erased' OR (new.number, new.at, new.event, new.subject, new.detail)
                IS NOT (old.number, old.at, old.event, old.subject, old.detail)
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        "CREATE INDEX audit_by_subject ON audit (subject)",
    ),
    (
        "ALTER TABLE challenge ADD COLUMN name TEXT NOT NULL DEFAULT 'NEW_PASSWORD_REQUIRED'",
        """CREATE TABLE software_token (
            sub TEXT PRIMARY KEY REFERENCES user, secret BLOB, offered BLOB,
            last_step INTEGER NOT NULL DEFAULT 0, device_name TEXT NOT NULL DEFAULT '',
            enabled INTEGER NOT NULL DEFAULT 0, preferred INTEGER NOT NULL DEFAULT 0)""",
    ),
)


class Database:
    """gateway.db: users, signing keys, API keys, quotas and mail to be sent. Readable by its owner only.

    Each thread has a connection of its own, so a reader never waits for another thread's commit (WAL).

    Raises:
        SchemaTooNew: the file is from a later release.
        OSError, sqlite3.Error: it can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keep(sqlite_file.open_file(path, MIGRATIONS))

    def rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """All rows of one query."""
        return self._connection().execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: object) -> sqlite3.Row | None:
        """The first row of one query, or None."""
        found: sqlite3.Row | None = self._connection().execute(sql, parameters).fetchone()
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commits on leaving, rolls back on an exception; one inside another joins it."""
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        with sqlite_file.transaction(connection):
            yield connection

    def empty_log(self) -> bool:
        """As `sqlite_file.empty_log`."""
        return sqlite_file.empty_log(self._connection())

    def close(self) -> None:
        """Closes every thread's connection; no thread may be using one."""
        while self._connections:
            self._connections.pop().close()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        return self._keep(sqlite_file.connect(self._path)) if connection is None else connection

    def _keep(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Make it this thread's connection; whichever thread calls `close` closes it."""
        connection.row_factory = sqlite3.Row
        self._connections.append(connection)
        self._local.connection = connection
        return connection
