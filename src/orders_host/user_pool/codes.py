"""Six-digit codes sent by e-mail: to confirm a sign-up, to reset a password, to verify the address again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from enum import StrEnum

from orders_host.database import Database
from orders_host.user_pool import errors
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.passwords import hash_secret, verify_secret

# Together: at most thirty guesses a day at a million possible codes.
ATTEMPTS = 3
CODES_A_DAY = 10
MAX_UNKNOWN = 10_000  # rows of accounts that do not exist
_DAY = 86_400  # seconds


class Purpose(StrEnum):
    """What a code is good for."""

    CONFIRM = "confirm"
    RESET = "reset"
    VERIFY = "verify"


LIFE = {Purpose.CONFIRM: 24 * 3_600, Purpose.RESET: 3_600, Purpose.VERIFY: 24 * 3_600}  # seconds, as Cognito


class Codes:
    """One code for each account and purpose, hashed, good for a few attempts, a while and one use.

    An account need not exist: who asks for a code of an unknown user is answered, later too, like anyone.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def issue(self, purpose: Purpose, account: str, *, known: bool) -> str:
        """A new code, which replaces an earlier one. Raises CognitoError (LimitExceededException)."""
        now = self._clock()
        day = int(now) // _DAY
        code = f"{secrets.randbelow(1_000_000):06}"
        hashed = hash_secret(code)
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT sent_that_day FROM code WHERE purpose = ? AND account = ? AND day = ?",
                (purpose, account, day),
            ).fetchone()
            sent = row["sent_that_day"] if row else 0
            if sent >= CODES_A_DAY:
                raise CognitoError(errors.TOO_MANY_ATTEMPTS)
            connection.execute("DELETE FROM code WHERE day < ? AND expires_at < ?", (day, now))
            connection.execute(
                "DELETE FROM code WHERE NOT known AND number <= (SELECT max(number) FROM code) - ?",
                (MAX_UNKNOWN,),
            )
            connection.execute(
                """INSERT OR REPLACE INTO code
                   (purpose, account, known, hash, expires_at, attempts_left, day, sent_that_day)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                (purpose, account, known, hashed, now + LIFE[purpose], ATTEMPTS, day, sent + 1),
            )
        return code

    def redeem(self, purpose: Purpose, account: str, code: str) -> None:
        """Uses a code up.

        Raises CognitoError: ExpiredCodeException when there is none, CodeMismatchException, or
        LimitExceededException after ATTEMPTS wrong ones.
        """
        number, hashed = self._take_attempt(purpose, account)
        if not verify_secret(hashed, code):
            raise CognitoError(errors.WRONG_CODE)
        with self._database.transaction() as connection:
            # Two requests may bring the right code at once; the row is there for the first of them.
            if not connection.execute(
                "UPDATE code SET expires_at = 0 WHERE number = ? AND expires_at > 0", (number,)
            ).rowcount:
                raise CognitoError(errors.NO_CODE)

    def _take_attempt(self, purpose: Purpose, account: str) -> tuple[int, str]:
        # Counted before the code is compared, so that requests side by side get no more attempts.
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM code WHERE purpose = ? AND account = ?", (purpose, account)
            ).fetchone()
            if row is None or row["expires_at"] <= self._clock():
                raise CognitoError(errors.NO_CODE)
            if not row["attempts_left"]:
                raise CognitoError(errors.TOO_MANY_ATTEMPTS)
            connection.execute(
                "UPDATE code SET attempts_left = attempts_left - 1 WHERE number = ?", (row["number"],)
            )
        return row["number"], row["hash"]
