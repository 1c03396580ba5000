"""The audit log: who signed in or failed to, and what was done to users, passwords, groups and keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, NamedTuple

from orders_host.database import Database

THIS_MACHINE = "this machine"
_source: ContextVar[str] = ContextVar("audit_source", default=THIS_MACHINE)


class AuditEvent(StrEnum):
    """What is recorded."""

    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    REFRESH_TOKEN_REUSED = "refresh-token-reused"  # noqa: S105 - not a password
    TOKENS_ISSUED = "tokens-issued"
    USER_ADDED = "user-added"
    USER_CONFIRMED = "user-confirmed"
    USER_ENABLED = "user-enabled"
    USER_DISABLED = "user-disabled"
    USER_DELETED = "user-deleted"
    USERS_EXPORTED = "users-exported"
    PASSWORD_SET = "password-set"  # noqa: S105 - not a password
    PASSWORD_RESET_REQUIRED = "password-reset-required"  # noqa: S105 - not a password
    MFA_APP_VERIFIED = "mfa-app-verified"
    MFA_ENABLED = "mfa-enabled"
    MFA_DISABLED = "mfa-disabled"
    GROUP_JOINED = "group-joined"
    GROUP_LEFT = "group-left"
    API_KEY_CREATED = "api-key-created"
    API_KEY_REVOKED = "api-key-revoked"
    SIGNING_KEY_ROTATED = "signing-key-rotated"
    CUSTOMER_EXPORTED = "customer-exported"
    CUSTOMER_ERASED = "customer-erased"


class AuditEntry(NamedTuple):
    """One line of the log.

    `at` is Unix time in seconds; `subject` is a user's `sub` or a key's id; `source` is the client's
    address, or THIS_MACHINE for the command line.
    """

    number: int
    at: float
    event: str
    subject: str
    detail: str
    source: str


class AuditLog:
    """The table `audit`, to which rows are only added: triggers refuse to change or delete one.

    The one change that they let pass erases where it came from.
    """

    ERASED_SOURCE: Final = "erased"

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def record(self, event: AuditEvent, subject: str, detail: str = "") -> None:
        """Add an entry, in the transaction that is open if there is one."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO audit (at, event, subject, detail, source) VALUES (?, ?, ?, ?, ?)",
                (self._clock(), event, subject, detail, _source.get()),
            )

    def entries(self, limit: int) -> list[AuditEntry]:
        """The latest entries, oldest first."""
        rows = self._database.rows(
            "SELECT number, at, event, subject, detail, source FROM audit ORDER BY number DESC LIMIT ?", limit
        )
        return [AuditEntry(*row) for row in reversed(rows)]


@contextmanager
def source(address: str) -> Iterator[None]:
    """Name the client for the entries that are recorded meanwhile in this thread."""
    token = _source.set(address)
    try:
        yield
    finally:
        _source.reset(token)
