"""Locks an account out for a while after repeated wrong passwords."""

from __future__ import annotations

from collections.abc import Callable

from orders_host.database import Database
from orders_host.user_pool.errors import LOCKED_OUT, CognitoError

# As Cognito, "lockout behavior": docs.aws.amazon.com/cognito/latest/developerguide/authentication.html
FREE_FAILURES = 5
LONGEST = 900  # seconds; so long without an attempt also clears an account


class Lockout:
    """Failures by account, kept in gateway.db: n ≥ 5 of them lock it for 2^(n-5) seconds, at most 15 minutes.

    An account need not exist, so that the lock does not reveal which do. Attempts on a locked one do not
    count.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def check(self, account: str) -> None:
        """Raises CognitoError (NotAuthorizedException) while the account is locked."""
        row = self._database.row("SELECT failures, last_at FROM lockout WHERE account = ?", account)
        if row is None:
            return
        now, last_at = self._clock(), row["last_at"]
        if last_at > now:
            # The clock was set back: the lock counts from now, so that it lasts no longer than it should.
            with self._database.transaction() as connection:
                connection.execute("UPDATE lockout SET last_at = ? WHERE account = ?", (now, account))
            last_at = now
        if now < last_at + _duration(row["failures"]):
            raise CognitoError(LOCKED_OUT)

    def failed(self, account: str) -> None:
        """Counts a wrong password."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM lockout WHERE last_at <= ?", (now - LONGEST,))
            connection.execute(
                """INSERT INTO lockout VALUES (?, 1, ?)
                   ON CONFLICT DO UPDATE SET failures = failures + 1, last_at = excluded.last_at""",
                (account, now),
            )

    def clear(self, account: str) -> None:
        """Forgets the failures: the password was right."""
        if self._database.row("SELECT 1 FROM lockout WHERE account = ?", account):
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM lockout WHERE account = ?", (account,))


def _duration(failures: int) -> int:
    return min(2 ** min(failures - FREE_FAILURES, 10), LONGEST) if failures >= FREE_FAILURES else 0
