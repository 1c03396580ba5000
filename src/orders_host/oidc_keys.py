"""The keys of an OIDC issuer somewhere else, found by discovery and read again when they change."""

from __future__ import annotations

import asyncio
import http.client
import logging
import time
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from orders_host.jws import Reason, Unauthorized

if TYPE_CHECKING:
    from joserfc.jwk import Key

_log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5
MAX_DOCUMENT = 1_000_000  # bytes
MIN_INTERVAL = 60.0  # seconds between two readings
MAX_AGE = (
    3_600.0  # after which a reading is repeated, so that a key its issuer has withdrawn is dropped here too
)
_KEY_TYPES = ("RSA", "EC")

_Document = TypeVar("_Document")


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


class _Jwks(msgspec.Struct):
    keys: list[dict[str, object]]


class OidcKeys:
    """A KeySource for `issuer` (OpenID Connect Discovery 1.0). Keys are kept while the issuer is away.

    `clock` is monotonic, in seconds.
    """

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading = asyncio.Lock()

    def kids(self) -> frozenset[str]:
        """The ids of the keys in use."""
        return frozenset(self._keys)

    async def find(self, kid: str) -> Key | None:
        """The key with this id; reads the issuer's keys, at most once a minute, when it is unknown.

        Raises Unauthorized (keys-unavailable) when they could never be read.
        """
        stale = self._clock() - self._read_at > MAX_AGE and not self._reading.locked()
        if kid not in self._keys or stale:
            async with self._reading:
                await self._read_again(kid)
        if not self._keys:
            raise Unauthorized(Reason.KEYS_UNAVAILABLE)
        return self._keys.get(kid)

    async def _read_again(self, kid: str) -> None:
        now = self._clock()
        fresh = now - self._read_at <= MAX_AGE and kid in self._keys
        if fresh or now - self._tried_at < MIN_INTERVAL:
            return
        self._tried_at = now
        try:
            self._keys = await asyncio.to_thread(_read_keys, self._issuer)
            self._read_at = now
        except (OSError, http.client.HTTPException, msgspec.MsgspecError, ValueError) as problem:
            _log.warning("the keys of %s can't be read: %s", self._issuer, problem)


def _read_keys(issuer: str) -> dict[str, Key]:
    discovery = _fetch(issuer.rstrip("/") + "/.well-known/openid-configuration", _Discovery)
    if discovery.issuer != issuer:
        raise ValueError(f"its configuration names another issuer: {discovery.issuer}")
    keys = dict(filter(None, map(_usable, _fetch(discovery.jwks_uri, _Jwks).keys)))
    if not keys:
        raise ValueError(f"{discovery.jwks_uri} has no key for verifying signatures")
    return keys


def _usable(jwk: dict[str, object]) -> tuple[str, Key] | None:
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    kid = jwk.get("kid")
    if not isinstance(kid, str) or jwk.get("kty") not in _KEY_TYPES or jwk.get("use", "sig") != "sig":
        return None
    try:
        public: dict[str, str | list[str]] = {
            name: str(jwk[name]) for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk
        }
        return kid, import_key(public)
    except (JoseError, ValueError):
        return None


def _fetch(url: str, shape: type[_Document]) -> _Document:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url} is not an http(s) address")
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 — checked above
        document = response.read(MAX_DOCUMENT + 1)
    if len(document) > MAX_DOCUMENT:
        raise ValueError(f"{url} is larger than {MAX_DOCUMENT} bytes")
    return msgspec.json.decode(document, type=shape)
