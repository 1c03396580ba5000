"""The pool's RSA signing keys: made, rotated and published."""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from orders_host.audit import AuditEvent, AuditLog
from orders_host.database import Database

if TYPE_CHECKING:
    from joserfc.jwk import Key

ALGORITHM = "RS256"
DAY = 86_400  # seconds
DEFAULT_DAYS = 90
MAX_TOKEN_LIFE = 3_600  # seconds: the longest that a token signed with a retired key may still be valid


class SigningKeys:
    """The keys in gateway.db: one signs, those it replaced stay published until their tokens have expired.

    Another process may rotate them at any time, so the database is asked each time; parsed keys are kept,
    as a key never changes under its id.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float], rotate_days: int | None = DEFAULT_DAYS
    ) -> None:
        """A key signs for `rotate_days`, or until `rotate` is called if that is None."""
        self._database = database
        self._clock = clock
        self._audit = AuditLog(database, clock)
        self._max_age = math.inf if rotate_days is None else rotate_days * DAY
        self._parsed: dict[tuple[str, bool], Key] = {}
        self._rotate_if(self._is_old)

    def active(self) -> tuple[str, Key]:
        """The id and the private key that sign now."""
        row = self._signing()
        if self._is_old(row["created_at"]):
            self._rotate_if(self._is_old)
            row = self._signing()
        return row["kid"], self._parse(row["kid"], row["private_pem"], private=True)

    def rotate(self) -> str:
        """Sign with a new key from now on; return its id."""
        return self._rotate_if(lambda _: True)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys that a token in circulation may be signed with (RFC 7517)."""
        rows = self._database.rows(
            """SELECT public_jwk FROM signing_key WHERE retired_at IS NULL OR retired_at > ?
               ORDER BY created_at DESC""",
            self._clock() - MAX_TOKEN_LIFE,
        )
        return {"keys": [json.loads(row["public_jwk"]) for row in rows]}

    async def kids(self) -> frozenset[str]:
        """The ids of the published keys."""
        return frozenset(key["kid"] for key in self.jwks()["keys"])

    async def find(self, kid: str) -> Key | None:
        """The published key with this id, or None."""
        return self.public_key(kid)

    def public_key(self, kid: str) -> Key | None:
        """The published key with this id, or None."""
        row = self._database.row(
            "SELECT public_jwk FROM signing_key WHERE kid = ? AND (retired_at IS NULL OR retired_at > ?)",
            kid,
            self._clock() - MAX_TOKEN_LIFE,
        )
        return self._parse(kid, json.loads(row["public_jwk"]), private=False) if row else None

    def _signing(self) -> sqlite3.Row:
        row = self._database.row(
            "SELECT kid, private_pem, created_at FROM signing_key WHERE retired_at IS NULL"
        )
        assert row is not None, "a pool has a key from the start"
        return row

    def _is_old(self, created_at: float) -> bool:
        return created_at <= self._clock() - self._max_age

    def _rotate_if(self, due: Callable[[float], bool]) -> str:
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT kid, created_at FROM signing_key WHERE retired_at IS NULL"
            ).fetchone()
            if row and not due(row["created_at"]):
                return str(row["kid"])
            kid, public_jwk, private_pem = _generate()
            now = self._clock()
            # A retired key signs nothing more, so its private half goes.
            connection.execute(
                "UPDATE signing_key SET retired_at = ?, private_pem = NULL WHERE retired_at IS NULL", (now,)
            )
            connection.execute("DELETE FROM signing_key WHERE retired_at <= ?", (now - MAX_TOKEN_LIFE,))
            connection.execute(
                "INSERT INTO signing_key VALUES (?, ?, ?, ?, NULL)", (kid, public_jwk, private_pem, now)
            )
            if row:
                self._audit.record(AuditEvent.SIGNING_KEY_ROTATED, kid)
        return kid

    def _parse(self, kid: str, material: bytes | dict[str, str | list[str]], *, private: bool) -> Key:
        key = self._parsed.get((kid, private))
        if key is None:
            from joserfc.jwk import RSAKey

            key = self._parsed[kid, private] = RSAKey.import_key(material)
        return key


def _generate() -> tuple[str, str, bytes]:
    from joserfc.jwk import RSAKey

    kid = secrets.token_urlsafe(32)
    key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": ALGORITHM})
    return kid, json.dumps(key.as_dict(private=False)), key.as_pem(private=True)
