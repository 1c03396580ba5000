"""Issues, refreshes and revokes tokens with the claims that Cognito gives them."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from orders_host import jws
from orders_host.audit import AuditEvent, AuditLog
from orders_host.database import Database
from orders_host.jws import Reason, Unauthorized
from orders_host.user_pool import errors
from orders_host.user_pool.errors import CognitoError
from orders_host.user_pool.keys import ALGORITHM, MAX_TOKEN_LIFE, SigningKeys
from orders_host.user_pool.store import User

TOKEN_LIFE = MAX_TOKEN_LIFE
REFRESH_LIFE = 30 * 86_400  # seconds


class Tokens(NamedTuple):
    """What a sign-in yields; `refresh_token` is None if the old one goes on. `expires_in` is in seconds."""

    id_token: str
    access_token: str
    refresh_token: str | None
    expires_in: int = TOKEN_LIFE


class Session(NamedTuple):
    """One sign-in of the user `sub`, as far as it is needed to renew its tokens."""

    origin_jti: str
    sub: str
    auth_time: int


class TokenService:
    """Sessions and their tokens. A refresh token is 256 random bits, of which only a SHA-256 is stored.

    Tokens carry the id of their session (`origin_jti`); revoking the session ends its access tokens here,
    as with Cognito's EnableTokenRevocation. The gateway on this machine asks `groups`
    on every request, so that it ends ID tokens too.
    """

    def __init__(
        self,
        database: Database,
        keys: SigningKeys,
        issuer: str,
        issuers: re.Pattern[str],
        client_id: str,
        clock: Callable[[], float],
    ) -> None:
        """Tokens are issued by `issuer`; those of all `issuers` are accepted."""
        self._database = database
        self._keys = keys
        self._issuer = issuer
        self._issuers = issuers
        self._client_id = client_id
        self._clock = clock
        self._audit = AuditLog(database, clock)
        self._started = (clock(), time.monotonic())

    def issue(self, user: User) -> Tokens:
        """Opens a session."""
        now = self._clock()
        session = Session(str(uuid.uuid4()), user.sub, int(now))
        refresh_token = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM session WHERE expires_at < ?", (self._steady_now() - TOKEN_LIFE,))
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?, ?, 0)",
                (session.origin_jti, _digest(refresh_token), user.sub, session.auth_time, now + REFRESH_LIFE),
            )
        return self._signed(user, session, refresh_token)

    def renew(self, user: User, session: Session) -> Tokens:
        """Fresh ID and access tokens of a session."""
        return self._signed(user, session, None)

    def rotate(self, user: User, session: Session, refresh_token: str) -> Tokens:
        """Fresh tokens of a session, the refresh token included; it expires when the one before it would.

        Raises:
            CognitoError: NotAuthorizedException: another request used the refresh token first.
        """
        fresh = secrets.token_urlsafe(32)
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE session SET refresh_hash = ? WHERE refresh_hash = ? AND NOT revoked",
                (_digest(fresh), _digest(refresh_token)),
            ).rowcount
            if changed:
                connection.execute(
                    "INSERT INTO rotated_token VALUES (?, ?)", (_digest(refresh_token), session.origin_jti)
                )
        if not changed:
            self._refuse_unknown(refresh_token)
        return self._signed(user, session, fresh)

    def session(self, refresh_token: str) -> Session:
        """The session of a refresh token.

        A token that was rotated ends its session: the thief and the user both have a copy, and this can't
        tell them apart (RFC 9700, 4.14.2).

        Raises:
            CognitoError: NotAuthorizedException.
        """
        row = self._database.row("SELECT * FROM session WHERE refresh_hash = ?", _digest(refresh_token))
        if row is None:
            self._refuse_unknown(refresh_token)
        if row["revoked"]:
            raise CognitoError(errors.REVOKED_REFRESH_TOKEN)
        if row["expires_at"] <= self._clock():
            raise CognitoError(errors.EXPIRED_REFRESH_TOKEN)
        return Session(row["origin_jti"], row["sub"], row["auth_time"])

    def groups(self, session: str) -> frozenset[str] | None:
        """The present groups of the user who opened a session; None if it ended or the user is disabled.

        One read by key, about 20 µs: it is asked on every request.
        """
        row = self._database.row(
            """SELECT (SELECT group_concat(group_name) FROM membership AS m WHERE m.sub = user.sub) AS present
               FROM session JOIN user USING (sub)
               WHERE origin_jti = ? AND NOT revoked AND enabled""",
            session,
        )
        if row is None:
            return None
        # A group's name has no comma: see UserPool.add_to_group.
        return frozenset(row["present"].split(",")) if row["present"] else frozenset()

    def revoke(self, refresh_token: str) -> None:
        """End the session of a refresh token; do nothing if there is none (RFC 7009).

        So does a token that was rotated: the answer with the new one was lost, or a thief has it.
        """
        self._revoke(
            """refresh_hash = ?1
               OR origin_jti IN (SELECT origin_jti FROM rotated_token WHERE refresh_hash = ?1)""",
            _digest(refresh_token),
        )

    def revoke_all(self, sub: str) -> None:
        """Ends every session of a user."""
        self._revoke("sub = ?", sub)

    def subject(self, access_token: str) -> str:
        """The `sub` of a valid access token of an open session.

        Raises CognitoError (NotAuthorizedException).
        """
        claims = self._read(access_token)
        session = self._database.row(
            "SELECT sub FROM session WHERE origin_jti = ? AND NOT revoked", claims.get("origin_jti")
        )
        if session is None:
            raise CognitoError(errors.REVOKED_ACCESS_TOKEN)
        return str(session["sub"])

    def _refuse_unknown(self, refresh_token: str) -> NoReturn:
        rotated = self._database.row(
            "SELECT origin_jti FROM rotated_token WHERE refresh_hash = ?", _digest(refresh_token)
        )
        if rotated is None:
            raise CognitoError(errors.INVALID_REFRESH_TOKEN)
        with self._database.transaction():
            self._revoke("origin_jti = ?", rotated["origin_jti"])
            session = self._database.row(
                "SELECT sub FROM session WHERE origin_jti = ?", rotated["origin_jti"]
            )
            if session:
                self._audit.record(AuditEvent.REFRESH_TOKEN_REUSED, session["sub"])
        raise CognitoError(errors.REVOKED_REFRESH_TOKEN)

    def _read(self, access_token: str) -> jws.Claims:
        try:
            unverified = jws.parse(access_token, (ALGORITHM,))
            key = self._keys.public_key(unverified.kid)
            if key is None:
                raise Unauthorized(Reason.UNKNOWN_KEY)
            claims = jws.verify(unverified, key, (ALGORITHM,))
            wanted: dict[str, jws.Wanted] = {
                "iss": self._issuers,
                "token_use": "access",
                "client_id": self._client_id,
            }
            jws.check_claims(claims, self._clock(), wanted)
        except Unauthorized as refused:
            expired = refused.reason is Reason.EXPIRED
            fault = errors.EXPIRED_ACCESS_TOKEN if expired else errors.INVALID_ACCESS_TOKEN
            raise CognitoError(fault) from None
        return claims

    def _signed(self, user: User, session: Session, refresh_token: str | None) -> Tokens:
        now = int(self._clock())
        shared: jws.Claims = {
            "sub": user.sub,
            "iss": self._issuer,
            "origin_jti": session.origin_jti,
            "event_id": str(uuid.uuid4()),
            "auth_time": session.auth_time,
            "iat": now,
            "exp": now + TOKEN_LIFE,
        }
        if user.groups:
            shared["cognito:groups"] = list(user.groups)
        of_id = {
            **user.attributes,
            "email": user.email,
            "email_verified": user.email_verified,
            "cognito:username": user.sub,
            "aud": self._client_id,
            "token_use": "id",
        }
        of_access = {
            "username": user.sub,
            "client_id": self._client_id,
            "scope": "aws.cognito.signin.user.admin",
            "token_use": "access",
        }
        return Tokens(self._sign(of_id | shared), self._sign(of_access | shared), refresh_token)

    def _sign(self, claims: jws.Claims) -> str:
        from joserfc.jws import serialize_compact

        kid, key = self._keys.active()
        payload = json.dumps(claims | {"jti": str(uuid.uuid4())}, separators=(",", ":"))
        return serialize_compact({"kid": kid, "alg": ALGORITHM}, payload, key, algorithms=[ALGORITHM])

    def _steady_now(self) -> float:
        # A clock that is set forward by mistake must not delete sessions; expiry itself follows the clock.
        wall, monotonic = self._started
        return min(self._clock(), wall + time.monotonic() - monotonic)

    def _revoke(self, which: str, value: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(f"UPDATE session SET revoked = 1 WHERE {which}", (value,))  # noqa: S608 - constants


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
