"""What the host's own database and its mail folder hold of one user: exported, or erased."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from orders_core.timestamps import utc_now
from orders_host.audit import AuditEvent, AuditLog
from orders_host.data_dir import MAIL
from orders_host.database import Database
from orders_host.erased_customers import ErasedCustomer, ToScrub, add_erased
from orders_host.mail.mailbox import letters_to
from orders_host.user_pool.store import UserStore

_CODE: Final = re.compile(r"\b[0-9]{6}\b")
_KEPT: Final = (AuditEvent.CUSTOMER_EXPORTED, AuditEvent.CUSTOMER_ERASED)
"""Lines about a customer whose source is who did it, which is never the customer."""


class UserRecords:
    """`Accounts` of the host: account, sessions, letters and lines of the audit log, found by `sub`."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._data_dir = data_dir
        self._mail_folder = data_dir / MAIL
        self._to_scrub = ToScrub(data_dir)
        self._audit = AuditLog(database)
        self._users = UserStore(database, lambda: 0.0)

    def customer_id(self, name: str) -> str | None:
        """The `sub` of the user with this address or `sub`; None if there is none."""
        user = self._users.find(name)
        return user.sub if user else None

    def export(self, sub: str) -> dict[str, Any]:
        """Everything as JSON has it, without secrets: no hashes of passwords, and no codes in letters."""
        user = self._users.find(sub)
        email = user.email if user else ""
        self._audit.record(AuditEvent.CUSTOMER_EXPORTED, sub)
        return {
            "account": {
                "sub": user.sub,
                "email": user.email,
                "email_verified": user.email_verified,
                "status": user.status,
                "enabled": user.enabled,
                "attributes": dict(user.attributes),
                "groups": list(user.groups),
                "created_at": user.created_at,
                "password_set_at": user.password_set_at,
            }
            if user
            else None,
            "sessions": self._rows(
                "SELECT auth_time, expires_at, revoked FROM session WHERE sub = ? ORDER BY auth_time", sub
            ),
            "audit": self._rows(
                "SELECT at, event, detail, source FROM audit WHERE subject = ? ORDER BY number", sub
            ),
            "mail": [
                row | {"text": _CODE.sub("######", str(row["text"]))}
                for row in self._rows(
                    "SELECT address, subject, text, written_at FROM mail WHERE address = ? ORDER BY number",
                    email,
                )
            ]
            + [{"file": path.name} for path in letters_to(self._mail_folder, email)],
        }

    def count(self, sub: str) -> dict[str, int]:
        """How much there is to erase."""
        user = self._users.find(sub)
        email = user.email if user else ""
        (lines,) = self._database.rows(
            "SELECT count(*) FROM audit WHERE subject = ? AND source != ? AND event NOT IN (?, ?)",
            sub,
            AuditLog.ERASED_SOURCE,
            *_KEPT,
        )
        (mail,) = self._database.rows("SELECT count(*) FROM mail WHERE address = ?", email)
        letters = len(letters_to(self._mail_folder, email))
        return {"accounts": int(user is not None), "letters": mail[0] + letters, "audit lines": lines[0]}

    def begin_erasing(self, sub: str) -> None:
        """Note the customer for restores, and let the user sign in no more, nor use a token."""
        add_erased(self._data_dir, [ErasedCustomer(sub, utc_now())])
        with self._database.transaction() as connection:
            connection.execute("UPDATE user SET enabled = 0 WHERE sub = ?", (sub,))
            connection.execute("UPDATE session SET revoked = 1 WHERE sub = ?", (sub,))

    def erase(self, sub: str) -> None:
        """Delete the account with all that names it; the audit log keeps what was done, not from where."""
        user = self._users.find(sub)
        with self._database.transaction() as connection:
            if user:
                for path in letters_to(self._mail_folder, user.email):
                    path.unlink(missing_ok=True)
                connection.execute("DELETE FROM mail WHERE address = ?", (user.email,))
                for table in ("code", "lockout"):
                    connection.execute(
                        f"DELETE FROM {table} WHERE account IN (?, ?)",  # noqa: S608 - constants
                        (sub, user.email),
                    )
                self._users.delete(sub)
            connection.execute(
                "UPDATE audit SET source = ? WHERE subject = ? AND event NOT IN (?, ?)",
                (AuditLog.ERASED_SOURCE, sub, *_KEPT),
            )
            self._audit.record(AuditEvent.CUSTOMER_ERASED, sub)
        self._to_scrub.set()

    def _rows(self, sql: str, parameter: str) -> list[dict[str, object]]:
        return [dict(row) for row in self._database.rows(sql, parameter)]
