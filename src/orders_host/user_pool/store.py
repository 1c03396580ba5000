"""Users and their groups, as rows of gateway.db."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from orders_host.database import Database
from orders_host.user_pool.errors import USER_EXISTS, CognitoError

UNCONFIRMED_LIFE = 3 * 86_400  # seconds until a sign-up without confirmation is deleted


class UserStatus(StrEnum):
    """Cognito's UserStatus, as far as this pool has them."""

    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"  # noqa: S105 — a state, not a password
    RESET_REQUIRED = "RESET_REQUIRED"


@dataclass(frozen=True, slots=True)
class User:
    """A user. `sub` is the real username (a UUID), the e-mail address is what people sign in with.

    Times are Unix time in seconds.
    """

    sub: str
    email: str
    email_verified: bool
    status: UserStatus
    enabled: bool
    attributes: Mapping[str, str]
    password_hash: str
    srp_verifier: bytes | None
    password_set_at: float
    created_at: float
    groups: tuple[str, ...]


class Credentials(NamedTuple):
    """What is stored of a password: a hash for a password that is sent, a verifier for one that is not."""

    password_hash: str
    srp_identity: str
    srp_verifier: bytes


class UserStore:
    """The user and membership tables."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def find(self, name: str) -> User | None:
        """The user with this e-mail address, in any case, this `sub` or this identity of SRP."""
        name = normal(name)
        row = self._database.row("SELECT * FROM user WHERE email = ?1 OR sub = ?1 OR srp_identity = ?1", name)
        return self._user(row) if row else None

    def all(self) -> list[User]:
        """Every user, by e-mail address."""
        return [self._user(row) for row in self._database.rows("SELECT * FROM user ORDER BY email")]

    def add(
        self,
        email: str,
        credentials: Credentials,
        status: UserStatus,
        *,
        email_verified: bool,
        attributes: Mapping[str, str] | None = None,
    ) -> User:
        """A new, enabled user without groups. Raises CognitoError (UsernameExistsException)."""
        now = self._clock()
        user = User(
            sub=str(uuid.uuid4()),
            email=normal(email),
            email_verified=email_verified,
            status=status,
            enabled=True,
            attributes=dict(attributes or {}),
            password_hash=credentials.password_hash,
            srp_verifier=credentials.srp_verifier,
            password_set_at=now,
            created_at=now,
            groups=(),
        )
        self.insert(user, credentials.srp_identity)
        return user

    def insert(self, user: User, srp_identity: str | None = None) -> None:
        """Store a user without the groups. Raises CognitoError (UsernameExistsException)."""
        row = {
            "sub": user.sub,
            "email": user.email,
            "email_verified": user.email_verified,
            "status": user.status,
            "enabled": user.enabled,
            "attributes": json.dumps(dict(user.attributes)),
            "password_hash": user.password_hash,
            "password_set_at": user.password_set_at,
            "created_at": user.created_at,
            "srp_identity": srp_identity,
            "srp_verifier": user.srp_verifier,
        }
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    """INSERT INTO user VALUES (:sub, :email, :email_verified, :status, :enabled, :attributes,
                       :password_hash, :password_set_at, :created_at, :srp_identity, :srp_verifier)""",
                    row,
                )
        except sqlite3.IntegrityError:
            raise CognitoError(USER_EXISTS) from None

    def add_unconfirmed(
        self, email: str, credentials: Credentials, attributes: Mapping[str, str]
    ) -> User | None:
        """Add a user who has to confirm the address, in place of an unconfirmed one; None if it is taken."""
        with self._database.transaction():
            self._delete_unconfirmed(normal(email))
            try:
                return self.add(
                    email,
                    credentials,
                    UserStatus.UNCONFIRMED,
                    email_verified=False,
                    attributes=attributes,
                )
            except CognitoError:
                return None

    def set_password(self, sub: str, credentials: Credentials, status: UserStatus) -> None:
        """Set a password and end the challenges that an earlier one opened."""
        with self._database.transaction() as connection:
            connection.execute(
                """UPDATE user SET password_hash = ?, srp_identity = ?, srp_verifier = ?, status = ?,
                   password_set_at = ? WHERE sub = ?""",
                (*credentials, status, self._clock(), sub),
            )
            connection.execute("DELETE FROM challenge WHERE sub = ?", (sub,))

    def add_verifier(self, user: User, identity: str, verifier: bytes) -> None:
        """Complete a password that was set before verifiers were stored, unless another was set meanwhile."""
        self._change(
            "UPDATE user SET srp_identity = ?, srp_verifier = ? WHERE sub = ? AND password_hash = ?",
            identity,
            verifier,
            user.sub,
            user.password_hash,
        )

    def delete(self, sub: str) -> None:
        """Delete a user and what refers to it."""
        with self._database.transaction() as connection:
            for table in ("membership", "session", "challenge", "software_token", "user"):
                connection.execute(f"DELETE FROM {table} WHERE sub = ?", (sub,))  # noqa: S608 - constants

    def _delete_unconfirmed(self, email: str) -> None:
        """Delete the unconfirmed user of this address, and all whose time to confirm is over."""
        expired = self._database.rows(
            "SELECT sub FROM user WHERE status = ? AND (email = ? OR created_at <= ?)",
            UserStatus.UNCONFIRMED,
            email,
            self._clock() - UNCONFIRMED_LIFE,
        )
        for row in expired:
            self.delete(row["sub"])

    def confirm(self, sub: str) -> None:
        """The user is who the e-mail address says."""
        self._change(
            "UPDATE user SET status = ?, email_verified = 1 WHERE sub = ?", UserStatus.CONFIRMED, sub
        )

    def set_attributes(self, sub: str, attributes: Mapping[str, str]) -> None:
        """Replace the attributes that users write themselves."""
        self._change("UPDATE user SET attributes = ? WHERE sub = ?", json.dumps(dict(attributes)), sub)

    def verify_email(self, sub: str) -> None:
        """The code that was sent to the address came back."""
        self._change("UPDATE user SET email_verified = 1 WHERE sub = ?", sub)

    def set_status(self, sub: str, status: UserStatus) -> None:
        """Set where the account is in its life."""
        self._change("UPDATE user SET status = ? WHERE sub = ?", status, sub)

    def set_enabled(self, sub: str, enabled: bool) -> None:
        """Let the user sign in, or not."""
        self._change("UPDATE user SET enabled = ? WHERE sub = ?", enabled, sub)

    def join(self, sub: str, group: str) -> None:
        """Add the user to a group."""
        self._change("INSERT OR IGNORE INTO membership VALUES (?, ?)", sub, group)

    def leave(self, sub: str, group: str) -> None:
        """Remove the user from a group."""
        self._change("DELETE FROM membership WHERE sub = ? AND group_name = ?", sub, group)

    def _change(self, sql: str, *parameters: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(sql, parameters)

    def _user(self, row: sqlite3.Row) -> User:
        groups = self._database.rows(
            "SELECT group_name FROM membership WHERE sub = ? ORDER BY group_name", row["sub"]
        )
        return User(
            sub=row["sub"],
            email=row["email"],
            email_verified=bool(row["email_verified"]),
            status=UserStatus(row["status"]),
            enabled=bool(row["enabled"]),
            attributes=json.loads(row["attributes"]),
            password_hash=row["password_hash"],
            srp_verifier=row["srp_verifier"],
            password_set_at=row["password_set_at"],
            created_at=row["created_at"],
            groups=tuple(group["group_name"] for group in groups),
        )


def normal(name: str) -> str:
    """A user name as it is stored and compared: pools made today ignore case."""
    return name.strip().lower()
