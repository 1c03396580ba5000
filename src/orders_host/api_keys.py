"""API keys: made and revoked by an administrator, looked up on every request that carries one."""

from __future__ import annotations

import hashlib
import secrets
import string
import time
from collections.abc import Callable
from typing import NamedTuple

from orders_host.audit import AuditEvent, AuditLog
from orders_host.database import Database
from orders_host.throttling import PLANS

_ALPHABET = string.ascii_letters + string.digits
SECRET_LENGTH = 40


class ApiKey(NamedTuple):
    """A key as it is listed: everything but the secret. `created_at` is Unix time in seconds."""

    id: str
    name: str
    plan: str
    created_at: float


class ApiKeys:
    """The API keys in gateway.db; only a SHA-256 of each secret is stored.

    A lookup reads the database each time (about 5 µs), so a running server sees at once what the command
    line changed in another process.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditLog(database, clock)

    def create(self, name: str, plan: str) -> tuple[str, str]:
        """A new key's id and its secret, which can't be read again.

        Raises ValueError for an unknown plan.
        """
        if plan not in PLANS:
            raise ValueError(f"No usage plan is called {plan!r}; choose one of: {', '.join(PLANS)}.")
        key_id = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(10))
        secret = "".join(secrets.choice(_ALPHABET) for _ in range(SECRET_LENGTH))
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO api_key VALUES (?, ?, ?, ?, ?)",
                (key_id, name, plan, _digest(secret), self._clock()),
            )
            self._audit.record(AuditEvent.API_KEY_CREATED, key_id, plan)
        return key_id, secret

    def list(self) -> list[ApiKey]:
        """Every key, oldest first."""
        rows = self._database.rows("SELECT id, name, plan, created_at FROM api_key ORDER BY created_at, id")
        return [ApiKey(*row) for row in rows]

    def revoke(self, key_id: str) -> None:
        """Ends a key at once. Raises ValueError when no key has this id."""
        with self._database.transaction() as connection:
            if not connection.execute("DELETE FROM api_key WHERE id = ?", (key_id,)).rowcount:
                raise ValueError(f"No API key has the id {key_id!r}; `orders key list` shows them.")
            self._audit.record(AuditEvent.API_KEY_REVOKED, key_id)

    def find(self, secret: str) -> ApiKey | None:
        """The key with this secret, or None."""
        row = self._database.row(
            "SELECT id, name, plan, created_at FROM api_key WHERE secret_hash = ?", _digest(secret)
        )
        return ApiKey(*row) if row else None


def _digest(secret: str) -> bytes:
    # 238 random bits need no slow hash, and an index over digests tells nothing by its timing.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
