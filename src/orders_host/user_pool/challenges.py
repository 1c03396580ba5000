"""Sign-ins that wait for an answer: a new password, a code of an authenticator app, or a new such app."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from orders_host.database import Database
from orders_host.user_pool.errors import INVALID_SESSION, CognitoError

LIFE = 180  # seconds, as an app client's AuthSessionValidity


class ChallengeName(StrEnum):
    """What is asked, in Cognito's names; MFA_IS_SET_UP is an MFA_SETUP whose code came back."""

    NEW_PASSWORD_REQUIRED = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - not a password
    SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"  # noqa: S105 - not a password
    MFA_SETUP = "MFA_SETUP"
    MFA_IS_SET_UP = "MFA_IS_SET_UP"


class Asked(NamedTuple):
    """A session string and whose challenge it opens."""

    name: ChallengeName
    session: str
    sub: str


class Challenges:
    """Open challenges; only a SHA-256 of each session string is stored."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def open(self, name: ChallengeName, sub: str) -> Asked:
        """A challenge for this user."""
        now = self._clock()
        session = secrets.token_urlsafe(48)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM challenge WHERE expires_at <= ?", (now,))
            connection.execute(
                "INSERT INTO challenge (session_hash, sub, expires_at, name) VALUES (?, ?, ?, ?)",
                (_digest(session), sub, now + LIFE, name),
            )
        return Asked(name, session, sub)

    def subject(self, name: ChallengeName, session: str) -> str:
        """The user whose challenge of this name it is. Raises CognitoError (NotAuthorizedException)."""
        row = self._database.row(
            "SELECT sub FROM challenge WHERE session_hash = ? AND name = ? AND expires_at > ?",
            _digest(session),
            name,
            self._clock(),
        )
        if row is None:
            raise CognitoError(INVALID_SESSION)
        return str(row["sub"])

    def close(self, session: str) -> None:
        """End it: it was answered.

        Raises:
            CognitoError: NotAuthorizedException: another request answered it first.
        """
        self._take("DELETE FROM challenge WHERE session_hash = ?", session)

    def set_up(self, session: str) -> None:
        """Note that the code of a new app came back. Raises as `close` does."""
        self._take("UPDATE challenge SET name = 'MFA_IS_SET_UP' WHERE session_hash = ?", session)

    def close_others(self, sub: str, but: str = "") -> None:
        """End all of a user's challenges except the one of this session: what they ask for has changed."""
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM challenge WHERE sub = ? AND session_hash != ?", (sub, _digest(but))
            )

    def _take(self, sql: str, session: str) -> None:
        with self._database.transaction() as connection:
            if not connection.execute(sql, (_digest(session),)).rowcount:
                raise CognitoError(INVALID_SESSION)


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
