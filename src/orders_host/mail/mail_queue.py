"""Letters that wait for the mail server, on the disk until it has taken them."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import make_msgid
from typing import Final, NamedTuple

from orders_host.database import Database
from orders_host.mail.letter import Letter

DELAYS_SECONDS: Final = (5, 15, 60, 120, 300, 600)
"""How long to wait after each attempt; the last of them again and again, until the letter has expired."""


class Queued(NamedTuple):
    """A letter in the queue, and how often it was tried. `message_id` stays the same for each attempt."""

    number: int
    letter: Letter
    message_id: str
    written_at: float
    attempts: int


class MailQueue:
    """The table `mail` of gateway.db: a letter leaves it when it was sent, was refused or has expired."""

    def __init__(
        self,
        database: Database,
        own_name: str,
        added: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`added` is called after each letter that comes; `own_name` is the domain of the letters' ids."""
        self._database = database
        self._own_name = own_name
        self._added = added
        self._clock = clock

    def deliver(self, letter: Letter) -> None:
        """Add a letter."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO mail
                   (message_id, address, subject, text, written_at, expires_at, attempts, due_at)
                   VALUES (?, ?, ?, ?, ?, ?, 0, ?)""",
                (make_msgid(domain=self._own_name), *letter[:3], now, letter.expires_at, now),
            )
        self._added()

    def due(self, most: int) -> list[Queued]:
        """The letters to try now, oldest first."""
        now = self._clock()
        rows = self._database.rows(
            # A letter that is due later than any delay was put there by a clock that has been set back.
            "SELECT * FROM mail WHERE due_at <= ? OR due_at > ? ORDER BY number LIMIT ?",
            now,
            now + DELAYS_SECONDS[-1],
            most,
        )
        return [
            Queued(
                row["number"],
                Letter(row["address"], row["subject"], row["text"], row["expires_at"]),
                row["message_id"],
                row["written_at"],
                row["attempts"],
            )
            for row in rows
        ]

    def seconds_until_due(self) -> float | None:
        """How long until the next letter is to be tried; None if there is none."""
        row = self._database.row("SELECT min(due_at) AS due_at FROM mail")
        if row is None or row["due_at"] is None:
            return None
        due_at: float = row["due_at"]
        return min(max(due_at - self._clock(), 0.0), DELAYS_SECONDS[-1])

    def remove(self, number: int) -> None:
        """Forget a letter, which was sent or never will be."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM mail WHERE number = ?", (number,))

    def try_later(self, queued: Queued) -> None:
        """Note an attempt that failed."""
        delay = DELAYS_SECONDS[min(queued.attempts, len(DELAYS_SECONDS) - 1)]
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE mail SET attempts = attempts + 1, due_at = ? WHERE number = ?",
                (self._clock() + delay, queued.number),
            )
