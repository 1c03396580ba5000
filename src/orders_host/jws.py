"""Reads a signed token (compact JWS): strict syntax, fixed algorithms, no key but the one handed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

if TYPE_CHECKING:
    from joserfc.jwk import Key
    from joserfc.jws import CompactSignature
    from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

# joserfc is imported where it is first used: it takes 30 to 80 ms, and the server answers before it needs it.

MAX_TOKEN = 8_192  # characters
MAX_HEADER = 4_096
MAX_TIME = 253_402_300_799  # Unix time in seconds: the end of the year 9999, the last that a date can show
LEEWAY = 10  # seconds that another clock may be ahead, for `iat` and `nbf`; none for `exp`
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

Claims = dict[str, object]

Wanted = str | re.Pattern[str] | None
"""A claim's text, a pattern that the whole of it matches, or None for any text that is not empty."""

_Time = Annotated[float, msgspec.Meta(ge=0, le=MAX_TIME)]


class _Times(msgspec.Struct):
    exp: _Time
    iat: _Time = 0
    nbf: _Time = 0


class Reason(StrEnum):
    """Why a token was refused."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown-key"
    KEYS_UNAVAILABLE = "keys-unavailable"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    SUBJECT = "subject"
    SIGNED_OUT = "signed-out"
    TOKEN_USE = "token-use"  # noqa: S105 — not a password


DETAILS: dict[Reason, str] = {
    Reason.MISSING: "Send the ID token you got when signing in: Authorization: Bearer <ID token>.",
    Reason.MALFORMED: "This is no JSON Web Token. Send the ID token, not the refresh token.",
    Reason.ALGORITHM: "The token is not signed with an accepted algorithm.",
    Reason.UNKNOWN_KEY: "The token is signed with a key that is not the issuer's.",
    Reason.KEYS_UNAVAILABLE: "The issuer's keys can't be read at the moment; try again.",
    Reason.SIGNATURE: "The token's signature is not valid.",
    Reason.EXPIRED: "The token has expired. Get a new one with the refresh token, or sign in again.",
    Reason.NOT_YET_VALID: "The token is not valid yet. Compare the clocks of issuer and gateway.",
    Reason.ISSUER: "The token comes from another issuer.",
    Reason.AUDIENCE: "The token was issued for another client.",
    Reason.SUBJECT: "The token does not name a user: its claim sub must be a text that is not empty.",
    Reason.SIGNED_OUT: "The user signed out or was disabled. Sign in again.",
    Reason.TOKEN_USE: "This is not an ID token. Send the ID token, not the access token.",
}

_CLAIM_REASONS: dict[str, Reason] = {
    "iss": Reason.ISSUER,
    "aud": Reason.AUDIENCE,
    "client_id": Reason.AUDIENCE,
    "sub": Reason.SUBJECT,
    "token_use": Reason.TOKEN_USE,
}


class Unauthorized(Exception):
    """A request without an acceptable token. `detail` may be told to the client; it never holds the token.

    Its text is for the log: the reason and, as `about`, what the token says that led to it.
    """

    def __init__(self, reason: Reason, about: str = "") -> None:
        super().__init__(f"{reason}: {about}" if about else reason)
        self.reason = reason

    @property
    def detail(self) -> str:
        """What the client can do about it."""
        return DETAILS[self.reason]


class Unverified(NamedTuple):
    """A token that has the right form; nothing in it is to be believed yet."""

    kid: str
    signature: CompactSignature


def parse(token: str, algorithms: tuple[str, ...]) -> Unverified:
    """Takes a token apart. Raises Unauthorized (malformed, algorithm)."""
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry, extract_compact

    if len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise Unauthorized(Reason.MALFORMED)
    registry = JWSRegistry()
    registry.max_header_length = MAX_HEADER
    try:
        signature = extract_compact(token.encode("ascii"), registry=registry)
    except (JoseError, ValueError, RecursionError):
        raise Unauthorized(Reason.MALFORMED) from None
    header: object = signature.protected
    if not isinstance(header, dict) or "crit" in header:
        raise Unauthorized(Reason.MALFORMED)
    if header.get("alg") not in algorithms:
        raise Unauthorized(Reason.ALGORITHM)
    # json reads a lone surrogate, which neither SQLite nor a key set can hold.
    if not isinstance(kid := header.get("kid"), str) or not _is_unicode(kid):
        raise Unauthorized(Reason.UNKNOWN_KEY)
    return Unverified(kid, signature)


def verify(token: Unverified, key: Key, algorithms: tuple[str, ...]) -> Claims:
    """The claims of a token that `key` signed; what a header says of keys (jwk, jku, x5c) is ignored.

    Raises Unauthorized (signature, malformed).
    """
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry, validate_compact

    try:
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        valid = validate_compact(token.signature, key, registry=registry)
    except (JoseError, ValueError):
        raise Unauthorized(Reason.SIGNATURE) from None
    if not valid:
        raise Unauthorized(Reason.SIGNATURE)
    return _claims(token)


def check_unverified_issuer(token: Unverified, wanted: Wanted) -> None:
    """Look at the issuer of a token whose signature can't be checked, to say what is wrong with it.

    Raises:
        Unauthorized: malformed, or issuer if that is another one.
    """
    _check_claim("iss", _claims(token).get("iss"), wanted, 0)


def check_claims(claims: Claims, now: float, wanted: Mapping[str, Wanted]) -> float:
    """Compare a token's times and claims with what is wanted.

    Args:
        claims: what `verify` returned.
        now: Unix time, seconds.
        wanted: claims in the order in which they are checked. Instead of a text a token may have a list
            with it.

    Returns:
        When the token expires (Unix time, seconds).

    Raises:
        Unauthorized: malformed, expired, not-yet-valid, or the reason of the first claim that differs.
    """
    from joserfc.jwt import JWTClaimsRegistry

    try:
        times = msgspec.convert(claims, _Times)
    except msgspec.ValidationError:
        raise Unauthorized(Reason.MALFORMED) from None
    second = int(now)
    _check(Reason.EXPIRED, JWTClaimsRegistry(second), {"exp": int(times.exp)})
    starts: Claims = {"iat": times.iat, "nbf": times.nbf}
    _check(Reason.NOT_YET_VALID, JWTClaimsRegistry(second, LEEWAY), starts)
    for name, value in wanted.items():
        _check_claim(name, claims.get(name), value, second)
    return times.exp


def _claims(token: Unverified) -> Claims:
    try:
        return msgspec.json.decode(token.signature.payload or b"", type=Claims)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Unauthorized(Reason.MALFORMED) from None


def _check_claim(name: str, value: object, wanted: Wanted, second: int) -> None:
    from joserfc.jwt import JWTClaimsRegistry

    reason = _CLAIM_REASONS[name]
    if isinstance(wanted, re.Pattern):
        if not isinstance(value, str) or not wanted.fullmatch(value):
            raise Unauthorized(reason, str(value))
        return
    option: ClaimsOption = {"essential": True}
    if wanted is not None:
        option["value"] = wanted
    _check(reason, JWTClaimsRegistry(second, 0, **{name: option}), {name: value}, str(value))


def _check(reason: Reason, registry: JWTClaimsRegistry, claims: Claims, about: str = "") -> None:
    from joserfc.errors import JoseError

    try:
        registry.validate(claims)
    except JoseError:
        raise Unauthorized(reason, about) from None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
