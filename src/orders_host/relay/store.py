"""events.db: the webhooks, how far each has come, and what it still has to get.

A file of its own, so that the relay's writes never wait for those of the orders, nor those for it. What is
delivered is noted without waiting for the disk: after a power loss some of it is delivered again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from orders_host import sqlite_file
from orders_host.sqlite_file import Migrations, transaction
from orders_webhooks.webhook import NoSuchWebhook, Webhook

MIGRATIONS: Final[Migrations] = (
    (
        """CREATE TABLE webhook (
            webhook_id TEXT PRIMARY KEY,
            document   BLOB NOT NULL,
            cursor     INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE delivery (
            webhook_id TEXT NOT NULL REFERENCES webhook ON DELETE CASCADE,
            sequence   INTEGER NOT NULL,
            order_id   TEXT NOT NULL,
            attempts   INTEGER NOT NULL DEFAULT 0,
            due_at     REAL,  -- null: it waits behind an earlier event of its order
            PRIMARY KEY (webhook_id, sequence)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX delivery_by_time ON delivery (webhook_id, due_at, sequence)",
        "CREATE INDEX delivery_by_order ON delivery (webhook_id, order_id, sequence)",
        """CREATE TABLE dead_letter (
            webhook_id TEXT NOT NULL REFERENCES webhook ON DELETE CASCADE,
            sequence   INTEGER NOT NULL,
            order_id   TEXT NOT NULL,
            attempts   INTEGER NOT NULL,
            error      TEXT NOT NULL,
            at         REAL NOT NULL,
            PRIMARY KEY (webhook_id, sequence)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE attempt (
            webhook_id TEXT NOT NULL REFERENCES webhook ON DELETE CASCADE,
            number     INTEGER NOT NULL,
            sequence   INTEGER NOT NULL,
            order_id   TEXT NOT NULL,
            at         REAL NOT NULL,
            error      TEXT,  -- null: it was delivered
            next_at    REAL,  -- null: there is no attempt after it
            PRIMARY KEY (webhook_id, number)
        ) STRICT, WITHOUT ROWID""",
    ),
)

MAX_ATTEMPTS_KEPT: Final = 100
"""Of each webhook; older ones go with each new one."""

_BUSY_TIMEOUT_SECONDS: Final = 2.0


class Delivery(NamedTuple):
    """An event that a webhook has to get. `attempts` have failed so far; times are Unix times."""

    sequence: int
    order_id: str
    attempts: int


class DeadLetter(NamedTuple):
    """An event that a webhook did not get, after the last attempt."""

    webhook_id: str
    sequence: int
    order_id: str
    attempts: int
    error: str
    at: float


class Attempt(NamedTuple):
    """What came of one attempt; times are Unix times."""

    sequence: int
    order_id: str
    at: float
    error: str | None
    next_at: float | None


class Backlog(NamedTuple):
    """How many events a webhook has to get, has been tried with in vain, and did not get."""

    waiting: int
    failing: int
    dead: int


