"""The user pool: its parts put together, and what an administrator does with it."""

from __future__ import annotations

import re
import secrets
import string
import time
from collections.abc import Callable, Iterable

from orders_host.audit import AuditEvent, AuditLog
from orders_host.database import Database
from orders_host.mail.letter import Mail
from orders_host.user_pool.challenges import Challenges
from orders_host.user_pool.codes import Codes, Purpose
from orders_host.user_pool.errors import (
    DISABLED,
    USER_NOT_FOUND,
    USERNAME_NOT_EMAIL,
    CognitoError,
    invalid_parameter,
)
from orders_host.user_pool.keys import ALGORITHM, DEFAULT_DAYS, SigningKeys
from orders_host.user_pool.letters import code_letter
from orders_host.user_pool.lockout import Lockout
from orders_host.user_pool.passwords import check_policy, hash_secret
from orders_host.user_pool.sealing import Seal
from orders_host.user_pool.software_tokens import SoftwareTokens
from orders_host.user_pool.srp import Srp
from orders_host.user_pool.store import Credentials, User, UserStatus, UserStore, normal
from orders_host.user_pool.tokens import Tokens, TokenService

DEFAULT_BASE_URL = "http://127.0.0.1:8080/cognito"

_EMAIL = re.compile(r"(?=.{3,128}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
GROUP = r"^[A-Za-z0-9_.@+-]{1,128}$"


class UserPool:
    """The pool in gateway.db, made on first use with an id and an app client that then stay.

    `base_url` is where clients find Cognito's API; it is remembered, so that the command line, which does
    not know it, issues tokens of the same issuer. Without one, the `first_base_url` that was ever given
    stays, so that the issuer does not change with the port. `clock` is Unix time in seconds. `seal` keeps
    the secrets of authenticator apps; with `requires_mfa` every sign-in takes a code. Not for one thread
    only: see Database.

    The administration below raises CognitoError with a message meant for people.
    """

    def __init__(
        self,
        database: Database,
        mail: Mail,
        base_url: str | None = None,
        clock: Callable[[], float] = time.time,
        first_base_url: str | None = None,
        *,
        seal: Seal | None = None,
        requires_mfa: bool = False,
        rotate_keys_days: int | None = DEFAULT_DAYS,
    ) -> None:
        self.requires_mfa = requires_mfa
        self.pool_id, self.client_id, self.base_url, secret = _identity(database, base_url, first_base_url)
        self._mail = mail
        self.transaction = database.transaction
        self.clock = clock
        self.audit = AuditLog(database, clock)
        self.users = UserStore(database, clock)
        self.lockout = Lockout(database, clock)
        self.codes = Codes(database, clock)
        self.challenges = Challenges(database, clock)
        self.software_tokens = SoftwareTokens(database, seal or Seal(), clock)
        self.srp = Srp(database, self.pool_id, secret, clock)
        self.keys = SigningKeys(database, clock, rotate_keys_days)
        self.tokens = TokenService(database, self.keys, self.issuer, self.issuers, self.client_id, clock)

    @property
    def issuer(self) -> str:
        """The `iss` of the pool's tokens."""
        return f"{self.base_url}/{self.pool_id}"

    @property
    def issuers(self) -> re.Pattern[str]:
        """The `iss` of tokens that the pool issued at any time, wherever it was then.

        The pool's id is enough: the token is signed with a key that only this pool has.
        """
        return re.compile(rf"https?://\S+/{re.escape(self.pool_id)}")

    def openid_configuration(self) -> dict[str, str | list[str]]:
        """What `{issuer}/.well-known/openid-configuration` answers (OpenID Connect Discovery 1.0)."""
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        }

    def add_user(
        self, email: str, password: str, *, groups: Iterable[str] = (), permanent: bool = True
    ) -> User:
        """A user with a verified address; a password that is not permanent must be changed at sign-in."""
        check_email(email)
        check_policy(password)
        status = UserStatus.CONFIRMED if permanent else UserStatus.FORCE_CHANGE_PASSWORD
        credentials = self.credentials(email, password)
        with self.transaction():
            user = self.users.add(email, credentials, status, email_verified=True)
            self.audit.record(AuditEvent.USER_ADDED, user.sub)
        for group in groups:
            self.add_to_group(email, group)
        return self.user(user.sub)

    def list_users(self) -> list[User]:
        """Every user, by e-mail address."""
        return self.users.all()

    def user(self, name: str) -> User:
        """The user with this e-mail address or `sub`. Raises CognitoError (UserNotFoundException)."""
        found = self.users.find(name)
        if found is None:
            raise CognitoError(USER_NOT_FOUND)
        return found

    def set_password(self, name: str, password: str, *, permanent: bool = True) -> None:
        """Sets a password, ends the user's sessions and any lock-out."""
        user = self.user(name)
        check_policy(password)
        status = UserStatus.CONFIRMED if permanent else UserStatus.FORCE_CHANGE_PASSWORD
        credentials = self.credentials(user.email, password)
        with self.transaction():
            self.users.set_password(user.sub, credentials, status)
            self.tokens.revoke_all(user.sub)
            self.lockout.clear(user.sub)
            self.audit.record(AuditEvent.PASSWORD_SET, user.sub, "by an administrator")

    def sign_in(self, user: User) -> Tokens:
        """Open a session for a user who has proved everything."""
        with self.transaction():
            self.audit.record(AuditEvent.SIGNED_IN, user.sub)
            return self.tokens.issue(user)

    def count_failure(self, account: str, user: User | None) -> None:
        """Count a wrong password or code towards the lock-out."""
        with self.transaction():
            self.lockout.failed(account)
            # Of users only: what is typed as a name may be a password. The lock-out bounds how many.
            if user:
                self.audit.record(AuditEvent.SIGN_IN_FAILED, user.sub)

    def send_code(self, purpose: Purpose, user: User, code: str) -> None:
        """Write to a user, in the language of the attribute `locale`."""
        locale = user.attributes.get("locale")
        self._mail.deliver(code_letter(purpose, user.email, code, locale, self.clock()))

    def credentials(self, email: str, password: str) -> Credentials:
        """What is stored of a password of the user with this address; it takes 0.1 s."""
        email = normal(email)
        return Credentials(
            hash_secret(password), self.srp.identity(email), self.srp.verifier(email, password)
        )

    def require_reset(self, name: str) -> None:
        """Sends a code; until it is used to set a new password, the user can't sign in."""
        user = self.user(name)
        code = self.codes.issue(Purpose.RESET, user.sub, known=True)
        with self.transaction():
            self.users.set_status(user.sub, UserStatus.RESET_REQUIRED)
            self.tokens.revoke_all(user.sub)
            self.audit.record(AuditEvent.PASSWORD_RESET_REQUIRED, user.sub)
        self.send_code(Purpose.RESET, user, code)

    def add_to_group(self, name: str, group: str) -> None:
        """Adds a user to a group, which need not exist before. Tokens issued from now on show it."""
        if not re.fullmatch(GROUP, group):
            raise invalid_parameter("A group name is 1 to 128 letters, digits and _ . @ + - without spaces.")
        user = self.user(name)
        with self.transaction():
            self.users.join(user.sub, group)
            self.audit.record(AuditEvent.GROUP_JOINED, user.sub, group)

    def remove_from_group(self, name: str, group: str) -> None:
        """Takes a user out of a group."""
        user = self.user(name)
        with self.transaction():
            self.users.leave(user.sub, group)
            self.audit.record(AuditEvent.GROUP_LEFT, user.sub, group)

    def disable(self, name: str) -> None:
        """Bars a user from signing in and ends the sessions; the host refuses their tokens at once."""
        user = self.user(name)
        with self.transaction():
            self.users.set_enabled(user.sub, False)
            self.tokens.revoke_all(user.sub)
            self.audit.record(AuditEvent.USER_DISABLED, user.sub)

    def enable(self, name: str) -> None:
        """Lets a disabled user sign in again."""
        user = self.user(name)
        with self.transaction():
            self.users.set_enabled(user.sub, True)
            self.audit.record(AuditEvent.USER_ENABLED, user.sub)

    def remove_app(self, name: str) -> None:
        """Forget a user's authenticator app, as after a lost phone; the password alone signs in from now on.

        Where the pool requires a second factor, the next sign-in sets up another app.
        """
        user = self.user(name)
        with self.transaction():
            self.software_tokens.delete(user.sub)
            self.challenges.close_others(user.sub)
            self.audit.record(AuditEvent.MFA_DISABLED, user.sub, "by an administrator")

    def sign_out(self, name: str) -> None:
        """End every session of a user."""
        user = self.user(name)
        with self.transaction():
            self.tokens.revoke_all(user.sub)
            self.audit.record(AuditEvent.SIGNED_OUT, user.sub, "everywhere, by an administrator")

    def delete(self, name: str) -> None:
        """Delete a user with its sessions and groups; its orders stay."""
        user = self.user(name)
        with self.transaction():
            self.users.delete(user.sub)
            self.audit.record(AuditEvent.USER_DELETED, user.sub, "by an administrator")

    def rotate_keys(self) -> str:
        """Sign with a new key from now on; return its id. Tokens of the old one stay valid for their hour."""
        return self.keys.rotate()

    def issue_tokens(self, name: str) -> Tokens:
        """Signs a user in without a password: for the machine's administrator only."""
        user = self.user(name)
        if not user.enabled:
            raise CognitoError(DISABLED)
        self.audit.record(AuditEvent.TOKENS_ISSUED, user.sub)
        return self.tokens.issue(user)


def check_email(email: str) -> None:
    """Raises CognitoError (InvalidParameterException) when it is no e-mail address."""
    if not _EMAIL.fullmatch(email):
        raise CognitoError(USERNAME_NOT_EMAIL)


def _identity(
    database: Database, base_url: str | None, first_base_url: str | None
) -> tuple[str, str, str, bytes]:
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO pool (only, pool_id, client_id, base_url) VALUES (1, ?, ?, '')",
            (
                "local_" + _random(string.ascii_letters + string.digits, 9),
                _random(string.ascii_lowercase + string.digits, 26),
            ),
        )
        connection.execute("UPDATE pool SET secret = ? WHERE secret IS NULL", (secrets.token_bytes(32),))
        if base_url is not None:
            connection.execute("UPDATE pool SET base_url = ?", (base_url.rstrip("/"),))
        elif first_base_url is not None:
            connection.execute("UPDATE pool SET base_url = ? WHERE base_url = ''", (first_base_url,))
        row = connection.execute("SELECT pool_id, client_id, base_url, secret FROM pool").fetchone()
    return row["pool_id"], row["client_id"], row["base_url"] or DEFAULT_BASE_URL, row["secret"]


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
