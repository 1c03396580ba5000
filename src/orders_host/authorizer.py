"""Lets a request through when it carries a valid ID token of the user pool, or of any OIDC issuer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from orders_host import jws
from orders_host.jws import Reason, Unauthorized, Wanted

if TYPE_CHECKING:
    from joserfc.jwk import Key

__all__ = ["Authorizer", "KeySource", "Reason", "SessionSource", "Unauthorized"]

MAX_REMEMBERED = 1_024  # about 3 KB each
KEYS_CHECK_SECONDS = 1.0

_GROUPS = "cognito:groups"
# The claims that reach the application are texts in which separators part the groups: a name with one in it
# would be read as several groups.
_GROUP = re.compile(r"[^\s,\[\]]+")


class KeySource(Protocol):
    """The issuer's public keys."""

    async def find(self, kid: str) -> Key | None:
        """The key with this id, or None. Raises Unauthorized (keys-unavailable)."""

    async def kids(self) -> frozenset[str]:
        """The ids of the keys in use; read again when that is due."""


class SessionSource(Protocol):
    """The sign-ins of a pool on this machine."""

    def groups(self, session: str) -> frozenset[str] | None:
        """The present groups of the user who signed in; None if the session ended or the user is disabled.

        Args:
            session: the token's claim `origin_jti`.
        """


class _Verified(NamedTuple):
    claims: dict[str, str]
    expires_at: float


class Authorizer:
    """Verifies ID tokens as API Gateway's Cognito authorizer does.

    `audience` is the app client's id. `algorithms` is ("RS256",) for the embedded pool. `id_token_only`
    requires Cognito's claim `token_use` to be "id"; other issuers have no such claim. `issuer` is a text, or
    a pattern where one pool has had several.

    A verified token is remembered, so that its signature is checked once; its expiry is checked every time,
    and all are forgotten within a second of a change of the issuer's keys.

    With `sessions`, each request also asks whether the session is open and the user enabled, and drops the
    groups that the user has left: these three take effect at once.
    """

    def __init__(
        self,
        keys: KeySource,
        issuer: str | re.Pattern[str],
        audience: str,
        algorithms: tuple[str, ...] = ("RS256",),
        *,
        id_token_only: bool = True,
        sessions: SessionSource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._algorithms = algorithms
        # token_use before aud: an access token has no audience, and this is the clearer thing to say of it.
        use = {"token_use": "id"} if id_token_only else {}
        self._wanted: dict[str, Wanted] = {"iss": issuer, **use, "aud": audience, "sub": None}
        self._sessions = sessions
        self._clock = clock
        self._verified: dict[str, _Verified] = {}
        self._kids: frozenset[str] = frozenset()
        self._kids_checked_at = 0.0

    async def authorize(self, authorization: str | None) -> dict[str, str]:
        """The claims, as API Gateway passes them on: every value a string.

        Takes the value of the Authorization header, with or without "Bearer". Raises Unauthorized.
        """
        token = _bearer(authorization)
        now = self._clock()
        # abs: a clock that was set back must not keep withdrawn keys alive.
        if abs(now - self._kids_checked_at) >= KEYS_CHECK_SECONDS:
            await self._forget_if_keys_changed(now)
        known = self._verified.get(token)
        if known is None:
            return self._of_now(await self._verify(token, now))
        if now >= known.expires_at:
            del self._verified[token]
            raise Unauthorized(Reason.EXPIRED)
        return self._of_now(known.claims)

    def _of_now(self, claims: dict[str, str]) -> dict[str, str]:
        if self._sessions is None:
            return claims
        present = self._sessions.groups(claims.get("origin_jti", ""))
        if present is None:
            raise Unauthorized(Reason.SIGNED_OUT)
        claimed = claims.get(_GROUPS)
        if claimed is None:
            return claims
        kept = ",".join(group for group in claimed.split(",") if group in present)
        return claims if kept == claimed else {**claims, _GROUPS: kept}

    async def _verify(self, token: str, now: float) -> dict[str, str]:
        unverified = jws.parse(token, self._algorithms)
        key = await self._keys.find(unverified.kid)
        if key is None:
            jws.check_unverified_issuer(unverified, self._wanted["iss"])
            raise Unauthorized(Reason.UNKNOWN_KEY)
        claims = jws.verify(unverified, key, self._algorithms)
        expires_at = jws.check_claims(claims, now, self._wanted)
        as_strings = {name: _as_string(name, value) for name, value in claims.items()}
        if len(self._verified) >= MAX_REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[token] = _Verified(as_strings, expires_at)
        return as_strings

    async def _forget_if_keys_changed(self, now: float) -> None:
        self._kids_checked_at = now
        kids = await self._keys.kids()
        if kids != self._kids:
            self._kids = kids
            self._verified.clear()


def _bearer(authorization: str | None) -> str:
    words = authorization.split() if authorization else []
    if not words:
        raise Unauthorized(Reason.MISSING)
    if len(words) == 2 and words[0].lower() == "bearer":
        return words[1]
    if len(words) == 1 and words[0].lower() != "bearer":
        return words[0]
    raise Unauthorized(Reason.MALFORMED if len(words) > 1 else Reason.MISSING)


def _as_string(name: str, value: object) -> str:
    if name == _GROUPS:
        groups = value if isinstance(value, list) else [value]
        return ",".join(group for group in groups if isinstance(group, str) and _GROUP.fullmatch(group))
    # API Gateway writes these two as java.util.Date does, arrays with commas and all else as text.
    if name in ("exp", "iat") and isinstance(value, int | float):
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(_as_string("", item) for item in value)
    return str(value)
