"""The keys of an OIDC issuer somewhere else, found by discovery and read again when they change."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from orders_host.jws import Reason, Unauthorized

if TYPE_CHECKING:
    from joserfc.jwk import Key

_log = logging.getLogger(__name__)

DEADLINE_SECONDS = 5.0  # for one document as a whole, from the connection to its last byte
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

    async def kids(self) -> frozenset[str]:
        """The ids of the keys in use; reads them again once an hour, so that withdrawn ones are missing."""
        if self._keys and self._stale():
            async with self._reading:
                await self._read_again(next(iter(self._keys)))
        return frozenset(self._keys)

    async def find(self, kid: str) -> Key | None:
        """The key with this id; reads the issuer's keys, at most once a minute, when it is unknown.

        Raises Unauthorized (keys-unavailable) when they could never be read.
        """
        if kid not in self._keys or self._stale():
            async with self._reading:
                await self._read_again(kid)
        if not self._keys:
            raise Unauthorized(Reason.KEYS_UNAVAILABLE)
        return self._keys.get(kid)

    def _stale(self) -> bool:
        return self._clock() - self._read_at > MAX_AGE and not self._reading.locked()

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
    """Read one JSON document; redirects are not followed.

    Raises:
        OSError, http.client.HTTPException, msgspec.MsgspecError, ValueError: it can't be had.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        raise ValueError(f"{url} is not an https address; plain http is for this machine only")
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(connect(host, parts.port, timeout=DEADLINE_SECONDS)) as connection:
        deadline = threading.Timer(DEADLINE_SECONDS, _break_off, (connection,))
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
            with connection.getresponse() as response:
                document = response.read(MAX_DOCUMENT + 1)
        finally:
            deadline.cancel()
    if response.status != 200:
        raise ValueError(f"{url} answered {response.status}")
    if len(document) > MAX_DOCUMENT:
        raise ValueError(f"{url} is larger than {MAX_DOCUMENT} bytes")
    return msgspec.json.decode(document, type=shape)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _break_off(connection: http.client.HTTPConnection) -> None:
    # A timeout of the socket starts anew with each byte, so a slow server could go on for ever.
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
