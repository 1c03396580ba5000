"""Sign-ins that wait for an answer: the user must choose a new password first."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from orders_host.database import Database
from orders_host.user_pool.errors import INVALID_SESSION, CognitoError

LIFE = 180  # seconds, as an app client's AuthSessionValidity


class Challenges:
    """Open NEW_PASSWORD_REQUIRED challenges; only a SHA-256 of each session string is stored."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def open(self, sub: str) -> str:
        """A session string for this user."""
        now = self._clock()
        session = secrets.token_urlsafe(48)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM challenge WHERE expires_at <= ?", (now,))
            connection.execute("INSERT INTO challenge VALUES (?, ?, ?)", (_digest(session), sub, now + LIFE))
        return session

    def subject(self, session: str) -> str:
        """The user who opened it. Raises CognitoError (NotAuthorizedException)."""
        row = self._database.row(
            "SELECT sub FROM challenge WHERE session_hash = ? AND expires_at > ?",
            _digest(session),
            self._clock(),
        )
        if row is None:
            raise CognitoError(INVALID_SESSION)
        return str(row["sub"])

    def close(self, session: str) -> None:
        """Ends it: it was answered.

        Raises CognitoError (NotAuthorizedException) if another request did so first.
        """
        with self._database.transaction() as connection:
            if not connection.execute(
                "DELETE FROM challenge WHERE session_hash = ?", (_digest(session),)
            ).rowcount:
                raise CognitoError(INVALID_SESSION)


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