class EventStore:
    """events.db, for one thread. Commands and the host have it open at the same time."""

    def __init__(
        self,
        path: Path,
        busy_timeout_seconds: float = _BUSY_TIMEOUT_SECONDS,
        *,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
    ) -> None:
        """Open the file, create or migrate it.

        With FULL what a caller is told is durable, such as a new webhook. NORMAL is for the relay's own
        notes: without the latest of them it delivers some events once more.

        Raises:
            SchemaTooNew, OSError, sqlite3.Error: as `sqlite_file.open_file` does.
        """
        self._connection = sqlite_file.open_file(
            path, MIGRATIONS, synchronous=synchronous, busy_timeout_seconds=busy_timeout_seconds
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def changes_of_others(self) -> int:
        """A number that changes whenever another process has written."""
        (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(number)

    # --- webhooks ---

    def add(self, webhook: Webhook, cursor: int) -> None:
        """`cursor` is the sequence number of the last event that it need not get."""
        self._connection.execute(
            "INSERT INTO webhook VALUES (?, ?, ?)", (webhook.webhook_id, _encode(webhook), cursor)
        )

    def get(self, webhook_id: str) -> Webhook | None:
        """Return a webhook; None if there is no such one."""
        row = self._connection.execute(
            "SELECT document FROM webhook WHERE webhook_id = ?", (webhook_id,)
        ).fetchone()
        return _decode(row[0]) if row else None

    def all(self) -> list[Webhook]:
        """In the order in which they were added."""
        rows = self._connection.execute("SELECT document FROM webhook ORDER BY rowid").fetchall()
        return [_decode(row[0]) for row in rows]

    def ids(self) -> list[str]:
        """Of all webhooks, also of one whose document can't be read."""
        return [row[0] for row in self._connection.execute("SELECT webhook_id FROM webhook ORDER BY rowid")]

    def change(self, webhook_id: str, change: Callable[[Webhook], Webhook]) -> Webhook:
        """Replace a webhook by what `change` makes of it.

        Raises:
            NoSuchWebhook: there is none, or no longer.
        """
        with transaction(self._connection):
            webhook = self.get(webhook_id)
            if webhook is None:
                raise NoSuchWebhook(webhook_id)
            changed = change(webhook)
            self._connection.execute(
                "UPDATE webhook SET document = ? WHERE webhook_id = ?", (_encode(changed), webhook_id)
            )
        return changed

    def remove(self, webhook_id: str) -> None:
        """With all that it still had to get.

        Raises:
            NoSuchWebhook: there is none.
        """
        if not self._connection.execute("DELETE FROM webhook WHERE webhook_id = ?", (webhook_id,)).rowcount:
            raise NoSuchWebhook(webhook_id)

    def forget_beyond(self, newest: int) -> None:
        """Take back what was noted of events that are not in the outbox: orders.db was replaced."""
        with transaction(self._connection):
            self._connection.execute("UPDATE webhook SET cursor = ? WHERE cursor > ?", (newest, newest))
            for table in ("delivery", "dead_letter", "attempt"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE webhook_id IN (SELECT webhook_id FROM webhook)"  # noqa: S608
                    " AND sequence > ?",
                    (newest,),
                )

    # --- deliveries ---

    def cursor(self, webhook_id: str) -> int:
        """The sequence number of the last event that was taken in, or passed over."""
        row = self._connection.execute(
            "SELECT cursor FROM webhook WHERE webhook_id = ?", (webhook_id,)
        ).fetchone()
        if row is None:
            raise NoSuchWebhook(webhook_id)
        return int(row[0])

    def take_in(self, webhook_id: str, events: Sequence[tuple[int, str]], cursor: int) -> None:
        """Put events, each (sequence, order_id), among the deliveries and move the cursor with them."""
        with transaction(self._connection):
            self._put(webhook_id, events)
            self._connection.execute(
                "UPDATE webhook SET cursor = ? WHERE webhook_id = ?", (cursor, webhook_id)
            )

    def replay(self, webhook_id: str, events: Sequence[tuple[int, str]]) -> None:
        """Put events among the deliveries once more; they are dead letters no longer."""
        with transaction(self._connection):
            self._put(webhook_id, events)
            self._connection.executemany(
                "DELETE FROM dead_letter WHERE webhook_id = ? AND sequence = ?",
                [(webhook_id, sequence) for sequence, _ in events],
            )

    def due(self, webhook_id: str, now: float, limit: int) -> list[Delivery]:
        """What may be tried now: of each order the earliest event only."""
        rows = self._connection.execute(
            "SELECT sequence, order_id, attempts FROM delivery WHERE webhook_id = ? AND due_at <= ?"
            " ORDER BY due_at, sequence LIMIT ?",
            (webhook_id, now, limit),
        )
        return [Delivery(*row) for row in rows.fetchall()]

    def next_due(self, webhook_id: str, after: float) -> float | None:
        """When something will be due that is not due at `after`."""
        (due_at,) = self._connection.execute(
            "SELECT min(due_at) FROM delivery WHERE webhook_id = ? AND due_at > ?", (webhook_id, after)
        ).fetchone()
        return None if due_at is None else float(due_at)

    def limit_delays(self, webhook_id: str, latest: float) -> None:
        """Let nothing be due later than that: the clock was set back since it was noted."""
        self._connection.execute(
            "UPDATE delivery SET due_at = :latest WHERE webhook_id = :id AND due_at > :latest",
            {"id": webhook_id, "latest": latest},
        )

    def delivered(self, webhook_id: str, delivery: Delivery) -> None:
        """Remove a delivery that was made; the order's next event is due."""
        with transaction(self._connection):
            self._end(webhook_id, delivery)

    def try_again(self, webhook_id: str, delivery: Delivery, due_at: float) -> None:
        """Count a failed attempt; the next is due at a Unix time."""
        self._connection.execute(
            "UPDATE delivery SET attempts = ?, due_at = ? WHERE webhook_id = ? AND sequence = ?",
            (delivery.attempts + 1, due_at, webhook_id, delivery.sequence),
        )

    def give_up(self, webhook_id: str, delivery: Delivery, error: str, now: float) -> None:
        """Make it a dead letter; the order's next event is due."""
        letter = (webhook_id, delivery.sequence, delivery.order_id, delivery.attempts + 1, error, now)
        with transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?)", letter)
            self._end(webhook_id, delivery)

    def note_attempt(self, webhook_id: str, attempt: Attempt) -> None:
        """Keep what came of an attempt, among the latest; nothing if the webhook was removed meanwhile."""
        with transaction(self._connection):
            self._connection.execute(
                "INSERT INTO attempt SELECT webhook_id, 1 + coalesce((SELECT max(number) FROM attempt"
                " WHERE webhook_id = :id), 0), :sequence, :order, :at, :error, :next_at"
                " FROM webhook WHERE webhook_id = :id",
                {
                    "id": webhook_id,
                    "sequence": attempt.sequence,
                    "order": attempt.order_id,
                    "at": attempt.at,
                    "error": attempt.error,
                    "next_at": attempt.next_at,
                },
            )
            self._connection.execute(
                "DELETE FROM attempt WHERE webhook_id = :id AND number <="
                " (SELECT max(number) FROM attempt WHERE webhook_id = :id) - :kept",
                {"id": webhook_id, "kept": MAX_ATTEMPTS_KEPT},
            )

    def attempts(self, webhook_id: str, limit: int) -> list[Attempt]:
        """The latest first."""
        rows = self._connection.execute(
            "SELECT sequence, order_id, at, error, next_at FROM attempt WHERE webhook_id = ?"
            " ORDER BY number DESC LIMIT ?",
            (webhook_id, limit),
        )
        return [Attempt(*row) for row in rows.fetchall()]

    def waiting(self, webhook_id: str) -> int:
        """How many events are among the webhook's deliveries."""
        (number,) = self._connection.execute(
            "SELECT count(*) FROM delivery WHERE webhook_id = ?", (webhook_id,)
        ).fetchone()
        return int(number)

    def backlog(self, webhook_id: str) -> Backlog:
        """Return the counts of waiting, retried and dead deliveries."""
        row = self._connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE attempts > 0),"
            " (SELECT count(*) FROM dead_letter WHERE webhook_id = :id)"
            " FROM delivery WHERE webhook_id = :id",
            {"id": webhook_id},
        ).fetchone()
        return Backlog(*row)

    def dead_letters(self, webhook_id: str) -> list[DeadLetter]:
        """Oldest first."""
        rows = self._connection.execute(
            "SELECT * FROM dead_letter WHERE webhook_id = ? ORDER BY sequence", (webhook_id,)
        )
        return [DeadLetter(*row) for row in rows.fetchall()]

    def _put(self, webhook_id: str, events: Sequence[tuple[int, str]]) -> None:
        self._connection.executemany(
            "INSERT INTO delivery (webhook_id, sequence, order_id, due_at) SELECT :id, :sequence, :order,"
            " CASE WHEN EXISTS (SELECT 1 FROM delivery WHERE webhook_id = :id AND order_id = :order)"
            " THEN NULL ELSE 0 END WHERE true ON CONFLICT DO NOTHING",
            [{"id": webhook_id, "sequence": sequence, "order": order_id} for sequence, order_id in events],
        )

    def _end(self, webhook_id: str, delivery: Delivery) -> None:
        """Take a delivery away: the next event of its order is due."""
        self._connection.execute(
            "DELETE FROM delivery WHERE webhook_id = ? AND sequence = ?", (webhook_id, delivery.sequence)
        )
        self._connection.execute(
            "UPDATE delivery SET due_at = 0 WHERE webhook_id = :id AND due_at IS NULL AND sequence ="
            " (SELECT min(sequence) FROM delivery WHERE webhook_id = :id AND order_id = :order)",
            {"id": webhook_id, "order": delivery.order_id},
        )


def _encode(webhook: Webhook) -> bytes:
    return msgspec.json.encode(webhook)


def _decode(document: bytes) -> Webhook:
    return msgspec.json.decode(document, type=Webhook)
