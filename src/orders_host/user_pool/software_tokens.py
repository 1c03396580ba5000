"""The authenticator apps of users: which secret each shares with the pool, and which code was last used."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from orders_host.database import Database
from orders_host.user_pool import totp
from orders_host.user_pool.sealing import Seal, is_sealed


class Verdict(Enum):
    """What a code is."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"


class SoftwareToken(NamedTuple):
    """An app whose code came back once. `enabled`: it is asked for at sign-in. `preferred`: as in Cognito."""

    device_name: str
    enabled: bool
    preferred: bool


class StoredToken(NamedTuple):
    """A row of the table, without a secret that waits; `secret` as `Seal.close` made it."""

    secret: bytes
    last_step: int
    device_name: str
    enabled: bool
    preferred: bool


class SoftwareTokens:
    """The table `software_token`: a secret that is in use, and one that waits for its first code.

    A new secret takes the place of the one in use with its first code, so that a user who stops half-way
    still signs in with the old app.
    """

    def __init__(self, database: Database, seal: Seal, clock: Callable[[], float]) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock

    def find(self, sub: str) -> SoftwareToken | None:
        """The app of a user; None if there is none whose code came back."""
        row = self._database.row(
            """SELECT device_name, enabled, preferred FROM software_token
               WHERE sub = ? AND secret IS NOT NULL""",
            sub,
        )
        return (
            SoftwareToken(row["device_name"], bool(row["enabled"]), bool(row["preferred"])) if row else None
        )

    def offer(self, sub: str) -> bytes:
        """A new secret, which waits for its first code; an earlier one that waits is forgotten."""
        secret = totp.new_secret()
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO software_token (sub, offered) VALUES (?, ?)
                   ON CONFLICT DO UPDATE SET offered = excluded.offered""",
                (sub, self._seal.close(secret, sub)),
            )
        return secret

    def has_offer(self, sub: str) -> bool:
        """Whether a secret waits for its first code."""
        return bool(
            self._database.row("SELECT 1 FROM software_token WHERE sub = ? AND offered IS NOT NULL", sub)
        )

    def verify(self, sub: str, code: str, device_name: str) -> bool:
        """Use the offered secret from now on if the code is of it."""
        with self._database.transaction() as connection:
            row = self._database.row("SELECT offered FROM software_token WHERE sub = ?", sub)
            if row is None or row["offered"] is None:
                return False
            step = totp.step_of(self._seal.open(row["offered"], sub), code, self._clock())
            if step is None:
                return False
            connection.execute(
                """UPDATE software_token SET secret = offered, offered = NULL, last_step = ?, device_name = ?
                   WHERE sub = ?""",
                (step, device_name, sub),
            )
        return True

    def use(self, sub: str, code: str) -> Verdict:
        """Compare a code, and let it and all before it be used no more if it is right (RFC 6238, 5.2)."""
        with self._database.transaction() as connection:
            row = self._database.row(
                "SELECT secret FROM software_token WHERE sub = ? AND secret IS NOT NULL", sub
            )
            if row is None:
                return Verdict.WRONG
            step = totp.step_of(self._seal.open(row["secret"], sub), code, self._clock())
            if step is None:
                return Verdict.WRONG
            used = connection.execute(
                "UPDATE software_token SET last_step = ?1 WHERE sub = ?2 AND last_step < ?1", (step, sub)
            )
        return Verdict.RIGHT if used.rowcount else Verdict.USED

    def prefer(self, sub: str, *, enabled: bool, preferred: bool) -> None:
        """Ask for codes at sign-in, or not."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE software_token SET enabled = ?, preferred = ? WHERE sub = ?",
                (enabled, preferred, sub),
            )

    def stored(self, sub: str) -> StoredToken | None:
        """The app of a user as it is kept: sealed, if there is a key."""
        row = self._database.row(
            """SELECT secret, last_step, device_name, enabled, preferred FROM software_token
               WHERE sub = ? AND secret IS NOT NULL""",
            sub,
        )
        if row is None:
            return None
        flags = bool(row["enabled"]), bool(row["preferred"])
        return StoredToken(row["secret"], row["last_step"], row["device_name"], *flags)

    def insert(self, sub: str, token: StoredToken) -> None:
        """Store an app that another pool kept."""
        with self._database.transaction() as connection:
            connection.execute(
                """INSERT INTO software_token (sub, secret, last_step, device_name, enabled, preferred)
                   VALUES (?, ?, ?, ?, ?, ?)""",
                (sub, *token),
            )

    def delete(self, sub: str) -> None:
        """Forget the user's app."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM software_token WHERE sub = ?", (sub,))

    def check_key(self) -> None:
        """Seal what was stored before there was a key.

        Raises:
            WrongKey: a secret is sealed with another key, or there is none now.
        """
        with self._database.transaction() as connection:
            for row in self._database.rows("SELECT sub, secret, offered FROM software_token"):
                for column in ("secret", "offered"):
                    stored = row[column]
                    if stored is None:
                        continue
                    opened = self._seal.open(stored, row["sub"])
                    if self._seal.has_key and not is_sealed(stored):
                        connection.execute(
                            f"UPDATE software_token SET {column} = ? WHERE sub = ?",  # noqa: S608 - constants
                            (self._seal.close(opened, row["sub"]), row["sub"]),
                        )
