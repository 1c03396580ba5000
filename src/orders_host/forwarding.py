"""What trusted proxies say of the request that they pass on: who asks, by which scheme, of which host."""

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from orders_host.addresses import unmapped

Headers = Iterable[tuple[bytes, bytes]]

_PAIR: Final = r"""[A-Za-z]+=(?:[^\s",;]+|"(?:[^"\\]|\\.)*")"""
_ELEMENT: Final = rf"{_PAIR}(?:\s*;\s*{_PAIR})*"
_FORWARDED: Final = re.compile(rf"\s*{_ELEMENT}(?:\s*,\s*{_ELEMENT})*\s*")

_WITH_PORT: Final = re.compile(r"\[([^]]+)\](?::\w+)?|([0-9.]+):\w+")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_SCHEMES: Final = ("http", "https")


class Hop(NamedTuple):
    """What one proxy says of the request that came to it; None for what it does not say.

    `address` is an IP address, `scheme` is `http` or `https`, and `host` is the request's Host header.
    """

    address: str | None = None
    scheme: str | None = None
    host: str | None = None


class Origin(NamedTuple):
    """Who asks: as `Hop`, but the address is known."""

    address: str
    scheme: str | None = None
    host: str | None = None


class UnclearOrigin(ValueError):
    """The headers of a request do not say who asks; the message is for the client."""


class TrustedProxies:
    """The proxies whose `Forwarded` (RFC 7239) and `X-Forwarded-…` headers are believed.

    Other clients are not: they could choose the address that they are limited by.
    """

    def __init__(self, networks: str) -> None:
        """Take addresses and networks, such as `127.0.0.1, 10.0.0.0/8, ::1`.

        Raises:
            ValueError: one of them is neither.
        """
        self._networks = [_network(each.strip()) for each in networks.split(",")]

    def __contains__(self, address: str) -> bool:
        """Whether a proxy has this address."""
        try:
            ip = ip_address(unmapped(address).partition("%")[0])
        except ValueError:
            return False
        return any(ip in network for network in self._networks)

    def origin_of(self, peer: str, headers: Headers) -> Origin:
        """Who asks, as the proxies know it, for a request on a connection from the address `peer`.

        Each proxy appends what it saw, so that the last entry is the nearest proxy's. From there the entries
        are followed as long as it was a trusted proxy that wrote them; those before may be made up.

        Raises:
            UnclearOrigin: `Forwarded` is malformed, or names another client than `X-Forwarded-For`. A proxy
                writes one of them and passes the other on as the client sent it, and which one is unknown.
        """
        if peer not in self:
            return Origin(peer)
        lines = _lines(headers)
        custom = self._follow(peer, _x_forwarded(lines))
        if "forwarded" not in lines:
            return custom
        standard = self._follow(peer, list(_forwarded(lines["forwarded"])))
        if "x-forwarded-for" in lines and custom.address != standard.address:
            raise UnclearOrigin(
                "Forwarded and X-Forwarded-For name different clients. A proxy must remove the one that it"
                " does not write."
            )
        return standard

    def _follow(self, peer: str, hops: Sequence[Hop]) -> Origin:
        origin = Origin(peer)
        for hop in reversed(hops):
            if origin.address not in self:
                break
            origin = Origin(hop.address or origin.address, hop.scheme, hop.host)
            if hop.address is None:  # hidden by the proxy, which then stands for its clients
                break
        return origin


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text or 'nothing'} is no address or network: {error}") from None


def _lines(headers: Headers) -> dict[str, list[str]]:
    """The values of the headers that proxies write, by name in lower case."""
    lines: dict[str, list[str]] = {}
    for name, value in headers:
        if name == b"forwarded" or name.startswith(b"x-forwarded-"):
            lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return lines


def _forwarded(lines: list[str]) -> Iterator[Hop]:
    """The elements of `Forwarded`.

    Raises:
        UnclearOrigin: a line is malformed; by a quotation mark too many, for one, a client could make its
            address a part of another value.
    """
    for line in lines:
        if not _FORWARDED.fullmatch(line):
            raise UnclearOrigin("Forwarded is malformed (RFC 7239 §4).")
        for element in re.findall(_ELEMENT, line):
            pairs = {
                name.lower(): _unquoted(value)
                for name, _, value in (pair.partition("=") for pair in re.findall(_PAIR, element))
            }
            yield _hop(pairs.get("for"), pairs.get("proto"), pairs.get("host"))


def _x_forwarded(lines: dict[str, list[str]]) -> list[Hop]:
    """The same of the `X-Forwarded-` headers, whose lists end with the nearest proxy's entry.

    Where a list of schemes or hosts is the shorter one, its first entry holds for the hops before it.
    """
    addresses, schemes, hosts = (
        [each.strip() for each in ",".join(lines.get(f"x-forwarded-{name}", [])).split(",") if each.strip()]
        for name in ("for", "proto", "host")
    )
    count = max(len(addresses), bool(schemes), bool(hosts))

    def entry(values: list[str], number: int) -> str | None:
        return values[max(len(values) - count + number, 0)] if values else None

    return [_hop(entry(addresses, at), entry(schemes, at), entry(hosts, at)) for at in range(count)]


def _hop(node: str | None, scheme: str | None, host: str | None) -> Hop:
    scheme = (scheme or "").lower()
    return Hop(
        _address(node or ""),
        scheme if scheme in _SCHEMES else None,
        host if _HOST.fullmatch(host or "") else None,
    )


def _address(node: str) -> str | None:
    """The IP address of a node (RFC 7239 §6), without its port; None if it is `unknown` or obfuscated."""
    if found := _WITH_PORT.fullmatch(node):
        node = found[1] or found[2]
    try:
        return unmapped(str(ip_address(node)))
    except ValueError:
        return None


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
